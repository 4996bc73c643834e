import { describe, expect } from "bun:test";
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

const DOWN = limits({ name: "down", download: "1KiB/s" });
const UP = limits({ name: "up", upload: "1KiB/s" });

describe("what comes faster than a download may be", () => {
  transcript("is held, and all of it comes in the end", (relay) => {
    relay.configure(DOWN);
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${answerOf(12)}${KIB.repeat(4)}`);
    expect(relay.told()).toContain("upstream hold");
    relay.pass(2_900);
    expect(upstream.canBeHeard).toBe(false);
    relay.pass(500);
    expect(upstream.canBeHeard).toBe(true);
    upstream.says(KIB.repeat(4));
    expect(upstream.isHeld).toBe(true);
    relay.pass(4_200);
    upstream.says(KIB.repeat(4));

    expect(client.received).toEndWith(KIB.repeat(12));
    expect(relay.records).toMatchObject([{ status: 200, failure: undefined }]);
  });

  transcript("does not count against its deadline", (relay) => {
    relay.configure({ ...DOWN, timeouts: { body: "5s" } });
    const { upstream } = relay.exchange(GET);
    upstream.says(`${answerOf(40)}${KIB.repeat(20)}`);
    relay.pass(19_000);
    expect(upstream.isClosed).toBe(false);
    relay.pass(1_000);
    upstream.says(KIB);
    expect(upstream.isClosed).toBe(false);
    relay.pass(6_500);

    expect(relay.records).toMatchObject([{ failure: "connection_read_timeout" }]);
  });

  transcript("nor does it when the client takes its time besides", (relay) => {
    relay.configure({ ...DOWN, timeouts: { body: "5s" } });
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    upstream.says(`${answerOf(40)}${KIB.repeat(20)}`);
    relay.pass(1_000);
    client.drains();
    relay.pass(18_000);

    expect(upstream.isClosed).toBe(false);
    expect(upstream.canBeHeard).toBe(false);
    relay.pass(1_200);
    expect(upstream.canBeHeard).toBe(true);
  });

  transcript("is released before its connection goes back to the pool", (relay) => {
    relay.configure(DOWN);
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${answerOf(4)}${KIB.repeat(3)}`);
    relay.pass(2_500);
    upstream.says(KIB);

    expect(relay.pooled).toBe(1);
    expect(upstream.isHeld).toBe(false);
    expect(relay.context.held.size).toBe(0);
    expect(statuses(client)).toEqual([200]);
  });

  transcript("in one piece has the next answer wait for it", (relay) => {
    relay.configure({ ...DOWN, timeouts: { firstByte: "1s" } });
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${answerOf(4)}${KIB.repeat(4)}`);
    expect(upstream.isHeld).toBe(false);
    client.says(GET);
    expect(upstream.isHeld).toBe(true);
    relay.pass(2_900);
    expect(statuses(client)).toEqual([200]);
    relay.pass(500);
    upstream.says(head("HTTP/1.1 204 No Content"));

    expect(statuses(client)).toEqual([200, 204]);
  });

  transcript("is forgotten when the client leaves", (relay) => {
    relay.configure(DOWN);
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${answerOf(12)}${KIB.repeat(4)}`);
    client.resets();

    expect(upstream.isClosed).toBe(true);
    expect(relay.context.held.size).toBe(0);
  });

  transcript("is held by the slowest of its limits", (relay) => {
    relay.configure(
      limits({ name: "down", download: "4KiB/s" }, { name: "all", by: "all", download: "2KiB/s" }),
    );
    const { upstream } = relay.exchange(GET);
    upstream.says(`${answerOf(12)}${KIB.repeat(10)}`);
    relay.pass(3_900);
    expect(upstream.isHeld).toBe(true);
    relay.pass(500);
    expect(upstream.isHeld).toBe(false);
  });

  transcript("passes an audit unhindered", (relay) => {
    relay.configure({ policy: { mode: "audit", limits: [{ name: "down", download: "1KiB/s" }] } });
    const { upstream } = relay.exchange(GET);
    upstream.says(`${answerOf(12)}${KIB.repeat(9)}`);

    expect(upstream.isHeld).toBe(false);
  });
});

