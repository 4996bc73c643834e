import { expect, test } from "bun:test";
import { limitFields } from "../../src/limits/limit-fields.ts";

const HOUR = 3_600_000;

// Each row: what it shows | the refusal | the lines.
test.each([
  [
    "requests",
    { limit: "per-client", what: "requests", retryMs: 10, quota: 100, windowMs: 1_000 },
    ["Retry-After: 1", 'RateLimit-Policy: "per-client";q=100;w=1', 'RateLimit: "per-client";r=0;t=1'],
  ],
  [
    "time in whole seconds, never too early",
    { limit: "slow", what: "requests", retryMs: 2_001, quota: 30, windowMs: 60_000 },
    ["Retry-After: 3", 'RateLimit-Policy: "slow";q=30;w=60', 'RateLimit: "slow";r=0;t=3'],
  ],
  [
    "time that is over already",
    { limit: "slow", what: "requests", retryMs: 0, quota: 30, windowMs: 60_000 },
    ["Retry-After: 1", 'RateLimit-Policy: "slow";q=30;w=60', 'RateLimit: "slow";r=0;t=1'],
  ],
  [
    "exchanges at once, which have no window",
    { limit: "few", what: "exchanges", retryMs: 1_000, quota: 8, windowMs: 0 },
    ["Retry-After: 1", 'RateLimit-Policy: "few";q=8;qu="concurrent-requests"', 'RateLimit: "few";r=0;t=1'],
  ],
  [
    "a budget of bytes",
    { limit: "daily", what: "budget", retryMs: 2 * HOUR, quota: 10 * 1_024 ** 3, windowMs: 24 * HOUR },
    [
      "Retry-After: 7200",
      'RateLimit-Policy: "daily";q=10737418240;qu="content-bytes";w=86400',
      'RateLimit: "daily";r=0;t=7200',
    ],
  ],
  [
    "a quota of more digits than an integer may have",
    { limit: "huge", what: "budget", retryMs: 1, quota: 1e6 * 1_024 ** 3, windowMs: 1_000 },
    [
      "Retry-After: 1",
      'RateLimit-Policy: "huge";q=999999999999999;qu="content-bytes";w=1',
      'RateLimit: "huge";r=0;t=1',
    ],
  ],
  [
    "a name that needs escapes, and one character that can't be said",
    { limit: 'a "b" \\ ü', what: "open", retryMs: 1, quota: 1, windowMs: 0 },
    [
      "Retry-After: 1",
      'RateLimit-Policy: "a \\"b\\" \\\\ ?";q=1;qu="concurrent-connections"',
      'RateLimit: "a \\"b\\" \\\\ ?";r=0;t=1',
    ],
  ],
  [
    "a name that would break the line",
    { limit: "a\r\nX: 1", what: "connections", retryMs: 1, quota: 5, windowMs: 1_000 },
    [
      "Retry-After: 1",
      'RateLimit-Policy: "a??X: 1";q=5;qu="connections";w=1',
      'RateLimit: "a??X: 1";r=0;t=1',
    ],
  ],
] as const)("%s", (_, refusal, lines) => {
  expect(limitFields(refusal)).toBe(lines.map((line) => `${line}\r\n`).join(""));
});
