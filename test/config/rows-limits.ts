/** Settings of limits, bans and what upstreams learn. */
import { between, counts, type Rows, words } from "./rows.ts";

export const limitRows: Rows = {
  "limits.connections": { fallback: 10_000, ...counts(1, 1_000_000) },
  "limits.connectionsPerClient": { fallback: 512, ...counts(1, 1_000_000) },
  "limits.connectionsPerPrefix": { fallback: 2_048, ...counts(1, 1_000_000) },
  "limits.headBytes": {
    fallback: 32_768,
    good: [
      ["1KiB", 1_024],
      ["1MiB", 1_048_576],
    ],
    bad: ["1023B", "1025KiB", 32_768, "32k"],
  },
  "limits.uriBytes": {
    fallback: 16_384,
    good: [
      ["256B", 256],
      ["1MiB", 1_048_576],
    ],
    bad: ["255B", "2MiB", 512],
  },
  "limits.headerCount": { fallback: 128, ...counts(1, 10_000) },
  "limits.pipelined": { fallback: 64, ...counts(1, 1_024) },
  "limits.dials": { fallback: 1_000, ...counts(1, 65_535) },
  "limits.minRate": {
    fallback: 256,
    ...between(["0B/s", 0], ["1GiB/s", 2 ** 30], ["1025MiB/s", "1KiB", "1KiB/m", "/s", "-1B/s"]),
  },
  "limits.minRateGrace": { fallback: 30_000, ...between(["0s", 0], ["1h", 3_600_000], ["61m"]) },
  "limits.memory": {
    fallback: "auto",
    good: [
      ["auto", "auto"],
      ["off", "off"],
      ["128MiB", 2 ** 27],
      ["1000GiB", 1_000 * 2 ** 30],
    ],
    bad: ["127MiB", "1001GiB", "75%", "", false, 2 ** 30],
  },
  "limits.acceptLag": { fallback: 250, ...between(["10ms", 10], ["10s", 10_000], ["9ms", "11s"]) },
  "bans.time": { fallback: 600_000, ...between(["1s", 1_000], ["744h", 2_678_400_000], ["999ms", "745h"]) },
  "bans.window": { fallback: 60_000, ...between(["1s", 1_000], ["1h", 3_600_000], ["999ms", "61m"]) },
  "bans.slow": { fallback: 20, ...counts(0, 1_000_000) },
  "bans.connections": { fallback: 200, ...counts(0, 1_000_000) },
  "bans.errors": { fallback: 200, ...counts(0, 1_000_000) },
  "bans.credentials": { fallback: 10, ...counts(0, 1_000_000) },
  "bans.exempt": {
    fallback: ["127.0.0.0/8", "::1"],
    good: [
      [[], []],
      [["10.0.0.0/8"], ["10.0.0.0/8"]],
    ],
    bad: ["::1", ["10.0.0.1/8"], ["localhost"], new Array(1_001).fill("::1")],
  },
  forwarded: words("pass", "pass", "append", "replace", "hide"),
  "anonymous.enabled": {
    fallback: false,
    good: [
      [true, true],
      ["false", false],
    ],
    bad: ["yes", 1, ""],
  },
  "anonymous.userAgent": {
    fallback: undefined,
    good: [
      ["", ""],
      ["Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"],
      ["x".repeat(4_096), "x".repeat(4_096)],
    ],
    bad: [" x", "x ", "a\r\nb", "a\tb\t", "é", "x".repeat(4_097), 1],
  },
};
