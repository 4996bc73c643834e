import { describe, expect, test } from "bun:test";
import { type LineOptions, lineWriter } from "../../src/observe/access-log.ts";
import type { ExchangeRecord } from "../../src/observe/record.ts";
import { recordOf } from "./records.ts";

describe("json", () => {
  test("an exchange is one object with every field", () => {
    const line = write(recordOf({ user: "ann", failure: "http_response_incomplete" }));

    expect(line).toEndWith("}\n");
    expect(JSON.parse(line)).toEqual({
      time: "2026-03-04T05:06:07.089Z",
      client: "192.0.2.7",
      user: "ann",
      listener: "127.0.0.1:8888",
      kind: "forward",
      method: "GET",
      target: "http://example.com/index.html?q=1",
      status: 200,
      bytesIn: 210,
      bytesOut: 1536,
      durationMs: 12.346,
      firstByteMs: 8.5,
      upstream: "198.51.100.4:80",
      reused: true,
      error: "http_response_incomplete",
    });
  });

  test("what is not known is left out", () => {
    const line = write(
      recordOf({ kind: "own", method: "", target: "", upstream: undefined, firstByteMs: undefined }),
    );

    expect(Object.keys(JSON.parse(line))).toEqual(
      "time client listener kind method target status bytesIn bytesOut durationMs".split(" "),
    );
  });

  test("what the gate has said comes last", () => {
    const line = write(recordOf({ ...refusal, tags: ["ci", "night"], wouldDeny: true }));

    expect(JSON.parse(line)).toMatchObject({
      rule: "no-ads",
      reason: "rule",
      list: "ads",
      tags: ["ci", "night"],
      would_deny: true,
    });
    expect(Object.keys(JSON.parse(line)).slice(-5)).toEqual(["rule", "reason", "list", "tags", "would_deny"]);
  });

  test("what the cache did comes after the upstream", () => {
    const line = JSON.parse(write(recordOf({ cache: "revalidated" })));

    expect(line.cache).toBe("revalidated");
    expect(Object.keys(line).slice(-3)).toEqual(["upstream", "reused", "cache"]);
    expect(write(recordOf({ cache: undefined }))).not.toContain("cache");
  });

  test("the second's cached text is not used for the next second", () => {
    const writer = lineWriter({ ...options, format: "json" });
    const times = [999, 1000, 61_001].map((startedAt) => JSON.parse(writer(recordOf({ startedAt }))).time);

    expect(times).toEqual([
      "1970-01-01T00:00:00.999Z",
      "1970-01-01T00:00:01.000Z",
      "1970-01-01T00:01:01.001Z",
    ]);
  });
});

const refusal: Partial<ExchangeRecord> = {
  status: 403,
  upstream: undefined,
  failure: "http_request_denied",
  rule: "no-ads",
  reason: "rule",
  list: "ads",
};

// Each row: what it shows | the exchange | the line.
const commonLines: [string, Partial<ExchangeRecord>, string][] = [
  [
    "an exchange",
    { user: "ann" },
    '192.0.2.7 - ann [04/Mar/2026:05:06:07 +0000] "GET http://example.com/index.html?q=1 HTTP/1.1" 200 1536\n',
  ],
  [
    "a tunnel without a user that carried nothing",
    { kind: "tunnel", method: "CONNECT", target: "example.com:443", bytesOut: 0 },
    '192.0.2.7 - - [04/Mar/2026:05:06:07 +0000] "CONNECT example.com:443 HTTP/1.1" 200 -\n',
  ],
  [
    "what the cache did, not at all",
    { cache: "hit" },
    '192.0.2.7 - - [04/Mar/2026:05:06:07 +0000] "GET http://example.com/index.html?q=1 HTTP/1.1" 200 1536\n',
  ],
  [
    "a request that could not be read",
    { method: "", target: "", status: 400 },
    '192.0.2.7 - - [04/Mar/2026:05:06:07 +0000] "-" 400 1536\n',
  ],
  [
    "a user who wants to be two fields",
    { user: 'a "b' },
    '192.0.2.7 - a\\u0020\\u0022b [04/Mar/2026:05:06:07 +0000] "GET http://example.com/index.html?q=1 HTTP/1.1" 200 1536\n',
  ],
];

test.each(commonLines)("common: %s", (_, changes, line) => {
  expect(write(recordOf(changes), { format: "common" })).toBe(line);
});

