import { describe, expect, test } from "bun:test";
import { ProtocolError } from "../../src/http1/error.ts";
import { readFields, withForwarded, withoutFields } from "../../src/http1/fields.ts";

// Each row: what it shows | the lines | those that travel on.
const hops = [
  ["what is nobody's but the ends'", "A: 1\r\nB: 2\r\n", "A: 1\r\nB: 2\r\n"],
  ["values as they are spelled", "a:1\r\nb: \t 2 \r\nc:\r\n", "a:1\r\nb: \t 2 \r\nc:\r\n"],
  ["obs-text as the bytes it is", "A: \x80\xa0\xff\r\n", "A: \x80\xa0\xff\r\n"],
  ["several lines of one name, in their order", "A: 2\r\nB: x\r\nA: 1\r\n", "A: 2\r\nB: x\r\nA: 1\r\n"],
  [
    "names that only look like ours",
    "Hos: a\r\nHosts: a\r\nContent_Length: 1\r\nTEA: 1\r\n",
    "Hos: a\r\nHosts: a\r\nContent_Length: 1\r\nTEA: 1\r\n",
  ],
  [
    "a colon in a value where a name of ours would end",
    "Co: 345678:\r\nX-Host: a\r\n",
    "Co: 345678:\r\nX-Host: a\r\n",
  ],
  ["not Host, which is written anew", "A: 1\r\nHost: a\r\nB: 2\r\n", "A: 1\r\nB: 2\r\n"],
  ["not Content-Length, which is written anew", "content-length: 1\r\nB: 2\r\n", "B: 2\r\n"],
  ["not Transfer-Encoding, which is written anew", "A: 1\r\nTRANSFER-ENCODING: chunked\r\n", "A: 1\r\n"],
  ["not Keep-Alive", "Keep-Alive: timeout=5\r\n", ""],
  ["not Upgrade", "Upgrade: websocket\r\n", ""],
  ["not TE", "TE: gzip\r\n", ""],
  ["not Proxy-Authorization", "Proxy-Authorization: Basic eDp5\r\n", ""],
  ["not Proxy-Connection", "Proxy-Connection: keep-alive\r\n", ""],
  [
    "nothing else that begins with Proxy-",
    "proxy-foo: 1\r\nProxy-Features: 2\r\nProxy: 3\r\n",
    "Proxy: 3\r\n",
  ],
  ["not Connection", "Connection: keep-alive\r\nA: 1\r\n", "A: 1\r\n"],
  ["nothing that Connection names", "X: 1\r\nA: 2\r\nConnection: x\r\nx: 3\r\n", "A: 2\r\n"],
  [
    "nothing that several Connections name",
    "Connection: a, ,B\r\nA: 1\r\nB: 2\r\nC: 3\r\nConnection:c\r\n",
    "",
  ],
  ["what Connection names in part", "Connection: x\r\nX-Y: 1\r\n", "X-Y: 1\r\n"],
  ["Via, though Connection names it: it finds loops", "Connection: via\r\nVia: 1.1 a\r\n", "Via: 1.1 a\r\n"],
  ["Trailer and Expect", "Trailer: X\r\nExpect: 100-continue\r\n", "Trailer: X\r\nExpect: 100-continue\r\n"],
] as const;

test.each(hops)("the lines that travel on hold %s", (_, lines, forwarded) => {
  expect(readRequest(lines).forwarded).toBe(forwarded);
});

test("a response keeps its Host, which means nothing there, and its Proxy-Status", () => {
  const lines = "Host: a\r\nHost: b\r\nProxy-Status: next; error=dns_error\r\nProxy-Authenticate: Basic\r\n";

  expect(readResponse(lines).forwarded).toBe("Host: a\r\nHost: b\r\nProxy-Status: next; error=dns_error\r\n");
});

