/** Settings of a rule that say what it does. Paths are those in the rule. */
import { type Rows, texts } from "./rows.ts";

const ruled = (settings: object) => ({ policy: { rules: [{ name: "a", ...settings }] } });
const deny = ruled({ action: "deny" });
const listed = {
  policy: { ...deny.policy, lists: [{ name: "ads", file: "a" }], limits: [{ name: "slow", open: 1 }] },
};
const redirect = ruled({ action: "redirect", redirect: { to: "/" } });
const rewrite = (part: object) => ruled({ action: "rewrite", rewrite: part });
const headers = ruled({
  action: "headers",
  request: { set: [{ name: "A", value: "b" }] },
  response: { set: [{ name: "A", value: "b" }] },
});
const content = ruled({ action: "content", content: { extensions: ["exe"] } });

const fields = texts(
  ["X-Team", "cookie"],
  ["", "a b", "a:", "é", "Host", "content-length", "Transfer-Encoding", "Proxy-Authorization", "TE", 1],
  100,
);
const fieldName = {
  good: [["X-Team", "X-Team"]],
  bad: ["", "a b", "Connection", "HOST", "Upgrade", "keep-alive", "proxy-x", 1, null],
} as const;
const fieldValue = {
  good: [
    ["", ""],
    ["a b, c", "a b, c"],
    ["x".repeat(4_096), "x".repeat(4_096)],
  ],
  bad: [" a", "a ", "a\r\nSet-Cookie: b", "a\0", "é", "***", "x".repeat(4_097), 1, null],
} as const;

export const effectRows: Rows = {
  "redirect.to": {
    good: [
      ["https://blocked.example/?from={url}", "https://blocked.example/?from={url}"],
      ["http://{host}:{port}{path}", "http://{host}:{port}{path}"],
      ["/moved{path}", "/moved{path}"],
    ],
    bad: [
      "",
      "blocked.example",
      "//blocked.example",
      "{url}",
      "javascript:alert(1)",
      "https://a b/",
      "https://a.example/{user}",
      "https://a.example/{host",
      "https://ann:secret@a.example/",
      "https:///",
      "/a\r\nb",
      1,
      null,
    ],
    beside: redirect,
  },
  "redirect.status": {
    fallback: 302,
    good: [
      [301, 301],
      ["307", 307],
    ],
    bad: [200, 304, "found", "", true],
    beside: redirect,
  },
  "rewrite.host": {
    fallback: undefined,
    good: [
      ["Mirror.Example.", "mirror.example"],
      ["mirror.example:8080", "mirror.example:8080"],
      ["[2001:DB8::1]:80", "[2001:db8::1]:80"],
      ["[::1]", "[::1]"],
      ["192.0.2.1:1", "192.0.2.1:1"],
    ],
    bad: ["", ":80", "a.example:0", "a.example:65536", "*.example", "::1:80", "127.1", "http://a.example", 1],
    beside: rewrite({ query: { remove: ["a"] } }),
  },
  "rewrite.pathPrefix.from": {
    good: [
      ["/", "/"],
      ["/ä", "/ä"],
    ],
    bad: ["", "a", "/a?b", "/a#", "/a\n", 1, null],
    beside: rewrite({ pathPrefix: { from: "/a", to: "/b" } }),
  },
  "rewrite.pathPrefix.to": {
    good: [["/a b", "/a b"]],
    bad: ["", "b", "/a?b", null],
    beside: rewrite({ pathPrefix: { from: "/a", to: "/b" } }),
  },
  "rewrite.pattern.from": {
    good: [["^/(a)", "^/(a)"]],
    bad: ["", "(", "x{1001}", 1, null],
    beside: rewrite({ pattern: { from: "a", to: "b" } }),
  },
  "rewrite.pattern.to": {
    good: [
      ["", ""],
      ["/$1$2$0", "/$1$2$0"],
      ["/$$9", "/$$9"],
    ],
    bad: ["/$", "/$a", "/a b", "/a#b", "x".repeat(1_025), 1, null],
    beside: rewrite({ pattern: { from: "(a)(b)", to: "b" } }),
  },
  "rewrite.query.set[0].name": {
    good: [["utm source", "utm source"]],
    bad: ["", "a\n", "x".repeat(257), 1, null],
    beside: rewrite({ query: { set: [{ name: "a", value: "b" }] } }),
  },
  "rewrite.query.set[0].value": {
    good: [
      ["", ""],
      ["ä&b", "ä&b"],
    ],
    bad: ["a\n", "***", "x".repeat(4_097), 1, null],
    beside: rewrite({ query: { set: [{ name: "a", value: "b" }] } }),
  },
  "rewrite.query.remove": {
    ...texts(["utm_source"], ["", "a\n"], 1_000),
    beside: rewrite({ host: "a.example", query: {} }),
  },
  ...Object.fromEntries(
    ["request", "response"].flatMap((side) => [
      [`${side}.remove`, { ...fields, beside: headers }],
      [`${side}.set[0].name`, { ...fieldName, beside: withPair(side, "set") }],
      [`${side}.set[0].value`, { ...fieldValue, beside: withPair(side, "set") }],
      [`${side}.add[0].name`, { ...fieldName, beside: withPair(side, "add") }],
      [`${side}.add[0].value`, { ...fieldValue, beside: withPair(side, "add") }],
    ]),
  ),
  limit: {
    fallback: undefined,
    good: [["slow", "slow"]],
    bad: ["", "a b", 1, ["slow"]],
    without: listed,
    beside: {
      policy: {
        rules: [{ name: "a", action: "limit", limit: "slow" }],
        limits: [{ name: "slow", exchanges: 1 }],
      },
    },
  },
  tags: {
    ...texts(["ci"], ["a b", ""], 32),
    good: [
      [
        ["ci", "nightly-1"],
        ["ci", "nightly-1"],
      ],
    ],
    beside: ruled({ action: "tag" }),
    without: deny,
  },
  "content.mediaTypes": {
    fallback: [],
    good: [
      [
        ["Video/*", "application/x-msdownload"],
        ["video/*", "application/x-msdownload"],
      ],
    ],
    bad: ["video/*", ["video"], ["*/*"], ["video/"], ["a/b; c=d"], [1]],
    beside: content,
  },
  "content.extensions": {
    fallback: [],
    good: [
      [
        ["exe", ".MSI", "tar.gz"],
        ["exe", "msi", "tar.gz"],
      ],
    ],
    bad: ["exe", [""], ["."], ["a/b"], ["a b"], ["a.b.c"], ["a?"], [1]],
    beside: ruled({ action: "content", content: { mediaTypes: ["video/*"] } }),
  },
  "content.requestBytes": {
    fallback: undefined,
    good: [
      ["0B", 0],
      ["1000GiB", 1_000 * 2 ** 30],
    ],
    bad: ["1001GiB", "", 100],
    beside: content,
  },
  "content.answerBytes": { fallback: undefined, good: [["10MB", 1e7]], bad: ["ten", 100], beside: content },
};

/** Of a rule that has what its action wants even when the setting is tried without a value. */
function withPair(side: string, change: string): unknown {
  return ruled({ action: "headers", [side]: { remove: ["A"], [change]: [{ name: "X", value: "y" }] } });
}
