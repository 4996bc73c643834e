import { expect, test } from "bun:test";
import { FieldMemo } from "../../../src/http1/field-memo.ts";
import { parseRequestHead, parseResponseHead } from "../../../src/http1/head.ts";
import { Answer } from "../../../src/relay/message/answer.ts";
import { dateLine } from "../../../src/relay/message/date.ts";
import { FakeLink } from "../../support/fake-link.ts";
import { FakeRelay } from "../../support/relay.ts";

const LIMITS = { headBytes: 4096, uriBytes: 1024, headerCount: 16 };

test("the line is that of the event's second", () => {
  const { context } = new FakeRelay();
  const first = dateLine(context);
  context.now += 1_000;
  const next = dateLine(context);

  expect(first).toMatch(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n$/);
  expect(Date.parse(next.slice(6)) - Date.parse(first.slice(6))).toBe(1_000);
});

test("when the time of day is set, dates and the log go by it, and what began before began when it did", async () => {
  const relay = new FakeRelay();
  const { context } = relay;
  const client = relay.client();
  client.says("OPTIONS * HTTP/1.1\r\n");
  const beganAtMs = context.epochMs + context.now;

  context.epochMs += 3_600_000;
  client.says("Host: a\r\n\r\n");

  expect(dateLine(context)).toBe(`Date: ${new Date(beganAtMs + 3_600_000).toUTCString()}\r\n`);
  expect(relay.records[0]?.startedAt).toBe(beganAtMs);
  await relay.balance();
});

// What an answer's date is | its field lines | whether one is found.
const answers = [
  ["missing", "X-Date: a\r\nDat: a\r\n", false],
  ["there", "Date: Sat, 21 Nov 2026 03:00:00 GMT\r\n", true],
  ["there, in another spelling", "dAtE:\r\n", true],
] as const;

test.each(answers)("an answer's date that is %s", (_, lines, isThere) => {
  const head = parseResponseHead(`HTTP/1.1 200 OK\r\n${lines}\r\n`, LIMITS, new FieldMemo());

  expect(head.fields.hasDate).toBe(isThere);
  expect(head.fields.forwarded).toBe(lines);
});

test("what is added to an answer stands before its empty line", () => {
  const log: string[] = [];
  const request = parseRequestHead("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", LIMITS);
  const answer = parseResponseHead("HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", LIMITS);

  const options = {
    addedLines: "Date: now\r\nVia: us\r\n",
    watch: undefined,
    requestDone: true,
    isLast: false,
  };
  new Answer(request, answer, options).pass(Buffer.alloc(0), 0, new FakeLink("client", log));

  expect(log).toEqual(["client < HTTP/1.1 204 No Content\r\nA: b\r\nDate: now\r\nVia: us\r\n\r\n"]);
});
