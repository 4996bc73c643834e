/** Settings of listeners, times, names and the log. */
import { counts, type Rows, WAIT, words } from "./rows.ts";

const LISTENER = { listeners: [{ address: "127.0.0.1:8888" }] };
const ROUTED = { ...LISTENER, routes: [{ upstream: "a" }], upstreams: { a: { endpoints: ["b:1"] } } };

export const coreRows: Rows = {
  "listeners[0].address": {
    good: [
      ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
      ["127.8.0.1:65535", { host: "127.8.0.1", port: 65_535 }],
      ["localhost:80", { host: "127.0.0.1", port: 80 }],
      ["LOCALHOST:80", { host: "127.0.0.1", port: 80 }],
      ["[::1]:80", { host: "::1", port: 80 }],
      ["[0:0::0:1]:80", { host: "::1", port: 80 }],
      ["[::ffff:127.0.0.1]:80", { host: "127.0.0.1", port: 80 }],
    ],
    bad: [
      "127.0.0.1",
      "127.0.0.1:65536",
      ":80",
      "::1:80",
      "[127.0.0.1]:80",
      "[localhost]:80",
      "example.com:80",
      "127.0.0.1:80/",
      "127.0.0.1:-1",
      80,
      "",
      "[fe80::1%eth0]:80",
    ],
  },
  "listeners[0].mode": {
    beside: ROUTED,
    fallback: "forward",
    good: [
      ["forward", "forward"],
      ["reverse", "reverse"],
    ],
    bad: ["", "Forward", "proxy", 1],
  },
  "listeners[0].clients": {
    beside: LISTENER,
    fallback: [],
    good: [
      [[], []],
      [
        ["10.0.0.0/8", "::1", "fd00::/8"],
        ["10.0.0.0/8", "::1", "fd00::/8"],
      ],
    ],
    bad: ["10.0.0.0/8", ["10.0.0.1/8"], ["localhost"], [10], [null], new Array(1_001).fill("::1")],
  },
  "admin.address": {
    fallback: { host: "127.0.0.1", port: 8889 },
    good: [
      ["off", "off"],
      ["[::1]:0", { host: "::1", port: 0 }],
    ],
    bad: ["on", "", false, 8889, "8889"],
  },
  "admin.token": {
    fallback: undefined,
    good: [
      ["0123456789abcdef", "0123456789abcdef"],
      ["~".repeat(512), "~".repeat(512)],
    ],
    bad: [
      "0123456789abcde",
      "x".repeat(513),
      "0123456789 abcdef",
      "0123456789abcdéf",
      "",
      1234567890123456,
      ["0123456789abcdef"],
    ],
  },
  workers: {
    fallback: "auto",
    good: [
      ["auto", "auto"],
      [1, 1],
      [64, 64],
      ["2", 2],
    ],
    bad: [0, 65, 1.5, -1, "Auto", "", "2.0", "0x2", " 2", true, Number.NaN],
  },
  "timeouts.head": { fallback: 10_000, ...WAIT },
  "timeouts.connect": { fallback: 5_000, ...WAIT },
  "timeouts.firstByte": { fallback: 60_000, ...WAIT },
  "timeouts.idle": { fallback: 60_000, ...WAIT },
  "timeouts.body": { fallback: 30_000, ...WAIT },
  "timeouts.tunnelIdle": { fallback: 600_000, ...WAIT },
  "timeouts.drain": {
    fallback: 30_000,
    good: [
      ["0s", 0],
      ["24h", 86_400_000],
    ],
    bad: ["25h", 0, "-1s"],
  },
  "pool.perEndpoint": { fallback: 100, ...counts(0, 10_000) },
  "pool.idle": { fallback: 30_000, ...WAIT },
  "dns.servers": {
    fallback: [],
    good: [
      [[], []],
      [
        ["192.0.2.53:53", "[2001:DB8::53]:5353", "localhost:53"],
        ["192.0.2.53:53", "[2001:db8::53]:5353", "127.0.0.1:53"],
      ],
    ],
    bad: [
      "192.0.2.53:53",
      ["192.0.2.53"],
      ["192.0.2.53:0"],
      ["2001:db8::53"],
      ["dns.example:53"],
      [53],
      [null],
      new Array(9).fill("192.0.2.53:53"),
    ],
  },
  "dns.ttlMin": {
    fallback: 1_000,
    good: [
      ["0s", 0],
      ["5m", 300_000],
    ],
    bad: ["61m", 1],
  },
  "dns.ttlMax": {
    fallback: 300_000,
    good: [
      ["1s", 1_000],
      ["24h", 86_400_000],
    ],
    bad: ["25h", 1],
  },
  "dns.failureTtl": {
    fallback: 1_000,
    good: [
      ["0s", 0],
      ["1h", 3_600_000],
    ],
    bad: ["61m", 1],
  },
  "dns.timeout": {
    fallback: 5_000,
    good: [
      ["10ms", 10],
      ["5m", 300_000],
    ],
    bad: ["9ms", "6m", 1],
  },
  "via.pseudonym": {
    fallback: "headgate",
    good: [
      ["a", "a"],
      ["edge-1.example_!#$%&'*+^`|~", "edge-1.example_!#$%&'*+^`|~"],
      ["x".repeat(64), "x".repeat(64)],
    ],
    bad: ["", "x".repeat(65), "two words", "a:1", "a/b", "a\r\nb", "é", 1],
  },
  "via.mode": words("pseudonym", "on", "pseudonym", "off"),
  "via.maxSeen": { fallback: 2, ...counts(0, 100) },
  "log.access": {
    fallback: "stdout",
    good: [
      ["stdout", "stdout"],
      ["off", "off"],
      ["./a.log", "./a.log"],
      ["/var/log/h", "/var/log/h"],
      ["C:\\h.log", "C:\\h.log"],
    ],
    bad: ["stdot", "", "access.log", false, "/a\0b", 1],
  },
  "log.format": {
    fallback: "auto",
    good: [
      ["auto", "auto"],
      ["json", "json"],
      ["common", "common"],
      ["pretty", "pretty"],
    ],
    bad: ["JSON", "off", "", true],
  },
  "log.query": {
    fallback: true,
    good: [
      [true, true],
      [false, false],
      ["true", true],
      ["false", false],
    ],
    bad: ["yes", 1, ""],
  },
  "log.bufferBytes": {
    fallback: 1_048_576,
    good: [
      ["64KiB", 65_536],
      ["256MiB", 268_435_456],
    ],
    bad: ["65535B", "257MiB", 65_536],
  },
};
