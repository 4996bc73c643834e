import { describe, expect, test } from "bun:test";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/config/units.ts";

const durations = [
  ["0s", 0, "0s"],
  ["1ms", 1, "1ms"],
  ["250ms", 250, "250ms"],
  ["1000ms", 1_000, "1s"],
  ["1500ms", 1_500, "1500ms"],
  ["30s", 30_000, "30s"],
  ["90s", 90_000, "90s"],
  ["60s", 60_000, "1m"],
  ["5m", 300_000, "5m"],
  ["24h", 86_400_000, "24h"],
  ["1d", 86_400_000, "24h"],
  ["744h", 2_678_400_000, "31d"],
  ["25h", 90_000_000, "25h"],
  ["007s", 7_000, "7s"],
] as const;

const sizes = [
  ["0B", 0, "0B"],
  ["512B", 512, "512B"],
  ["1024B", 1_024, "1KiB"],
  ["32KiB", 32_768, "32KiB"],
  ["10KB", 10_000, "10KB"],
  ["10kB", 10_000, "10KB"],
  ["64MiB", 67_108_864, "64MiB"],
  ["10MB", 10_000_000, "10MB"],
  ["2GiB", 2_147_483_648, "2GiB"],
  ["3GB", 3_000_000_000, "3GB"],
  ["1000GiB", 1_000 * 2 ** 30, "1000GiB"],
  ["1024GiB", 2 ** 40, "1TiB"],
  ["2TB", 2e12, "2TB"],
] as const;

const neither = [
  "",
  "10",
  "s",
  "MiB",
  "1.5s",
  "-1s",
  "+1s",
  "1 s",
  " 1s",
  "1s ",
  "1s\n",
  "1e3s",
  "1234567890s",
];
const noDurations = [...neither, "1w", "1S", "5min", "1toString"];
const noSizes = [...neither, "1K", "1M", "1kib", "1mb", "1PB"];

describe("a duration", () => {
  test.each(durations)("%s is %d ms and is written %s", (text, ms, written) => {
    expect(parseDuration(text)).toBe(ms);
    expect(formatDuration(ms)).toBe(written);
  });

  test.each(noDurations)("is not %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("a size", () => {
  test.each(sizes)("%s is %d bytes and is written %s", (text, bytes, written) => {
    expect(parseSize(text)).toBe(bytes);
    expect(formatSize(bytes)).toBe(written);
  });

  test.each(noSizes)("is not %j", (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});
