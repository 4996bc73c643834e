import { describe, expect } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { head, statuses, transcript } from "../support/relay.ts";

const post = (...lines: string[]) => head("POST http://a.example/ HTTP/1.1", "Host: a.example", ...lines);
const chunked = post("Transfer-Encoding: chunked");

describe("what is malformed gets an answer and a close, and nothing is dialled", () => {
  // Each row: what it shows | the bytes | the status.
  const rows: readonly (readonly [string, string, number])[] = [
    ["no request at all", "hello\r\n\r\n", 400],
    ["a version that we do not speak", head("GET http://a.example/ HTTP/2.0", "Host: a.example"), 400],
    ["TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400],
    ["a bare line feed", "GET http://a.example/ HTTP/1.1\nHost: a.example\n\n", 400],
    ["a bare carriage return", "GET http://a.example/ HTTP/1.1\rHost: a.example\r\n\r\n", 400],
    ["whitespace before a colon", head("GET http://a.example/ HTTP/1.1", "Host : a.example"), 400],
    ["a folded line", head("GET http://a.example/ HTTP/1.1", "Host: a.example", "X: 1", " 2"), 400],
    ["a control byte in a field", head("GET http://a.example/ HTTP/1.1", "Host: a.example", "X: \x01"), 400],
    ["no Host", head("GET http://a.example/ HTTP/1.1"), 400],
    ["two Hosts", head("GET http://a.example/ HTTP/1.1", "Host: a.example", "Host: a.example"), 400],
    ["a malformed Host", head("GET http://a.example/ HTTP/1.1", "Host: a b"), 400],
    ["user information", head("GET http://me@a.example/ HTTP/1.1", "Host: a.example"), 400],
    ["https, which wants CONNECT", head("GET https://a.example/ HTTP/1.1", "Host: a.example"), 400],
    ["CONNECT without a port", head("CONNECT a.example HTTP/1.1", "Host: a.example"), 400],
    ["both framings", post("Content-Length: 3", "Transfer-Encoding: chunked"), 400],
    ["lengths that differ", post("Content-Length: 3", "Content-Length: 4"), 400],
    ["a length that is none", post("Content-Length: +3"), 400],
    ["chunks in HTTP/1.0", head("POST http://a.example/ HTTP/1.0", "Transfer-Encoding: chunked"), 400],
    ["a coding we can't take apart", post("Transfer-Encoding: gzip, chunked"), 501],
    [
      "CONNECT with a body",
      head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443", "Content-Length: 3"),
      400,
    ],
    [
      "TRACE with a body",
      head("TRACE http://a.example/ HTTP/1.1", "Host: a.example", "Content-Length: 3"),
      400,
    ],
  ];

  for (const [name, bytes, status] of rows) {
    transcript(name, (relay) => {
      const client = relay.client();
      client.says(bytes);

      expect(statuses(client)).toEqual([status]);
      expect(client.received).toContain("Connection: close\r\n");
      expect(client.received).toContain("Proxy-Status: headgate; error=http_request_error;");
      expect(relay.told().slice(1)).toEqual(["client end"]);
      expect(relay.records.map(({ status, failure }) => [status, failure])).toEqual([
        [status, "http_request_error"],
      ]);
    });
  }
});

describe("a bad chunk is refused before or after its head was sent", () => {
  transcript("with the head: the upstream hears nothing", (relay) => {
    const client = relay.client();
    client.says(`${chunked}zz\r\n`);
    const upstream = relay.upstream();

    expect(statuses(client)).toEqual([400]);
    expect(upstream.received).toBe("");
    expect(upstream.isClosed).toBe(true);
  });

  transcript("later: the upstream's connection is reset, so that half a body is none", (relay) => {
    const { client, upstream } = relay.exchange(chunked);
    client.says("3\r\nabc\r\n");
    client.says("0x3\r\n");

    expect(statuses(client)).toEqual([400]);
    expect(relay.told()).toEqual([
      "upstream < 3\r\nabc\r\n",
      "upstream destroy",
      expect.stringContaining("client < HTTP/1.1 400 "),
      "client end",
    ]);
    expect(upstream.isClosed).toBe(true);
  });

  transcript("after the answer began: the client is cut, for there is no place for another", (relay) => {
    const { client, upstream } = relay.exchange(chunked);
    upstream.says(`${head("HTTP/1.1 200 OK", "Content-Length: 5")}ab`);
    client.says("0x3\r\n");

    expect(statuses(client)).toEqual([200]);
    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records.map(({ failure }) => failure)).toEqual(["http_request_error"]);
  });
});

describe("a head over a limit", () => {
  // Each row: the limit | a head that is over it | the status | what counts it.
  const rows: readonly (readonly [string, string, number, number])[] = [
    [
      "headBytes",
      head("GET http://a.example/ HTTP/1.1", "Host: a.example", `X: ${"x".repeat(2_000)}`),
      431,
      cells.limitReached.head_bytes,
    ],
    [
      "headBytes, though its end never comes",
      `GET http://a.example/ HTTP/1.1\r\nX: ${"x".repeat(2_000)}`,
      431,
      cells.limitReached.head_bytes,
    ],
    [
      "uriBytes",
      head(`GET http://a.example/${"x".repeat(600)} HTTP/1.1`, "Host: a.example"),
      414,
      cells.limitReached.uri_bytes,
    ],
    [
      "uriBytes, though its end never comes",
      `GET http://a.example/${"x".repeat(600)}`,
      414,
      cells.limitReached.uri_bytes,
    ],
    [
      "headerCount",
      head("GET http://a.example/ HTTP/1.1", "Host: a.example", ...Array(20).fill("X: 1")),
      431,
      cells.limitReached.header_count,
    ],
  ];

  for (const [name, bytes, status, cell] of rows) {
    transcript(name, (relay) => {
      relay.configure({ limits: { headBytes: "1KiB", uriBytes: "512B", headerCount: 16 } });
      const client = relay.client();
      client.says(bytes);

      expect(statuses(client)).toEqual([status]);
      expect(relay.read(cell)).toBe(1);
      expect(relay.told().slice(1)).toEqual(["client end"]);
    });
  }
});

describe("the record of a refused head tells who asked for what, as far as that can be told", () => {
  // Each row: what it shows | the bytes | the method | the target.
  const GET = "GET http://a.example/b HTTP/1.1\r\n";
  const LONG = `http://a.example/${"x".repeat(17_000)}`;
  const rows: readonly (readonly [string, string, string, string])[] = [
    ["a bad field", `${GET}Host : a.example\r\n\r\n`, "GET", "http://a.example/b"],
    ["two Hosts", `${GET}Host: a.example\r\nHost: a.example\r\n\r\n`, "GET", "http://a.example/b"],
    ["a head that is too large", `${GET}X: ${"y".repeat(33_000)}`, "GET", "http://a.example/b"],
    ["a target that is too long", `GET ${LONG} HTTP/1.1\r\n`, "GET", LONG.slice(0, 2_044)],
    ["no request at all", "\x16\x03\x01\r\n\r\n", "", ""],
  ];

  for (const [name, bytes, method, target] of rows) {
    transcript(name, (relay) => {
      relay.client().says(bytes);

      expect(relay.records.map((record) => [record.method, record.target, record.bytesIn])).toEqual([
        [method, target, bytes.length],
      ]);
    });
  }
});
