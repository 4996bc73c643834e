import { describe, expect } from "bun:test";
import { readCacheRequest } from "../../../src/cache/request.ts";
import { decideStoring } from "../../../src/cache/storing.ts";
import {
  answer,
  cached,
  cachedOnDisk,
  cacheStatuses,
  type FakeCache,
  fetched,
  GET,
} from "../../support/cache.ts";
import { type FakeRelay, statuses } from "../../support/relay.ts";
import { until } from "../../support/until.ts";

const KEY = "a.example/x";
const FRESH = "Cache-Control: max-age=60\r\n";

/** As the other worker stores it. */
function store(
  { memory }: FakeCache,
  relay: FakeRelay,
  lines: string,
  text: string,
  peer = "1.0.2.1:80",
): void {
  const nowMs = relay.context.epochMs + relay.context.now;
  const times = { requestMs: nowMs, responseMs: nowMs };
  const storing = decideStoring("GET", readCacheRequest(""), { status: 200, lines }, times, undefined);
  if (!storing.store) throw new Error(`Cannot store this: ${storing.because}`);
  const body = Buffer.from(text);
  const facts = { ...storing.facts, bodyBytes: body.length, wholeBytes: body.length };
  const { varyNames, tags } = storing;
  memory.put(
    { key: KEY, facts, varyNames, varyKey: "", tags, peer, reason: "OK", lines: storing.lines, body: [body] },
    memory.sequence(KEY),
  );
}

