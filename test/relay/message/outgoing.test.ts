import { describe, expect, test } from "bun:test";
import { FieldMemo } from "../../../src/http1/field-memo.ts";
import { parseRequestHead, parseResponseHead } from "../../../src/http1/head.ts";
import type { Origin } from "../../../src/http1/target.ts";
import { type Address, parseAddress } from "../../../src/policy/address.ts";
import type { FieldChanges } from "../../../src/policy/spec.ts";
import { identityOf } from "../../../src/relay/message/identity.ts";
import { answerFor, outgoingFor, outgoingRequest } from "../../../src/relay/message/outgoing.ts";

const LIMITS = { headBytes: 4096, uriBytes: 1024, headerCount: 32 };
const ASKED: Origin = { host: "a.test", port: 80, authority: "a.test" };
const CLIENT = addressOf("192.0.2.1");
const VIA = { mode: "pseudonym", pseudonym: "us", maxSeen: 2 } as const;
const PLAIN = identityOf(
  { via: VIA, forwarded: "pass", anonymous: { enabled: false, userAgent: undefined } },
  "",
);
const HIDING = identityOf(
  { via: VIA, forwarded: "hide", anonymous: { enabled: false, userAgent: undefined } },
  "",
);

// What is sent | its method and lines | the lines that go on.
const hops = [
  ["a TRACE has a hop less to go", "TRACE", "A: 1\r\nMax-Forwards: 7\r\n", "A: 1\r\nMax-Forwards: 6\r\n"],
  ["an OPTIONS as well", "OPTIONS", "max-forwards:1\r\nA: 1\r\n", "A: 1\r\nMax-Forwards: 0\r\n"],
  ["a GET does not count them", "GET", "Max-Forwards: 7\r\n", "Max-Forwards: 7\r\n"],
] as const;

test.each(hops)("%s", (_, method, lines, expected) => {
  expect(outgoingRequest(requestOf(lines, method)).fields.forwarded).toBe(expected);
});

// The version | the upgrade that is asked for | the one that goes on.
const upgrades = [
  ["1.1", "websocket", "websocket"],
  ["1.1", "h2c", undefined],
  ["1.1", "websocket, H2C", undefined],
  ["1.0", "websocket", undefined],
] as const;

test.each(upgrades)("of HTTP/%s, an upgrade to %s goes on as %p", (version, upgrade, expected) => {
  const head = requestOf(`Connection: upgrade\r\nUpgrade: ${upgrade}\r\n`, "GET", version);

  expect(outgoingRequest(head).fields.upgrade as string | undefined).toBe(expected);
});

describe("a request", () => {
  test("that nothing is to be done to stays the same object", () => {
    const head = requestOf("A: 1\r\nX-Forwarded-For: b\r\n");

    expect(outgoingFor(head, PLAIN, CLIENT, ASKED, [])).toBe(head);
    expect(outgoingFor(requestOf("A: 1\r\n"), HIDING, CLIENT, ASKED, []).fields.forwarded).toBe("A: 1\r\n");
  });

  test("is changed by rules after the gate had its say", () => {
    const head = requestOf("X-Forwarded-For: b\r\nConnection: keep-alive\r\nContent-Length: 5\r\n");
    const changes = [setting("X-Forwarded-For", "ours")];

    const outgoing = outgoingFor(head, HIDING, CLIENT, ASKED, changes);

    expect(outgoing).toEqual({ ...head, fields: { ...head.fields, forwarded: "X-Forwarded-For: ours\r\n" } });
    expect(head.fields.forwarded).toBe("X-Forwarded-For: b\r\n");
  });

  test("that counts its hops is changed all the same", () => {
    const head = requestOf("Max-Forwards: 3\r\nForwarded: for=b\r\n", "TRACE");

    expect(outgoingFor(head, HIDING, CLIENT, ASKED, []).fields).toMatchObject({
      forwarded: "Max-Forwards: 2\r\n",
      maxForwards: 2,
    });
  });

  test("that a rule logs in has its connection to itself", () => {
    const outgoing = outgoingFor(requestOf("A: 1\r\n"), PLAIN, CLIENT, ASKED, [
      setting("Authorization", "NTLM TlRM"),
    ]);

    expect(outgoing.fields.authorizesConnection).toBe(true);
  });
});

