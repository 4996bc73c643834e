/** Settings of the policy as a whole, of lists, limits and tunnels. */
import { between, counts, type Row, type Rows, words } from "./rows.ts";

const list = (settings: object) => ({ policy: { lists: [{ name: "ads", ...settings }] } });
const limit = (settings: object) => ({ policy: { limits: [{ name: "slow", ...settings }] } });
const one = limit({ exchanges: 1 });

const names = {
  good: [
    ["a", "a"],
    ["addresses", "addresses"],
    ["x".repeat(64), "x".repeat(64)],
  ],
  bad: ["", "x".repeat(65), "_a", "a b", "a,b", 1, null],
} as const satisfies Pick<Row, "good" | "bad">;

const rates = {
  good: [
    ["1/s", { count: 1, per: 1_000 }],
    ["30/m", { count: 30, per: 60_000 }],
    ["1000/h", { count: 1_000, per: 3_600_000 }],
    ["1000000000/d", { count: 1e9, per: 86_400_000 }],
  ],
  bad: ["0/s", "1000000001/s", "100", "100/", "100/w", "100 / s", "1.5/s", "-1/s", "100/10s", 100, ["1/s"]],
} as const satisfies Pick<Row, "good" | "bad">;

const byteRates = between(
  ["1KiB/s", 1_024],
  ["1000GiB/s", 1_000 * 2 ** 30],
  ["1023B/s", "1001GiB/s", "1MiB", "1MiB/m", "8Mbit/s"],
);

export const policyRows: Rows = {
  "policy.default": words("allow", "allow", "deny"),
  "policy.mode": words("enforce", "enforce", "audit"),
  "policy.lists[0].name": { ...names, beside: list({ file: "ads.txt" }) },
  "policy.lists[0].file": {
    fallback: undefined,
    good: [["/var/lib/ads.txt", "/var/lib/ads.txt"]],
    bad: ["", "a\0b", 1],
    beside: list({}),
    without: list({ url: "https://lists.example/" }),
  },
  "policy.lists[0].url": {
    fallback: undefined,
    good: [
      ["https://lists.example/ads.txt", "https://lists.example/ads.txt"],
      ["HTTP://ann:secret@127.0.0.1:8080/a?b=c", "HTTP://ann:secret@127.0.0.1:8080/a?b=c"],
    ],
    bad: [
      "",
      "lists.example/ads.txt",
      "ftp://lists.example/",
      "file:///etc/passwd",
      "https://",
      "https://a b/",
      "https://lists.example/#part",
      "https://lists.example:70000/",
      "https://***@lists.example/",
      "https://lists.example/?key=***",
      `https://lists.example/${"x".repeat(2_048)}`,
      1,
    ],
    beside: list({}),
    without: list({ file: "ads.txt" }),
  },
  "policy.lists[0].interval": {
    fallback: 86_400_000,
    ...between(["10s", 10_000], ["744h", 2_678_400_000], ["9s", "745h"]),
    beside: list({ file: "ads.txt" }),
  },
  "policy.lists[0].optional": {
    fallback: false,
    good: [[true, true]],
    bad: ["yes", 1],
    beside: list({ file: "ads.txt" }),
  },
  "policy.limits[0].name": { ...names, beside: one },
  "policy.limits[0].by": { ...words("client", "client", "user", "host", "all"), beside: one },
  "policy.limits[0].requests": { fallback: undefined, ...rates, beside: one },
  "policy.limits[0].connections": { fallback: undefined, ...rates, beside: one },
  "policy.limits[0].burst": {
    fallback: undefined,
    ...counts(1, 1_000_000),
    beside: limit({ requests: "1/s" }),
  },
  "policy.limits[0].download": { fallback: undefined, ...byteRates, beside: one },
  "policy.limits[0].upload": { fallback: undefined, ...byteRates, beside: one },
  "policy.limits[0].budget": {
    fallback: undefined,
    good: [
      ["1KiB/1s", { bytes: 1_024, window: 1_000 }],
      ["10GiB/24h", { bytes: 10 * 2 ** 30, window: 86_400_000 }],
      ["1000000GiB/744h", { bytes: 1e6 * 2 ** 30, window: 2_678_400_000 }],
    ],
    bad: ["1023B/1h", "1GiB/999ms", "1GiB/745h", "1GiB", "1GiB/", "/1h", "1GiB/1h/1h", "1000001GiB/1h", 1],
    beside: one,
  },
  "policy.limits[0].exchanges": {
    fallback: undefined,
    ...counts(1, 1_000_000),
    beside: limit({ requests: "1/s" }),
  },
  "policy.limits[0].open": { fallback: undefined, ...counts(1, 1_000_000), beside: one },
  "policy.tunnels.sni": words("log", "enforce", "log", "off"),
  "policy.tunnels.noSni": words("deny", "allow", "deny"),
  "policy.tunnels.notTls": words("deny", "allow", "deny"),
  "policy.tunnels.ports": {
    fallback: [{ from: 443, to: 443 }],
    good: [
      [[], []],
      [
        [443, "8443", "9000-9999"],
        [
          { from: 443, to: 443 },
          { from: 8_443, to: 8_443 },
          { from: 9_000, to: 9_999 },
        ],
      ],
    ],
    bad: [443, ["9-8"], new Array(1_001).fill(443)],
  },
};