describe("what comes faster than an upload may be", () => {
  const POST = head("POST http://a.example/ HTTP/1.1", HOST, `Content-Length: ${12 * 1_024}`);

  transcript("holds the client, and is no reproach to it", (relay) => {
    relay.configure({ ...UP, timeouts: { body: "5s" }, limits: { minRate: "1KiB/s", minRateGrace: "1s" } });
    const { client, upstream } = relay.exchange(POST);
    client.says(KIB.repeat(10));
    expect(client.isHeld).toBe(true);
    relay.pass(8_900);
    expect(client.canBeHeard).toBe(false);
    relay.pass(700);
    client.says(KIB.repeat(2));
    upstream.says(head("HTTP/1.1 204 No Content"));

    expect(upstream.received).toEndWith(KIB.repeat(12));
    expect(statuses(client)).toEqual([204]);
    expect(relay.records).toMatchObject([{ status: 204, failure: undefined }]);
  });

  transcript("keeps the client from its next request as long, and that is not idleness", (relay) => {
    relay.configure({ ...UP, timeouts: { idle: "2s" } });
    const { client, upstream } = relay.exchange(POST);
    client.says(KIB.repeat(12));
    upstream.says(head("HTTP/1.1 204 No Content"));
    relay.pass(10_800);
    expect(client.canBeHeard).toBe(false);
    relay.pass(500);
    client.says(GET);
    upstream.says(head("HTTP/1.1 204 No Content"));

    expect(statuses(client)).toEqual([204, 204]);
  });

  transcript("is forgotten when the client leaves", (relay) => {
    relay.configure(UP);
    const { client } = relay.exchange(POST);
    client.says(KIB.repeat(10));
    client.resets();

    expect(relay.context.held.size).toBe(0);
  });
});

describe("in a tunnel", () => {
  transcript("each side is held for its own", (relay) => {
    relay.configure(limits({ name: "both", download: "1KiB/s", upload: "2KiB/s" }));
    const { client, upstream } = relay.exchange(CONNECT);
    upstream.says(KIB.repeat(4));
    client.says(KIB.repeat(4));
    expect([client.isHeld, upstream.isHeld]).toEqual([true, true]);
    relay.pass(1_300);
    expect([client.isHeld, upstream.isHeld]).toEqual([false, true]);
    relay.pass(2_000);
    expect([client.isHeld, upstream.isHeld]).toEqual([false, false]);

    expect(client.received).toEndWith(KIB.repeat(4));
    expect(upstream.received).toBe(KIB.repeat(4));
  });

  transcript("what is held is not idle, whatever the other side says", (relay) => {
    relay.configure({ ...DOWN, timeouts: { tunnelIdle: "5s" } });
    const { client, upstream } = relay.exchange(CONNECT);
    upstream.says(KIB.repeat(21));
    relay.pass(1_000);
    client.says("on");
    relay.pass(18_900);
    expect(upstream.isClosed).toBe(false);
    relay.pass(300);
    upstream.says("and on");

    expect(client.received).toEndWith("and on");
  });

  transcript("what nobody hears any more is held no more", (relay) => {
    relay.configure(DOWN);
    const { client, upstream } = relay.exchange(CONNECT);
    upstream.says(KIB.repeat(21));
    client.closes();
    expect(upstream.isHeld).toBe(false);
    upstream.says("to nobody");
    upstream.ends();

    expect(relay.records.length).toBe(1);
  });

  for (const leaver of ["client", "upstream"] as const) {
    transcript(`a held ${leaver} that resets leaves nothing behind`, (relay) => {
      relay.configure(limits({ name: "both", download: "1KiB/s", upload: "1KiB/s" }));
      const links = relay.exchange(CONNECT);
      links.upstream.says(KIB.repeat(4));
      links.client.says(KIB.repeat(4));
      links[leaver].resets();

      expect(relay.context.held.size).toBe(0);
      expect(relay.records.length).toBe(1);
    });
  }

  transcript("a new one waits for the debt of the ones before", (relay) => {
    relay.configure(DOWN);
    const first = relay.exchange(CONNECT);
    first.upstream.says(KIB.repeat(4));
    first.client.resets();
    const { upstream } = relay.exchange(CONNECT);

    expect(upstream.isHeld).toBe(true);
    relay.pass(3_300);
    expect(upstream.isHeld).toBe(false);
  });
});