describe("while another worker fetches it", () => {
  cached("those who ask here wait, and get what it has stored", async (relay, cache) => {
    cache.others.begin(KEY);
    const clients = [relay.client(), relay.client()];
    for (const client of clients) client.says(GET);

    expect(relay.dials).toBe(0);

    store(cache, relay, FRESH, "theirs");
    cache.others.end(KEY);
    await relay.settled();

    for (const client of clients) {
      expect(client.received).toEndWith("theirs");
      expect(cacheStatuses(client)).toEqual(["fwd=uri-miss; ttl=60; stored; collapsed"]);
    }
    expect(relay.records.map(({ cache }) => cache)).toEqual(["collapsed", "collapsed"]);
    expect(relay.dials).toBe(0);
  });

  cached("and it was not stored: one asks for all who wait here", async (relay, cache) => {
    cache.others.begin(KEY);
    const clients = [relay.client(), relay.client()];
    for (const client of clients) client.says(GET);
    cache.others.end(KEY);
    await relay.settled();

    expect(relay.dials).toBe(1);

    relay.upstream().says(answer("ours", FRESH.trim()));

    for (const client of clients) expect(client.received).toEndWith("ours");
  });

  cached("and nobody else can have it from there: one asks for all who wait here", async (relay, cache) => {
    cache.others.begin(KEY);
    const clients = [relay.client(), relay.client()];
    for (const client of clients) client.says(GET);
    cache.others.giveUp(KEY);
    await relay.settled();

    expect(relay.dials).toBe(1);

    cache.others.end(KEY);
    const later = [relay.client(), relay.client()];
    for (const client of later) client.says(GET);

    expect(relay.dials).toBe(1);

    // It is for its client alone, and so each of the others asks for itself.
    relay.upstream().says(answer("ours", "Cache-Control: private"));
    for (const _ of [1, 2, 3]) relay.upstream().says(answer("ours", "Cache-Control: private"));
    for (const client of [...clients, ...later]) expect(client.received).toEndWith("ours");
  });

  cached("and it takes too long: it asks itself", async (relay, cache) => {
    relay.configure({ timeouts: { firstByte: "10ms" } });
    cache.others.begin(KEY);
    const client = relay.client();
    client.says(GET);
    await until("it asks", () => relay.dials === 1);
    relay.upstream().says(answer("ours"));

    expect(client.received).toEndWith("ours");
  });

  cached(
    "and what is stale here is purged: it is not asked about, and nobody gets it",
    async (relay, cache) => {
      fetched(relay, GET, answer("old", "Cache-Control: max-age=0, stale-if-error=60", 'ETag: "a"'));
      cache.others.begin(KEY);
      const [early, late] = [relay.client(), relay.client()];
      early.says(GET);
      cache.memory.remove(KEY);
      cache.others.end(KEY);
      await relay.settled();
      late.says(GET);
      relay.context.cache?.deadlines.sweep(Number.POSITIVE_INFINITY, () => {});

      expect(statuses(early)).toEqual([504]);
      expect(late.received).not.toContain("old");
    },
  );

  cached("one who leaves meanwhile is not fetched for", async (relay, cache) => {
    cache.others.begin(KEY);
    const client = relay.client();
    client.says(GET);
    client.resets();
    cache.others.end(KEY);
    await relay.settled();

    expect(relay.dials).toBe(0);
    expect(relay.records).toMatchObject([{ status: 0 }]);
  });

  cached(
    "who fails once and again there, is waited for twice, and not a third time",
    async (relay, cache) => {
      const client = relay.client();
      cache.others.begin(KEY);
      client.says(GET);
      for (const round of [1, 2]) {
        cache.others.end(KEY);
        cache.others.begin(KEY);
        await relay.settled();
        expect(relay.dials, `round ${round}`).toBe(round - 1);
      }
      relay.upstream().says(answer("ours"));

      expect(client.received).toEndWith("ours");
    },
  );

  cached(
    "of what was stored from an address that is not for this client, it asks itself",
    async (relay, cache) => {
      cache.others.begin(KEY);
      const client = relay.client();
      client.says(GET);
      store(cache, relay, FRESH, "theirs", "169.254.169.254:80");
      cache.others.end(KEY);
      await relay.settled();
      relay.upstream().says(answer("ours", FRESH.trim()));

      expect(client.received).toEndWith("ours");
    },
  );

  cached("a stale answer that it validates is fresh for who waited here", async (relay, cache) => {
    fetched(relay, GET, answer("one", "Cache-Control: max-age=1", 'ETag: "a"'));
    relay.pass(5_000);
    cache.others.begin(KEY);
    const client = relay.client();
    client.says(GET);

    expect(client.received).toBe("");

    store(cache, relay, FRESH, "theirs");
    cache.others.end(KEY);
    await relay.settled();

    expect(client.received).toEndWith("theirs");
    expect(cacheStatuses(client)).toEqual(["fwd=stale; ttl=60; stored; collapsed"]);
  });

  cached("what may be served while it is validated is, and nobody asks twice", (relay, cache) => {
    fetched(relay, GET, answer("one", "Cache-Control: max-age=1, stale-while-revalidate=60", 'ETag: "a"'));
    relay.pass(5_000);
    cache.others.begin(KEY);
    const client = relay.client();
    client.says(GET);

    expect(client.received).toEndWith("one");
    expect(relay.pooled).toBe(1);
  });

  cachedOnDisk("what it has put on the disk is found there", async (relay, cache, disk) => {
    cache.others.begin(KEY);
    const client = relay.client();
    client.says(GET);
    const entry = { key: KEY, varyNames: "", varyKey: "", tags: "", peer: "1.0.2.1:80", reason: "OK" };
    const nowMs = relay.context.epochMs + relay.context.now;
    const times = { requestMs: nowMs, responseMs: nowMs };
    const storing = decideStoring(
      "GET",
      readCacheRequest(""),
      { status: 200, lines: FRESH },
      times,
      undefined,
    );
    if (!storing.store) throw new Error("Cannot store this");
    const facts = { ...storing.facts, bodyBytes: 6, wholeBytes: 6 };
    disk.put({ ...entry, facts, lines: storing.lines, body: Buffer.from("theirs"), isMarkedStale: false });
    cache.others.end(KEY);
    await relay.settled();

    expect(client.received).toEndWith("theirs");
    expect(relay.dials).toBe(0);
    expect(statuses(client)).toEqual([200]);
  });
});

cached("a fetch of ours that is for its client alone tells the other workers so", async (relay, cache) => {
  const { upstream } = relay.exchange(GET);

  expect(cache.others.begin(KEY)).toBe("theirs");

  const landing = cache.others.wait(KEY, 1_000);
  upstream.says(`${answer("one").slice(0, -1)}`);

  expect(await landing).toBe("unshareable");

  upstream.says("e");

  expect(cache.others.begin(KEY)).toBe("mine");
});
