/** Settings of a rule that say what it matches. Paths are those in the rule. */
import { type Rows, texts, words } from "./rows.ts";

const ruled = (settings: object) => ({ policy: { rules: [{ name: "a", ...settings }] } });
const deny = ruled({ action: "deny" });
const listed = {
  policy: { ...deny.policy, lists: [{ name: "ads", file: "a" }], limits: [{ name: "slow", open: 1 }] },
};
const known = {
  ...deny,
  authentication: { htpasswd: "users", groups: [{ name: "staff" }] },
  listeners: [{ address: "[::1]:80" }, { address: "127.0.0.1:8888" }],
};
const matchers: Rows = {
  clients: texts(["10.0.0.0/8", "::1"], ["10.0.0.1/8", "localhost", 1], 10_000),
  users: { ...texts(["ann", "*", "ann@example.com"], ["a b", "a:b", "", "**\n", 1], 10_000), beside: known },
  groups: { ...texts(["staff"], ["a b", "*", ""], 1_000), beside: known },
  listeners: {
    fallback: [],
    good: [
      [
        ["127.0.0.1:8888", "[0::1]:80", "localhost:8888"],
        ["127.0.0.1:8888", "[::1]:80", "127.0.0.1:8888"],
      ],
    ],
    bad: [["8888"], ["example.com:80"], [8888], new Array(65).fill("[::1]:80")],
    beside: known,
  },
  schemes: {
    fallback: [],
    good: [
      [
        ["http", "https", "tunnel"],
        ["http", "https", "tunnel"],
      ],
    ],
    bad: ["http", ["HTTP"], ["ftp"], ["http", "http", "http", "http"]],
  },
  hosts: {
    fallback: [],
    good: [
      [
        ["Example.COM.", "*.example.com", ".example.com", "localhost", "a_b.example"],
        ["example.com", "*.example.com", ".example.com", "localhost", "a_b.example"],
      ],
      [
        ["bücher.example", "*.БГ"],
        ["xn--bcher-kva.example", "*.xn--90ae"],
      ],
      [
        ["192.0.2.1", "[2001:DB8:0::1]", "::1"],
        ["192.0.2.1", "2001:db8::1", "::1"],
      ],
    ],
    bad: [
      "example.com",
      [""],
      ["*"],
      ["*.*.example"],
      ["a..b"],
      ["127.1"],
      ["0x7f.1"],
      ["2130706433"],
      ["*.192.0.2.1"],
      ["10.0.0.0/8"],
      ["example.com:80"],
      ["https://example.com"],
      ["exa mple.com"],
      [`${"x".repeat(64)}.example`],
      [1],
    ],
  },
  ports: {
    fallback: [],
    good: [
      [
        [1, "80", "8000-8999", "443-443", 65_535],
        [
          { from: 1, to: 1 },
          { from: 80, to: 80 },
          { from: 8_000, to: 8_999 },
          { from: 443, to: 443 },
          { from: 65_535, to: 65_535 },
        ],
      ],
    ],
    bad: [80, [0], [65_536], ["9-8"], ["80-"], ["-80"], ["http"], [1.5], [[80]], ["1-2-3"]],
  },
  methods: {
    ...texts(["GET", "M-SEARCH"], ["", "GE T", "GET,POST", "x".repeat(129), 1], 1_000),
    good: [
      [
        ["GET", "m-search", "Post"],
        ["GET", "M-SEARCH", "POST"],
      ],
    ],
  },
  paths: texts(
    ["/api/*", "*", "*.exe", "/ä b", "/a%20b", "/..a"],
    ["", "api", "/a?b", "/a#b", "/a//b", "/./a", "/a/..", "/a\0", `/${"x".repeat(1_024)}`],
    1_000,
  ),
  patterns: texts(
    ["^/api/v[0-9]+", "(?i)\\.exe$"],
    ["", "[a-z", "(?=a)", "(a)\\1", "x".repeat(1_001), 1],
    100,
  ),
  addresses: texts(["10.0.0.0/8", "::1"], ["10.0.0.1/8", "localhost"], 10_000),
};

const times: Rows = {
  days: {
    fallback: [],
    good: [
      [
        ["mon-fri", "sun"],
        ["mon", "tue", "wed", "thu", "fri", "sun"],
      ],
      [
        ["sat-mon", "mon"],
        ["sat", "sun", "mon"],
      ],
      [["wed-wed"], ["wed"]],
    ],
    bad: ["mon", ["monday"], ["Mon"], ["mon-"], ["mon-tue-wed"], ["fri,sat"], [1], new Array(8).fill("mon")],
  },
  from: {
    fallback: 0,
    good: [
      ["00:00", 0],
      ["08:30:00", 510],
      ["23:59", 1_439],
    ],
    bad: ["24:00", "8:00", "08:60", "0800", "08:00:01", "", 480],
  },
  to: {
    fallback: 1_440,
    good: [
      ["24:00", 1_440],
      ["18:00", 1_080],
      ["00:00", 0],
    ],
    bad: ["24:01", "25:00", "6pm", 1_080],
  },
  zone: {
    fallback: "UTC",
    good: [
      ["Europe/Berlin", "Europe/Berlin"],
      ["UTC", "UTC"],
      ["America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"],
    ],
    bad: ["", "Berlin", "+01:00", "Europe/Berlin ", "../UTC", 1],
  },
};

export const ruleRows: Rows = {
  name: {
    good: [["a.b-c_1", "a.b-c_1"]],
    bad: ["", "default", "addresses", "a b", "x".repeat(65), 1, null],
    beside: deny,
  },
  action: { ...words(undefined, "allow", "deny", "reset"), beside: deny },
  ...matchers,
  lists: { ...texts(["ads"], ["a b", ""], 1_000), beside: listed },
  "headers[0].name": {
    good: [
      ["User-Agent", "User-Agent"],
      ["Host", "Host"],
    ],
    bad: ["", "a b", "x".repeat(129), 1, null],
    beside: ruled({ action: "deny", headers: [{ name: "X" }] }),
  },
  "headers[0].value": {
    fallback: undefined,
    good: [["curl/*", "curl/*"]],
    bad: ["", "a\nb", "***", "x".repeat(1_025), 1],
    beside: ruled({ action: "deny", headers: [{ name: "X" }] }),
  },
  ...Object.fromEntries(
    Object.entries(times).map(([key, row]) => [
      `times[0].${key}`,
      { ...row, beside: ruled({ action: "deny", times: [{}] }) },
    ]),
  ),
};