describe("the values that the proxy acts upon", () => {
  const values = [
    ["Host", "Host: \t a:80 \r\n", { host: "a:80" }],
    ["an empty Host", "Host:\r\n", { host: "" }],
    ["Content-Length", "Content-Length: 10\r\n", { contentLength: 10 }],
    ["Content-Length with zeros in front", "Content-Length: 010\r\n", { contentLength: 10 }],
    ["Content-Length twice, the same", "Content-Length: 5\r\ncontent-length: 05\r\n", { contentLength: 5 }],
    [
      "Content-Length of 15 digits",
      "Content-Length: 999999999999999\r\n",
      { contentLength: 999_999_999_999_999 },
    ],
    ["no Content-Length", "A: 1\r\n", { contentLength: -1 }],
    ["Transfer-Encoding in lower case", "Transfer-Encoding: CHUNKED\r\n", { transferEncoding: "chunked" }],
    ["Transfer-Encoding after a tab", "Transfer-Encoding:\tchunked\t\r\n", { transferEncoding: "chunked" }],
    [
      "Transfer-Encoding twice",
      "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
      { transferEncoding: "gzip, chunked" },
    ],
    ["Transfer-Encoding, empty", "Transfer-Encoding:\r\n", { transferEncoding: "" }],
    [
      "Transfer-Encoding, empty and not",
      "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
      { transferEncoding: ", chunked" },
    ],
    [
      "Transfer-Encoding with obs-text around it",
      "Transfer-Encoding: \xa0chunked\r\n",
      { transferEncoding: "\xa0chunked" },
    ],
    ["close", "Connection: Close\r\n", { hasClose: true, hasKeepAlive: false }],
    ["close among others", "Connection: a,close\t,b\r\n", { hasClose: true }],
    ["close in its old place", "Proxy-Connection: close\r\n", { hasClose: true }],
    ["keep-alive", "Connection: Keep-Alive\r\n", { hasClose: false, hasKeepAlive: true }],
    ["keep-alive in any spelling", "Connection: KEEP-ALIVE\r\n", { hasKeepAlive: true }],
    [
      "both, over two lines",
      "Proxy-Connection: keep-alive\r\nConnection: close\r\n",
      { hasClose: true, hasKeepAlive: true },
    ],
    [
      "an upgrade that Connection names",
      "Upgrade: websocket\r\nConnection: Upgrade\r\n",
      { upgrade: "websocket" },
    ],
    [
      "upgrades over two lines",
      "Connection: upgrade\r\nUpgrade: a\r\nUpgrade: b/1\r\n",
      { upgrade: "a, b/1" },
    ],
    ["an upgrade that Connection does not name", "Upgrade: websocket\r\n", { upgrade: undefined }],
    [
      "an upgrade beside keep-alive alone",
      "Upgrade: websocket\r\nConnection: keep-alive\r\n",
      { upgrade: undefined },
    ],
    ["no upgrade, though Connection names one", "Connection: upgrade\r\n", { upgrade: undefined }],
    ["trailers", "TE: trailers\r\n", { acceptsTrailers: true }],
    ["trailers among others", "TE: gzip;q=0.5 , Trailers\r\n", { acceptsTrailers: true }],
    ["trailers on a second line", "TE: gzip\r\nTE: trailers\r\n", { acceptsTrailers: true }],
    ["what is not quite trailers", "TE: xtrailers, trailersx\r\n", { acceptsTrailers: false }],
    ["NTLM, which logs in a connection", "authorization:  ntlm TlRM\r\n", { authorizesConnection: true }],
    ["and Negotiate", "Authorization: Negotiate YII\r\n", { authorizesConnection: true }],
    ["Basic, which does not", "Authorization: Basic bnRsbQ==\r\n", { authorizesConnection: false }],
    ["Max-Forwards", "Max-Forwards: 7\r\n", { maxForwards: 7 }],
    ["Max-Forwards that is no number", "Max-Forwards: -1\r\n", { maxForwards: undefined }],
    ["Via over two lines", "Via: 1.1 a\r\nVia: 1.0 b\r\n", { via: "1.1 a, 1.0 b" }],
    [
      "what a client logs in with",
      "Proxy-Authorization: \tBasic eDp5 \r\n",
      { proxyAuthorization: "Basic eDp5" },
    ],
    [
      "what a client logs in with, told twice",
      "Proxy-Authorization: Basic eDp5\r\nproxy-authorization:Basic eDp5\r\n",
      { proxyAuthorization: "Basic eDp5" },
    ],
    ["an empty log-in", "Proxy-Authorization:\r\n", { proxyAuthorization: "" }],
    ["no log-in", "Authorization: Basic eDp5\r\n", { proxyAuthorization: undefined }],
    [
      "a log-in that Connection names",
      "Proxy-Authorization: Basic eDp5\r\nConnection: proxy-authorization\r\n",
      { proxyAuthorization: "Basic eDp5", forwarded: "" },
    ],
    ["the number of fields", "A: 1\r\nHost: b\r\nA: 2\r\n", { count: 3 }],
  ] as const;

  test.each(values)("are read: %s", (_, lines, expected) => {
    expect(readRequest(lines)).toMatchObject(expected);
  });
});

