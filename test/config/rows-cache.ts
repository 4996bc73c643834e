/** Settings of the cache. */
import { between, type Rows, texts } from "./rows.ts";

const DISK = { path: "/var/cache/headgate", size: "10GiB" };

const flag = {
  fallback: false,
  good: [
    [true, true],
    [false, false],
    ["true", true],
  ],
  bad: ["yes", 1, "", [true]],
} as const;

const ruled = (settings: object) => ({ cache: { rules: [settings] } });
/** Something for a rule to say, when what is tried says nothing. */
const said = ruled({ ttl: "1m" });
const matcher = { beside: said };
const lifetime = {
  fallback: undefined,
  ...between(["0s", 0], ["3650d", 315_360_000_000], ["3651d", "-1s", "1w", "1.5h"]),
};

export const cacheRows: Rows = {
  "cache.memory": {
    fallback: 67_108_864,
    good: [
      ["off", 0],
      ["1MiB", 2 ** 20],
      ["4GiB", 2 ** 32],
    ],
    bad: ["1023KiB", "17GiB", "0B", 0, 67_108_864, false, "", "on", "OFF", "64"],
  },
  "cache.disk.path": {
    good: [
      ["/var/cache/headgate", "/var/cache/headgate"],
      ["cache", "cache"],
      ["./a b", "./a b"],
    ],
    bad: ["", "a\0b", "x".repeat(4_097), 1, null, ["/var"]],
    beside: { cache: { disk: DISK } },
  },
  "cache.disk.size": {
    good: [
      ["64MiB", 2 ** 26],
      ["100TiB", 100 * 2 ** 40],
      ["2TB", 2e12],
    ],
    bad: ["63MiB", "101TiB", "", "off", 2 ** 30, null],
    beside: { cache: { disk: DISK } },
  },
  "cache.offline": flag,
  "cache.purge": {
    fallback: ["127.0.0.0/8", "::1/128"],
    good: [
      [[], []],
      [
        ["10.0.0.0/8", "::1"],
        ["10.0.0.0/8", "::1"],
      ],
    ],
    bad: ["::1", ["10.0.0.1/8"], ["localhost"], [null], new Array(1_001).fill("::1")],
  },
  "cache.rules[0].hosts": {
    ...texts(["example.com", "*.example.com", ".example.com", "::1"], ["", "*", "a..b", "a:80", 1], 10_000),
    ...matcher,
  },
  "cache.rules[0].paths": {
    ...texts(["/api/*", "*.png"], ["", "api", "/a?b", "/a//b", 1], 1_000),
    ...matcher,
  },
  "cache.rules[0].types": {
    ...texts(["image/*", "text/html"], ["", "image", "*/*", "*", "text/html; charset=a", 1], 1_000),
    good: [
      [[], []],
      [
        ["Image/*", "TEXT/html"],
        ["image/*", "text/html"],
      ],
    ],
    ...matcher,
  },
  "cache.rules[0].ttl": { ...lifetime, beside: ruled({ cookies: true }) },
  "cache.rules[0].ttlMin": { ...lifetime, ...matcher },
  "cache.rules[0].ttlMax": { ...lifetime, ...matcher },
  "cache.rules[0].ignoreQuery": {
    ...texts(
      ["utm_source", "utm_*", "*", "a b", `${"x".repeat(255)}*`],
      ["", "u*m", "**", "*_a", "a\n", "x".repeat(257), 1],
      1_000,
    ),
    ...matcher,
  },
  "cache.rules[0].never": { ...flag, good: [[false, false]], ...matcher },
  "cache.rules[0].cookies": { ...flag, ...matcher },
};
