import { describe, expect } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { head, statuses, transcript } from "../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const POST = head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 9");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 5");

describe("deadlines of an exchange", () => {
  const TIMEOUTS = { timeouts: { connect: "5s", firstByte: "20s", body: "10s" } };

  transcript("connect: 504, and the dial is given up", (relay) => {
    relay.configure(TIMEOUTS);
    const client = relay.client();
    client.says(GET);
    relay.pass(5_200);

    expect(relay.told().slice(0, 2)).toEqual(["dial 1.0.2.1 port 80", "dial cancelled"]);
    expect(statuses(client)).toEqual([504]);
    expect(client.received).toContain("error=connection_timeout;");
    expect(relay.read(cells.limitReached.timeout_connect)).toBe(1);
  });

  transcript("first byte: 504, and the client may ask again", (relay) => {
    relay.configure(TIMEOUTS);
    const { client, upstream } = relay.exchange(GET);
    relay.pass(19_900);
    expect(client.received).toBe("");
    relay.pass(300);

    expect(statuses(client)).toEqual([504]);
    expect(client.received).toContain("error=http_response_timeout;");
    expect(client.received).not.toContain("Connection: close");
    expect(upstream.isClosed).toBe(true);
    expect(relay.read(cells.limitReached.timeout_first_byte)).toBe(1);
  });

  transcript("first byte: counts from the end of the request's body", (relay) => {
    relay.configure({ ...TIMEOUTS, limits: { minRate: "0B/s" } });
    const { client, upstream } = relay.exchange(POST);
    for (const byte of "abcdefghi") {
      relay.pass(9_000);
      client.says(byte);
    }
    relay.pass(19_000);
    upstream.says(head("HTTP/1.1 204 No Content"));

    expect(statuses(client)).toEqual([204]);
  });

  transcript("a client's body that stands still: 408 and a close", (relay) => {
    relay.configure(TIMEOUTS);
    const { client, upstream } = relay.exchange(POST);
    client.says("abc");
    relay.pass(10_200);

    expect(statuses(client)).toEqual([408]);
    expect(relay.told().slice(-2)).toEqual([expect.stringContaining("Connection: close"), "client end"]);
    expect(upstream.isClosed).toBe(true);
    expect(relay.read(cells.limitReached.timeout_body)).toBe(1);
  });

  transcript("an upstream that does not take the body: 504", (relay) => {
    relay.configure(TIMEOUTS);
    const { client, upstream } = relay.exchange(POST);
    upstream.full = true;
    client.says("abc");
    relay.pass(10_200);

    expect(statuses(client)).toEqual([504]);
    expect(client.received).toContain("error=connection_write_timeout;");
    expect(upstream.isClosed).toBe(true);
  });

  transcript("an answer's body that stands still: the client is cut", (relay) => {
    relay.configure(TIMEOUTS);
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${OK}ab`);
    relay.pass(9_000);
    upstream.says("c");
    relay.pass(9_000);
    expect(client.isClosed).toBe(false);
    relay.pass(1_200);

    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records.map(({ failure }) => failure)).toEqual(["connection_read_timeout"]);
    expect(relay.read(cells.limitReached.timeout_body)).toBe(1);
  });
});
