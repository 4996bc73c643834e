import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const CONNECT = head("CONNECT a.example:80 HTTP/1.1", "Host: a.example:80");
const KIB = "x".repeat(1_024);

function limits(...given: readonly object[]): { policy: object } {
  return { policy: { limits: given } };
}

/** An answer of so many KiB, of which none has come. */
function answerOf(kib: number): string {
  return head("HTTP/1.1 200 OK", `Content-Length: ${kib * 1_024}`);
}

describe("a budget that is used up", () => {
  const BUDGET = limits({ name: "daily", budget: "4KiB/24h" });

  transcript("cuts the answer that does it, and refuses the next request", (relay) => {
    relay.configure(BUDGET);
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${answerOf(12)}${KIB}`);
    expect(client.isClosed).toBe(false);
    upstream.says(KIB.repeat(4));

    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records).toMatchObject([
      { status: 200, failure: "http_request_denied", rule: "daily", reason: "limit" },
    ]);
    const next = relay.client();
    next.says(GET);
    expect(statuses(next)).toEqual([429]);
    expect(next.received).toContain('\r\nRateLimit-Policy: "daily";q=4096;qu="content-bytes";w=86400\r\n');
    expect(next.received).toMatch(/\r\nRetry-After: 86\d{3}\r\n/);
  });

  transcript("does not pass on what would go beyond it, and says so instead", (relay) => {
    relay.configure(BUDGET);
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${answerOf(12)}${KIB.repeat(12)}`);
    client.says(GET);

    expect(statuses(client)).toEqual([429, 429]);
  });

  transcript("by a request's body is told, for no answer has begun", (relay) => {
    relay.configure(BUDGET);
    const { client, upstream } = relay.exchange(
      head("POST http://a.example/ HTTP/1.1", HOST, `Content-Length: ${12 * 1_024}`),
    );
    client.says(KIB.repeat(5));

    expect(statuses(client)).toEqual([429]);
    expect(relay.told().at(-1)).toBe("client end");
    expect(upstream.isClosed).toBe(true);
  });

  transcript("by a body that waited for its connection is told as well", (relay) => {
    relay.configure(BUDGET);
    const client = relay.client();
    client.says(
      head("POST http://a.example/ HTTP/1.1", HOST, `Content-Length: ${12 * 1_024}`) + KIB.repeat(5),
    );
    const upstream = relay.upstream();

    expect(statuses(client)).toEqual([429]);
    expect(upstream.isClosed).toBe(true);
  });

  for (const side of ["client", "upstream"] as const) {
    transcript(`cuts a tunnel, by what its ${side} says`, (relay) => {
      relay.configure(BUDGET);
      const links = relay.exchange(CONNECT);
      links[side].says(KIB);
      expect(links.client.isClosed).toBe(false);
      links[side].says(KIB.repeat(4));

      expect(links.client.isClosed && links.upstream.isClosed).toBe(true);
      expect(relay.records).toMatchObject([
        { kind: "tunnel", status: 200, failure: "http_request_denied", rule: "daily", reason: "limit" },
      ]);
      expect(relay.read(cells.refusals.limit)).toBe(1);
    });
  }

  transcript("only is told, in an audit", (relay) => {
    relay.configure({ policy: { mode: "audit", limits: [{ name: "daily", budget: "4KiB/24h" }] } });
    const { client, upstream } = relay.exchange(CONNECT);
    upstream.says(KIB.repeat(9));

    expect(client.isClosed).toBe(false);
  });
});