const prettyLines: [string, Partial<ExchangeRecord>, string][] = [
  [
    "an exchange",
    {},
    "05:06:07.089 200 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 via 198.51.100.4:80 reused\n",
  ],
  [
    "an answer out of the cache",
    { upstream: undefined, cache: "hit_disk" },
    "05:06:07.089 200 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 hit_disk\n",
  ],
  [
    "what was not in the cache, and failed",
    { status: 502, cache: "miss", failure: "http_response_incomplete" },
    "05:06:07.089 502 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 via 198.51.100.4:80 reused miss http_response_incomplete\n",
  ],
  [
    "a refusal",
    {
      kind: "own",
      method: "CONNECT",
      target: "a:443",
      status: 502,
      upstream: undefined,
      failure: "dns_error",
      user: "ann",
    },
    "05:06:07.089 502 CONNECT  12.3ms     210B  1.50KiB 192.0.2.7       a:443 user ann dns_error\n",
  ],
  [
    "a refusal by a rule",
    refusal,
    "05:06:07.089 403 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 http_request_denied rule no-ads (list ads)\n",
  ],
  [
    "a refusal by default",
    { ...refusal, rule: "default", reason: "default", list: undefined },
    "05:06:07.089 403 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 http_request_denied default\n",
  ],
  [
    "a refusal that no rule had a part in",
    { ...refusal, status: 407, rule: undefined, reason: "credentials_missing", list: undefined },
    "05:06:07.089 407 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 http_request_denied credentials_missing\n",
  ],
  [
    "what an audit let pass",
    { rule: "no-ads", reason: "rule", list: "ads", wouldDeny: true },
    "05:06:07.089 200 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 via 198.51.100.4:80 reused would deny rule no-ads (list ads)\n",
  ],
  [
    "an address that is none of the client's business",
    {
      ...refusal,
      failure: "destination_ip_prohibited",
      rule: "addresses",
      reason: "address",
      list: undefined,
    },
    "05:06:07.089 403 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 destination_ip_prohibited address addresses\n",
  ],
  [
    "a failure of what a rule allowed",
    { status: 502, upstream: undefined, failure: "dns_error", rule: "ci", reason: "rule" },
    "05:06:07.089 502 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 dns_error\n",
  ],
  [
    "what a rule allowed",
    { rule: "ci", reason: "rule" },
    "05:06:07.089 200 GET      12.3ms     210B  1.50KiB 192.0.2.7       http://example.com/index.html?q=1 via 198.51.100.4:80 reused\n",
  ],
  [
    "a client that left at once",
    { method: "", target: "", status: 0, upstream: undefined },
    "05:06:07.089 --- -        12.3ms     210B  1.50KiB 192.0.2.7       -\n",
  ],
];

test.each(prettyLines)("pretty: %s", (_, changes, line) => {
  expect(write(recordOf(changes), { format: "pretty" })).toBe(line);
});

test("pretty: colours surround what they colour and nothing else changes", () => {
  const record = recordOf({ status: 404, cache: "stale" });
  const plain = write(record, { format: "pretty" });
  const coloured = write(record, { format: "pretty", colour: true });

  expect(coloured).toContain("\x1b[33m404\x1b[0m");
  expect(coloured).toContain("\x1b[2mstale\x1b[0m");
  expect(Bun.stripANSI(coloured)).toBe(plain);
});

// Each row: what it shows | the target | with the query | without.
const targets = [
  ["nothing to cut", "http://a/b", "http://a/b", "http://a/b"],
  ["a query", "http://a/b?c=d?e", "http://a/b?c=d?e", "http://a/b"],
  ["a user and password", "http://u:p@a/b?c", "http://a/b?c", "http://a/b"],
  ["two at-signs", "http://u@v@a/", "http://a/", "http://a/"],
  ["an at-sign in the path", "http://a/@b", "http://a/@b", "http://a/@b"],
  ["an at-sign in the query", "http://a?b@c", "http://a?b@c", "http://a"],
  ["userinfo without a path", "http://u:p@a", "http://a", "http://a"],
  ["userinfo in a tunnel's target", "u:p@a:443", "a:443", "a:443"],
] as const;

test.each(targets)("%s in a target is cut as told", (_, target, whole, cut) => {
  expect(JSON.parse(write(recordOf({ target }), { query: true })).target).toBe(whole);
  expect(JSON.parse(write(recordOf({ target }), { query: false })).target).toBe(cut);
});

const forgeries = [
  "a\nb",
  "a\r\nb",
  'a"b',
  "a\\",
  "\x1b[2Ja",
  "a\x00b",
  "a\x85b",
  "a\u2028b",
  "a\x7fb",
  "é\ud800",
];

for (const format of ["json", "common", "pretty"] as const) {
  test.each(forgeries)(`${format}: %j as a user name stays on its line`, (user) => {
    const record = recordOf({
      ...refusal,
      user,
      target: `http://a/${user}`,
      method: user,
      rule: user,
      list: user,
    });
    const line = write({ ...record, tags: [user] }, { format });

    expect(line.slice(0, -1)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
    if (format === "json") expect(JSON.parse(line).user).toBe(user);
  });
}

const options: LineOptions = { format: "json", query: true, colour: false, listeners: ["127.0.0.1:8888"] };

function write(record: ExchangeRecord, changes: Partial<LineOptions> = {}): string {
  return lineWriter({ ...options, ...changes })(record);
}
