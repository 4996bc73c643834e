import { describe, expect, test } from "bun:test";
import { failureWords } from "../../../src/observe/failure-word.ts";
import { dialFailure, failures, statusOf } from "../../../src/relay/failure.ts";
import {
  plainReply,
  type ReplyOptions,
  replyTo,
  serializeReply,
  wantsJson,
} from "../../../src/relay/message/reply.ts";

const FAILURE = { word: "dns_error", detail: "Cannot resolve a.example (ENOTFOUND)" } as const;
const PLAIN: ReplyOptions = {
  pseudonym: "headgate",
  wantsJson: false,
  isHead: false,
  connection: "implied",
  dateLine: "Date: now\r\n",
};

test("a failure is told in the status, in Proxy-Status and in a sentence", () => {
  expect(serializeReply(replyTo(FAILURE), PLAIN)).toBe(
    [
      "HTTP/1.1 502 Bad Gateway",
      "Date: now",
      'Proxy-Status: headgate; error=dns_error; details="Cannot resolve a.example (ENOTFOUND)"',
      "Content-Type: text/plain; charset=utf-8",
      "Content-Length: 55",
      "Cache-Control: no-store",
      "",
      "502 Bad Gateway: Cannot resolve a.example (ENOTFOUND).\n",
    ].join("\r\n"),
  );
});

test("in JSON for who accepts it", () => {
  const [head, body = ""] = serializeReply(replyTo(FAILURE), { ...PLAIN, wantsJson: true }).split("\r\n\r\n");

  expect(head).toContain("Content-Type: application/json\r\n");
  expect(head).toContain(`Content-Length: ${body.length}\r\n`);
  expect(JSON.parse(body)).toEqual({ status: 502, error: "dns_error", detail: FAILURE.detail });
});

test("to HEAD without the body, but with its length", () => {
  const text = serializeReply(replyTo(FAILURE), { ...PLAIN, isHead: true });

  expect(text).toContain("Content-Length: 55\r\n");
  expect(text).toEndWith("\r\n\r\n");
});

test("what the connection does is said where it is not implied", () => {
  expect(serializeReply(replyTo(FAILURE), { ...PLAIN, connection: "close" })).toContain(
    "\r\nConnection: close\r\n",
  );
  expect(serializeReply(replyTo(FAILURE), PLAIN)).not.toContain("Connection:");
});

test("an answer of ours that tells of no failure has no Proxy-Status", () => {
  expect(serializeReply(plainReply(200, ""), PLAIN)).toBe(
    "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 0\r\n\r\n",
  );
});

describe("details of Proxy-Status are a quoted string of printable ASCII", () => {
  // Each row: what it shows | the detail | as it is written.
  test.each([
    ["quotes", 'say "no"', '"say \\"no\\""'],
    ["backslashes", "a\\b", '"a\\\\b"'],
    ["a line break", "a\r\nX: 1", '"a??X: 1"'],
    ["other letters", "caf\xe9 \u2603", '"caf? ?"'],
  ])("%s", (_, detail, written) => {
    const [, , line] = serializeReply(replyTo({ word: "dns_error", detail }), PLAIN).split("\r\n");

    expect(line).toBe(`Proxy-Status: headgate; error=dns_error; details=${written}`);
  });
});

test("the length counts bytes, whatever the detail holds", () => {
  for (const json of [false, true]) {
    const text = serializeReply(replyTo({ word: "dns_error", detail: "caf\xe9" }), {
      ...PLAIN,
      wantsJson: json,
    });
    const body = text.slice(text.indexOf("\r\n\r\n") + 4);

    expect(Buffer.from(body, "latin1").length).toBe(Number(/Content-Length: (\d+)/.exec(text)?.[1]));
  }
});

test.each([
  ["Accept: application/json\r\n", true],
  ["X: 1\r\naccept:text/html, application/problem+json;q=0.5\r\n", true],
  ["Accept: */*\r\n", false],
  ["X-Accept: application/json\r\n", false],
  ["Accept: text/html\r\nX: application/json\r\n", false],
  ["", false],
])("whether %j asks for JSON: %p", (lines, wanted) => {
  expect(wantsJson(lines)).toBe(wanted);
});

test("every word has a status that blames the right side", () => {
  expect(Object.keys(failures)).toEqual([...failureWords]);
  for (const { status, blame } of Object.values(failures)) {
    expect(status).toBeGreaterThanOrEqual(400);
    if (blame !== "client") expect(status).toBeGreaterThanOrEqual(500);
  }
});

// Each row: the system's code | the word | the status.
test.each([
  ["ECONNREFUSED", "connection_refused", 502],
  ["ETIMEDOUT", "connection_timeout", 504],
  ["EHOSTUNREACH", "destination_ip_unroutable", 502],
  ["EMFILE", "connection_limit_reached", 503],
  ["ECONNRESET", "connection_terminated", 502],
] as const)("a dial that ends in %s is %s", (code, word, status) => {
  const failure = dialFailure(code, "a.example:80");

  expect(failure.word).toBe(word);
  expect(statusOf(failure)).toBe(status);
  expect(failure.detail).not.toEndWith(".");
});

// What Accept says | whether JSON is meant.
test.each([
  ["application/json", true],
  ["application/json, text/plain, */*", true],
  ["application/json;q=0.5, text/plain", false],
  ["application/json; q=0", false],
  ["text/*;q=0.4, application/problem+json;q=0.5", true],
  ["text/html, */*;q=0.8", false],
] as const)("accepting %j", (accept, json) => {
  expect(wantsJson(`A: b\r\nAccept: ${accept}\r\n`)).toBe(json);
});