describe("fields that come again on a connection", () => {
  const memo = new FieldMemo();
  const changes = [setting("B", "2")];
  const APPENDING = { ...HIDING, manner: "append" } as const;
  const again = () =>
    parseRequestHead("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nA: 1\r\n\r\n", LIMITS, memo);
  again();
  const first = outgoingFor(again(), APPENDING, CLIENT, ASKED, changes).fields;

  test("are changed once", () => {
    expect(outgoingFor(again(), APPENDING, CLIENT, { ...ASKED }, [...changes]).fields).toBe(first);
  });

  // What differs from the first time | what the upstream is told then.
  const others = [
    ["identity", () => outgoingFor(again(), HIDING, CLIENT, ASKED, changes), "A: 1\r\nB: 2\r\n"],
    [
      "client",
      () => outgoingFor(again(), APPENDING, addressOf("192.0.2.2"), ASKED, changes),
      "for=192.0.2.2;",
    ],
    [
      "authority",
      () => outgoingFor(again(), APPENDING, CLIENT, { ...ASKED, authority: "b" }, changes),
      "host=b;",
    ],
    ["rule", () => outgoingFor(again(), APPENDING, CLIENT, ASKED, [setting("B", "3")]), "B: 3\r\n"],
    ["number of rules", () => outgoingFor(again(), APPENDING, CLIENT, ASKED, []), "proto=http\r\n"],
  ] as const;

  test.each(others)("are changed again for another %s", (_, outgoing, expected) => {
    expect(outgoing().fields.forwarded).toContain(expected);
    expect(outgoing().fields.forwarded).not.toBe(first.forwarded);
  });
});

describe("an answer", () => {
  test("that no rule changes stays the same object", () => {
    const head = answerOf("A: 1\r\n");

    expect(answerFor(head, [])).toBe(head);
    expect(answerFor(head, [{ remove: ["B"], set: [], add: [] }])).toBe(head);
  });

  test("keeps what frames it, and is changed once while its fields come again", () => {
    const memo = new FieldMemo();
    answerOf("Content-Length: 5\r\nServer: a\r\n", memo);
    const head = answerOf("Content-Length: 5\r\nServer: a\r\n", memo);
    const changes = [setting("Server", "b")];

    const changed = answerFor(head, changes);

    expect(changed).toEqual({ ...head, fields: { ...head.fields, forwarded: "Server: b\r\n" } });
    expect(answerFor({ ...head, status: 404 }, changes)).toEqual({ ...changed, status: 404 });
    expect(answerFor({ ...head }, changes).fields).toBe(changed.fields);
  });

  // What a rule does | whether the answer counts as one that has a Date of its own.
  const dates = [
    ["sets a Date", "", setting("Date", "Sat, 07 Feb 2026 00:00:00 GMT"), true],
    ["removes the Date: nobody wants ours then", "Date: x\r\n", { remove: ["date"], set: [], add: [] }, true],
    ["leaves it without one", "", setting("A", "1"), false],
  ] as const;

  test.each(dates)("that a rule %s", (_, lines, changes, hasDate) => {
    expect(answerFor(answerOf(lines), [changes]).fields.hasDate).toBe(hasDate);
  });
});

function requestOf(lines: string, method = "GET", version = "1.1") {
  return parseRequestHead(`${method} http://a.test/ HTTP/${version}\r\n${lines}\r\n`, LIMITS);
}

function answerOf(lines: string, memo = new FieldMemo()) {
  return parseResponseHead(`HTTP/1.1 200 OK\r\n${lines}\r\n`, LIMITS, memo);
}

function setting(name: string, value: string): FieldChanges {
  return { remove: [], set: [{ name, value }], add: [] };
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`Cannot read ${text}`);
  return address;
}
