/** Settings of those who can log in. */
import { between, type Row, type Rows, words } from "./rows.ts";

const BCRYPT = `$2b$10$${"a".repeat(53)}`;
const ARGON2 = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b9PFg";
const TOKEN = "0123456789abcdef";

const user = (settings: object) => ({ authentication: { users: [{ name: "ann", ...settings }] } });
const token = { authentication: { tokens: [{ name: "ci", token: TOKEN }] } };
const group = {
  authentication: {
    users: [
      { name: "ann", password: "p" },
      { name: "bob", password: "p" },
    ],
    groups: [{ name: "staff" }],
  },
};

const names = {
  good: [
    ["a", "a"],
    ["A1._-b", "A1._-b"],
    ["9".repeat(64), "9".repeat(64)],
  ],
  bad: ["", "x".repeat(65), "-a", ".a", "a b", "a/b", "é", "a\n", 1, null],
} as const satisfies Pick<Row, "good" | "bad">;

const userNames = {
  good: [
    ["ann", "ann"],
    ["ann@example.com", "ann@example.com"],
    ["Jörg", "Jörg"],
    ["x".repeat(128), "x".repeat(128)],
  ],
  bad: ["", "*", "a b", "a:b", "a\0", "a\u200b", "x".repeat(129), 1, null],
} as const satisfies Pick<Row, "good" | "bad">;

const groups = {
  fallback: [],
  good: [
    [
      ["staff", "ci-1"],
      ["staff", "ci-1"],
    ],
  ],
  bad: ["staff", ["a b"], [1], new Array(101).fill("a")],
} as const satisfies Row;

export const authenticationRows: Rows = {
  "authentication.mode": words("required", "required", "optional"),
  "authentication.realm": {
    fallback: "headgate",
    good: [
      ["a", "a"],
      ["The gate of Example, Inc.", "The gate of Example, Inc."],
      ["x".repeat(128), "x".repeat(128)],
    ],
    bad: ["", 'say "x"', "a\\b", " a", "a\r\nb", "é", "x".repeat(129), 1],
  },
  "authentication.users[0].name": { ...userNames, beside: user({ password: "p" }) },
  "authentication.users[0].password": {
    fallback: undefined,
    good: [
      ["p", "p"],
      ["correct horse: Ää", "correct horse: Ää"],
      ["x".repeat(256), "x".repeat(256)],
    ],
    bad: ["", "***", "a\nb", "a\0", "x".repeat(257), 12345678, ["p"]],
    beside: user({}),
    without: user({ hash: BCRYPT }),
  },
  "authentication.users[0].hash": {
    fallback: undefined,
    good: [
      [BCRYPT, BCRYPT],
      [ARGON2, ARGON2],
    ],
    bad: ["", "***", "$apr1$salt$abcdefghijklmnopqrstuv", "{SHA}abc=", "plain", BCRYPT.slice(0, -1), 1],
    beside: user({}),
    without: user({ password: "p" }),
  },
  "authentication.users[0].groups": { ...groups, beside: user({ password: "p" }) },
  "authentication.htpasswd": {
    fallback: undefined,
    good: [
      ["users", "users"],
      ["/etc/headgate/users", "/etc/headgate/users"],
    ],
    bad: ["", "a\0b", "x".repeat(4_097), 1, ["users"]],
  },
  "authentication.groups[0].name": { ...names, beside: group },
  "authentication.groups[0].members": {
    fallback: [],
    good: [
      [
        ["ann", "bob"],
        ["ann", "bob"],
      ],
    ],
    bad: ["ann", ["a b"], ["*"], [1], new Array(100_001).fill("ann")],
    beside: group,
  },
  "authentication.tokens[0].name": { ...names, beside: token },
  "authentication.tokens[0].token": {
    good: [
      [TOKEN, TOKEN],
      ["~".repeat(512), "~".repeat(512)],
    ],
    bad: ["0123456789abcde", "x".repeat(513), "***", "0123456789 abcdef", "0123456789abcdéf", "", 1, null],
    beside: token,
  },
  "authentication.tokens[0].expires": {
    fallback: undefined,
    good: [
      ["1970-01-01T00:00:01Z", 1_000],
      ["2030-01-31T12:00:00Z", Date.UTC(2030, 0, 31, 12)],
      ["2030-01-31t12:00:00.5z", Date.UTC(2030, 0, 31, 12, 0, 0, 500)],
      ["2030-01-31T12:00:00+02:00", Date.UTC(2030, 0, 31, 10)],
      ["2028-02-29T00:00:00Z", Date.UTC(2028, 1, 29)],
    ],
    bad: [
      "",
      "2030-01-31",
      "2030-01-31T12:00:00",
      "2030-01-31 12:00:00Z",
      "2030-02-29T00:00:00Z",
      "2030-02-31T00:00:00Z",
      "2030-13-01T00:00:00Z",
      "2030-01-31T24:00:00Z",
      "2030-01-31T12:00:60Z",
      "2030-01-31T12:00:00+25:00",
      "tomorrow",
      1_900_000_000,
    ],
    beside: token,
  },
  "authentication.tokens[0].groups": { ...groups, beside: token },
  "authentication.cache": { fallback: 300_000, ...between(["0s", 0], ["24h", 86_400_000], ["25h"]) },
  "authentication.delay": { fallback: 1_000, ...between(["0s", 0], ["1m", 60_000], ["61s"]) },
};
