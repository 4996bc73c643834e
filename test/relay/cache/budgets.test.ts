import { describe, expect } from "bun:test";
import { answer, cached, fetched, GET, HOST } from "../../support/cache.ts";
import { type FakeRelay, head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const KIB = "x".repeat(1_024);
const CLIENT = "192.0.2.8";

/** For one client, so that what is fetched for others costs it nothing. */
function limit(relay: FakeRelay, given: object): void {
  relay.configure({
    policy: {
      limits: [{ name: "some", ...given }],
      rules: [{ name: "slow", action: "limit", limit: "some", clients: [CLIENT] }],
    },
  });
}

/** Each way to an answer of another: what is to be said by the upstream when the client has asked. */
const ways: Readonly<Record<string, (relay: FakeRelay, said: string) => () => void>> = {
  "what is stored": (relay, said) => {
    fetched(relay, GET, said);
    return () => {};
  },
  "what is shared": (relay, said) => {
    const { upstream } = relay.exchange(GET);
    return () => upstream.says(said);
  },
};

for (const [way, prepare] of Object.entries(ways)) {
  describe(`limits on bytes hold for ${way}`, () => {
    cached("a rate: the next answer waits until this one is paid for", (relay) => {
      limit(relay, { download: "1KiB/s" });
      const say = prepare(relay, answer(KIB.repeat(4), FRESH));
      const client = relay.client([], CLIENT);
      client.says(GET);
      say();

      // A rate may be overdrawn by a piece.
      expect(client.received).toEndWith(KIB.repeat(4));

      client.says(GET);

      expect(statuses(client)).toEqual([200]);

      relay.pass(5_000);

      expect(statuses(client)).toEqual([200, 200]);
    });

    cached("a budget that it would go beyond: told, as long as nothing has gone", (relay) => {
      limit(relay, { budget: "2KiB/24h" });
      const say = prepare(relay, answer(KIB.repeat(4), FRESH));
      const client = relay.client([], CLIENT);
      client.says(GET);
      say();

      expect(statuses(client)).toEqual([429]);
      expect(client.received).not.toContain(KIB);
      expect(relay.records.at(-1)).toMatchObject({ rule: "some", reason: "limit" });
    });

    cached("a budget that it is within, until it is not", (relay) => {
      limit(relay, { budget: "3KiB/24h" });
      const say = prepare(relay, answer(KIB, FRESH));
      const client = relay.client([], CLIENT);
      client.says(GET);
      say();
      client.says(GET + GET);

      expect(statuses(client)).toEqual([200, 200, 429]);
    });

    cached("the others are not held by it", (relay) => {
      limit(relay, { download: "1KiB/s" });
      const say = prepare(relay, answer(KIB.repeat(4), FRESH));
      const [slow, quick] = [relay.client([], CLIENT), relay.client()];
      slow.says(GET);
      say();
      quick.says(GET + GET);

      expect(statuses(quick)).toEqual([200, 200]);
    });
  });
}

describe("one who is held", () => {
  const LARGE = answer(KIB.repeat(100), FRESH);

  cached("and does not read besides, goes on when both are over", (relay) => {
    limit(relay, { download: "10KiB/s" });
    fetched(relay, GET, LARGE);
    const client = relay.client([], CLIENT);
    client.full = true;
    client.says(GET);
    relay.pass(1_000);
    client.drains();
    relay.pass(12_000);

    expect(client.received).toEndWith(KIB.repeat(100));
    expect(relay.records.at(-1)).toMatchObject({ cache: "hit", status: 200, failure: undefined });
  });

  cached("and drains in the midst of it, goes on with what is being fetched", (relay) => {
    limit(relay, { download: "1KiB/s" });
    const client = relay.client([], CLIENT);
    client.full = true;
    client.says(GET);
    const upstream = relay.upstream();
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, "Content-Length: 5120")}${KIB.repeat(4)}`);
    client.drains();
    upstream.says(KIB);

    expect(client.received).not.toContain(KIB.repeat(5));

    relay.pass(6_000);

    expect(client.received).toEndWith(KIB.repeat(5));
  });

  cached("and leaves, leaves nothing behind", (relay, { answers }) => {
    limit(relay, { download: "1KiB/s" });
    fetched(relay, GET, LARGE);
    const client = relay.client([], CLIENT);
    client.says(GET + GET);
    client.resets();

    expect(answers.copiedBytes).toBe(0);
  });
});

describe("what a request costs", () => {
  cached("is charged once, stored or not", (relay) => {
    const request = head("GET http://a.example/x HTTP/1.1", HOST, `X-Long: ${"a".repeat(900)}`);
    limit(relay, { budget: "2KiB/24h" });
    fetched(relay, GET, answer("", FRESH));
    const client = relay.client([], CLIENT);
    client.says(request + request + request);

    expect(statuses(client)).toEqual([200, 200, 429]);
  });

  cached("is charged once of what has to be validated", (relay) => {
    const request = head("GET http://a.example/x HTTP/1.1", HOST, `X-Long: ${"a".repeat(900)}`);
    limit(relay, { budget: "2KiB/24h" });
    const upstream = fetched(relay, GET, answer("", "Cache-Control: max-age=0", 'ETag: "a"'));
    const client = relay.client([], CLIENT);
    for (const _ of [1, 2]) {
      client.says(request);
      upstream.says(head("HTTP/1.1 304 Not Modified", 'ETag: "a"'));
    }
    client.says(request);

    expect(statuses(client)).toEqual([200, 200, 429]);
  });
});
