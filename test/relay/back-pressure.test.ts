import { describe, expect } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { head, transcript } from "../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const POST = head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 9");
const CHUNKED_POST = head("POST http://a.example/ HTTP/1.1", HOST, "Transfer-Encoding: chunked");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 9");
const CHUNKED_OK = head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked");
const TIMEOUTS = { timeouts: { body: "10s", firstByte: "20s" } };

describe("a client that reads slowly", () => {
  transcript("pauses the upstream, and only until it has read", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    upstream.says(`${OK}abc`);
    expect(relay.told().slice(1)).toEqual(["upstream pause"]);

    client.drains();
    upstream.says("defghi");
    expect(relay.told()).toEqual(["upstream resume", "client < defghi"]);
    expect(relay.pooled).toBe(1);
  });

  transcript("is not taken for full when a piece holds no data", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    upstream.says(`${CHUNKED_OK}3\r\nabc\r\n`);
    client.drains();
    upstream.says("3\r");

    expect(upstream.isPaused).toBe(false);
  });

  transcript("costs the upstream nothing when the answer is all here", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    upstream.says(`${head("HTTP/1.1 103 Early Hints")}${OK}abcdefghi`);

    expect(relay.pooled).toBe(1);
    expect(upstream.isPaused).toBe(false);
  });

  transcript("and then not at all is cut, which is nobody's failure but its own", (relay) => {
    relay.configure(TIMEOUTS);
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    upstream.says(`${OK}abc`);
    relay.pass(10_200);

    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records.map(({ status, failure }) => [status, failure])).toEqual([[200, undefined]]);
    expect(relay.read(cells.limitReached.timeout_body)).toBe(1);
  });

  transcript("does not answer for an upstream that stands still afterwards", (relay) => {
    relay.configure(TIMEOUTS);
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    upstream.says(`${OK}abc`);
    client.drains();
    relay.pass(10_200);

    expect(relay.records.map(({ failure }) => failure)).toEqual(["connection_read_timeout"]);
  });

  transcript("of interim answers still waits no longer for the first byte of the answer", (relay) => {
    relay.configure({ timeouts: { body: "90s", firstByte: "20s" } });
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    relay.pass(19_000);
    upstream.says(head("HTTP/1.1 103 Early Hints"));
    client.drains();
    relay.pass(1_200);

    expect(relay.records.map(({ status }) => status)).toEqual([504]);
  });
});

describe("an upstream that reads slowly", () => {
  transcript("pauses the client, and only until it has read", (relay) => {
    const { client, upstream } = relay.exchange(POST);
    upstream.full = true;
    client.says("abc");
    expect(relay.told()).toEqual(["upstream < abc", "client pause"]);

    upstream.drains();
    client.says("defghi");
    expect(relay.told()).toEqual(["client resume", "upstream < defghi"]);
    upstream.says(`${OK}123456789`);
  });

  transcript("is not taken for full when a piece holds no data", (relay) => {
    const { client, upstream } = relay.exchange(CHUNKED_POST);
    upstream.full = true;
    client.says("3\r\nabc\r\n");
    upstream.drains();
    client.says("3\r");

    expect(client.isPaused).toBe(false);
  });

  transcript("and has taken all at the end frees the client for its next request", (relay) => {
    const { client, upstream } = relay.exchange(POST);
    upstream.full = true;
    client.says("abcdefghi");
    expect(client.isPaused).toBe(true);
    upstream.says(`${OK}123456789`);

    expect(client.isPaused).toBe(false);
    upstream.drains();
  });

  transcript("while nothing is dialled yet, the client is read no further", (relay) => {
    const client = relay.client();
    client.says(`${POST}abc`);
    expect(client.isPaused).toBe(true);

    const upstream = relay.upstream();
    expect(client.isPaused).toBe(false);
    expect(upstream.received).toEndWith("\r\n\r\nabc");
  });
});

describe("links of the pool that have never been read by anyone", () => {
  transcript("are dropped when they have been idle for too long", (relay) => {
    const { client, upstream } = relay.exchange(POST);
    upstream.full = true;
    client.says("abcdefghi");
    upstream.says(`${OK}123456789`);
    expect(relay.pooled).toBe(1);
    relay.pass(31_000);

    expect(relay.pooled).toBe(0);
    expect(upstream.isClosed).toBe(true);
  });
});
