import { describe, expect } from "bun:test";
import { answer, cached, cacheStatuses, fetched, GET, HOST, VIA, valuesOf } from "../../support/cache.ts";
import { head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const ETAG = 'ETag: "a"';
const DATE = "Date: Saturday, 21-Nov-26 00:00:00 GMT";
const STORED = answer("0123456789", FRESH, ETAG, DATE, "Content-Type: text/plain");

function asks(...fields: readonly string[]): string {
  return head("GET http://a.example/x HTTP/1.1", HOST, ...fields);
}

describe("a range of what is stored (RFC 9110 §14)", () => {
  // Each row: what it shows | the fields | the status | Content-Range | the body.
  const rows: readonly (readonly [string, readonly string[], number, string, string])[] = [
    ["the first bytes", ["Range: bytes=0-3"], 206, "bytes 0-3/10", "0123"],
    ["from one on", ["Range: bytes=7-"], 206, "bytes 7-9/10", "789"],
    ["the last", ["Range: bytes=-2"], 206, "bytes 8-9/10", "89"],
    ["more than there is", ["Range: bytes=5-99"], 206, "bytes 5-9/10", "56789"],
    ["two that overlap are one", ["Range: bytes=0-4, 3-6"], 206, "bytes 0-6/10", "0123456"],
    ["beyond the end (§15.5.17)", ["Range: bytes=10-"], 416, "bytes */10", ""],
    ["another unit is ignored", ["Range: lines=0-1"], 200, "", "0123456789"],
    ["no range at all is ignored", ["Range: bytes=z"], 200, "", "0123456789"],
    ["If-Range that holds (§13.1.5)", ["Range: bytes=0-1", 'If-Range: "a"'], 206, "bytes 0-1/10", "01"],
    ["If-Range that does not", ["Range: bytes=0-1", 'If-Range: "b"'], 200, "", "0123456789"],
    ["If-Range holds strongly alone", ["Range: bytes=0-1", 'If-Range: W/"a"'], 200, "", "0123456789"],
    ["a condition comes first (§13.2.2)", ["Range: bytes=0-1", 'If-None-Match: "a"'], 304, "", ""],
  ];

  for (const [name, fields, status, place, body] of rows) {
    cached(name, (relay) => {
      fetched(relay, GET, STORED);
      const client = relay.client();
      client.says(asks(...fields));

      expect(statuses(client)).toEqual([status]);
      expect(valuesOf(client, "Content-Range")).toEqual(place === "" ? [] : [place]);
      expect(client.received.split("\r\n\r\n")[1]).toBe(body);
      expect(valuesOf(client, "Content-Length")).toEqual(status === 304 ? [] : [String(body.length)]);
      expect(cacheStatuses(client)).toEqual(["hit; ttl=60"]);
      expect(relay.records.at(-1)).toMatchObject({ status, cache: "hit", bytesOut: client.receivedBytes });
    });
  }

  cached("HEAD has none (§14.2)", (relay) => {
    fetched(relay, GET, STORED);
    const client = relay.client();
    client.says(head("HEAD http://a.example/x HTTP/1.1", HOST, "Range: bytes=0-1"));

    expect(statuses(client)).toEqual([200]);
    expect(valuesOf(client, "Content-Length")).toEqual(["10"]);
    expect(client.received).toEndWith("\r\n\r\n");
  });

  cached("several are parts of one answer, whose length is told (§15.3.7.2)", (relay) => {
    fetched(relay, GET, STORED);
    const client = relay.client();
    client.says(asks("Range: bytes=0-1,5-6"));

    const [top = ""] = client.received.split("\r\n\r\n");
    const boundary = /multipart\/byteranges; ?boundary="?([\w-]+)/.exec(top)?.[1];
    const body = client.received.slice(top.length + 4);
    expect(statuses(client)).toEqual([206]);
    expect(boundary).toBeString();
    expect(top).toContain(VIA);
    expect(top.match(/content-type/gi)).toHaveLength(1);
    expect(top).toContain(`Content-Length: ${body.length}`);
    expect(body.split(`--${boundary}`).map((part) => part.trim())).toEqual([
      "",
      "Content-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01",
      "Content-Type: text/plain\r\nContent-Range: bytes 5-6/10\r\n\r\n56",
      "--",
    ]);
    expect(client.isClosed).toBe(false);
  });

  cached("a large one is read at its client's pace", (relay, { answers }) => {
    const body = Array.from({ length: 20_000 }, (_, at) => String(at).padStart(8, "0")).join("");
    fetched(relay, GET, answer(body, FRESH));
    const client = relay.client();
    client.full = true;
    client.says(asks("Range: bytes=8-159999"));

    expect(answers.copiedBytes).toBeGreaterThan(150_000);

    client.drains();

    expect(client.received).toEndWith(`\r\n\r\n${body.slice(8)}`);
    expect(answers.copiedBytes).toBe(0);
  });

  cached("who leaves in the middle of it leaves nothing behind", (relay, { answers }) => {
    fetched(relay, GET, answer("x".repeat(160_000), FRESH));
    const client = relay.client();
    client.full = true;
    client.says(asks("Range: bytes=8-"));
    client.resets();

    expect(answers.copiedBytes).toBe(0);
  });

  cached("who does not read is not waited for", (relay) => {
    fetched(relay, GET, answer("x".repeat(160_000), FRESH));
    const client = relay.client();
    client.full = true;
    client.says(GET);
    relay.pass(10 * 60_000);

    expect(client.isClosed).toBe(true);
  });
});

cached("a range of what is being fetched whole is asked for apart", (relay) => {
  const { upstream } = relay.exchange(GET);
  const second = relay.client();
  second.says(asks("Range: bytes=0-1"));
  const own = relay.upstream();
  expect(own.received).toContain("Range: bytes=0-1");
  own.says(
    `${head("HTTP/1.1 206 Partial Content", ETAG, "Content-Range: bytes 0-1/10", "Content-Length: 2")}01`,
  );
  upstream.says(STORED);

  expect(second.received).toEndWith("01");

  second.says(GET);

  expect(second.received).toEndWith("0123456789");
});