const refusals = [
  ["two Hosts", "Host: a\r\nHost: b\r\n"],
  ["the same Host twice", "Host: a\r\nhost: a\r\n"],
  ["lengths that differ", "Content-Length: 5\r\nContent-Length: 6\r\n"],
  ["an empty length before a good one", "Content-Length:\r\nContent-Length: 5\r\n"],
  ["an empty length", "Content-Length: \r\n"],
  ["a list of lengths", "Content-Length: 5, 5\r\n"],
  ["a length and a comma", "Content-Length: 5,\r\n"],
  ["a length with a sign", "Content-Length: +5\r\n"],
  ["a negative length", "Content-Length: -5\r\n"],
  ["a hexadecimal length", "Content-Length: 0x5\r\n"],
  ["a length with an underscore", "Content-Length: 1_0\r\n"],
  ["a length with a fraction", "Content-Length: 5.0\r\n"],
  ["a length with an exponent", "Content-Length: 5e1\r\n"],
  ["a length that goes on as something else", "Content-Length: 5z\r\n"],
  ["a length with a space in it", "Content-Length: 1 0\r\n"],
  ["a length in other digits", "Content-Length: \xb2\r\n"],
  ["a length in no-break spaces", "Content-Length: \xa05\xa0\r\n"],
  ["a length of 16 digits", "Content-Length: 0000000000000005\r\n"],
  ["log-ins that differ", "Proxy-Authorization: Basic eDp5\r\nProxy-Authorization: Basic eDp6\r\n"],
  ["a log-in beside an empty one", "Proxy-Authorization: Basic eDp5\r\nProxy-Authorization:\r\n"],
  ["a Connection that names no token", "Connection: a b\r\n"],
  ["a Connection that names a quoted string", 'Connection: "close"\r\n'],
  ["a Connection with a no-break space", "Connection: \xa0close\r\n"],
] as const;

test.each(refusals)("refuses %s", (_, lines) => {
  expect(() => readRequest(lines)).toThrow(ProtocolError);
});

describe("the number of fields", () => {
  const lines = (count: number) => "A: 1\r\n".repeat(count);

  test("may be the limit, and not one more", () => {
    expect(readFields(lines(8), 0, lines(8).length, 8, true).count).toBe(8);
    expect(() => readFields(lines(9), 0, lines(9).length, 8, true)).toThrow(
      expect.objectContaining({ status: 431, limit: "headerCount" }),
    );
    expect(() => readFields(lines(9), 0, lines(9).length, 8, false)).toThrow(
      expect.objectContaining({ status: 502 }),
    );
  });

  test("counts fields that stay here too", () => {
    const text = `Connection: a\r\n${lines(8)}`;

    expect(() => readFields(text, 0, text.length, 8, true)).toThrow("more than 8 fields");
  });
});

test("an answer logs in to nobody", () => {
  const fields = readResponse("Proxy-Authorization: a\r\nProxy-Authorization: b\r\n");

  expect(fields).toMatchObject({ proxyAuthorization: undefined, forwarded: "" });
});

test("lines are dropped by name in any case, and the rest is left as it is", () => {
  const lines = "A: b\r\nB: a\r\nab: 1\r\na: 2\r\n";

  expect(withoutFields(lines, new Set(["a"]))).toBe("B: a\r\nab: 1\r\n");
  expect(withoutFields("", new Set(["a"]))).toBe("");
});

test("with other lines a message keeps its framing, and what they say is read anew", () => {
  const given = "Host: a\r\nContent-Length: 5\r\nVia: 1.1 a\r\nMax-Forwards: 3\r\nConnection: close\r\n";
  const fields = readRequest(given);

  const changed = withForwarded(fields, "Via: 1.1 b\r\nDate: x\r\nConnection: c\r\n", true);

  expect(changed).toEqual({
    ...fields,
    forwarded: "Via: 1.1 b\r\nDate: x\r\n",
    via: "1.1 b",
    hasDate: true,
    maxForwards: undefined,
  });
  expect(fields).toEqual(readRequest(given));
});

test("hostile fields are read about as fast as they come", () => {
  const hostile = [
    `Connection: ${",".repeat(2 ** 20)}\r\n`,
    `Connection: ${"a,".repeat(2 ** 19)}\r\n`,
    `TE: ${", ".repeat(2 ** 19)}\r\n`,
    `TE: ,${" ".repeat(2 ** 20)}x\r\n`,
    `Max-Forwards: ${"1".repeat(2 ** 20)}\r\n`,
    `Host: ${" ".repeat(2 ** 20)}a\r\n`,
    "Via: a\r\nConnection: b\r\n".repeat(2 ** 15),
  ];

  const startedAt = performance.now();
  for (const lines of hostile) readFields(lines, 0, lines.length, 2 ** 20, true);

  // About 150 ms here, for 7 MiB.
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

function readRequest(lines: string) {
  return readFields(lines, 0, lines.length, 100, true);
}

function readResponse(lines: string) {
  return readFields(lines, 0, lines.length, 100, false);
}
