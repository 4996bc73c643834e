import { describe, expect } from "bun:test";
import { stored as flag } from "../../../src/cache/facts.ts";
import {
  answer,
  cachedOnDisk,
  cacheStatuses,
  fetched,
  GET,
  HOST,
  requestsOn,
  valuesOf,
} from "../../support/cache.ts";
import type { FakeDisk } from "../../support/fake-disk.ts";
import type { FakeLink } from "../../support/fake-link.ts";
import { type FakeRelay, head, statuses } from "../../support/relay.ts";

const KEY = "a.example/x";
const FRESH = "Cache-Control: max-age=60";
const ETAG = 'ETag: "a"';
const BODY = Array.from({ length: 100_000 }, (_, at) => String(at).padStart(8, "0")).join("");
const NOT_MODIFIED = head("HTTP/1.1 304 Not Modified", ETAG, FRESH);

/** Too large for memory. */
async function stored(relay: FakeRelay, disk: FakeDisk, ...lines: readonly string[]): Promise<FakeLink> {
  const upstream = fetched(relay, GET, answer(BODY, ...lines));
  await relay.settled();
  expect(disk.objects.get(KEY)?.[0]?.body.length).toBe(BODY.length);
  return upstream;
}

/** All that there is to wait for. */
async function settle(relay: FakeRelay): Promise<void> {
  for (let turns = 0; turns < 12; turns++) await relay.settled();
}

function bodyOf({ received }: FakeLink): string {
  return received.slice(received.indexOf("\r\n\r\n") + 4);
}

describe("what is on the disk", () => {
  cachedOnDisk("is answered from there, at the client's pace", async (relay, { answers }, disk) => {
    await stored(relay, disk, FRESH);
    relay.pass(10_000);
    const client = relay.client();
    client.full = true;
    client.says(GET);
    await settle(relay);

    expect(answers.copiedBytes).toBeGreaterThan(0);
    expect(client.receivedBytes).toBeLessThan(BODY.length);

    while (client.outboxBytes > 0) {
      client.drains();
      await settle(relay);
    }

    expect(bodyOf(client) === BODY).toBe(true);
    expect(cacheStatuses(client)).toEqual(["hit; ttl=50"]);
    expect(valuesOf(client, "Age")).toEqual(["10"]);
    expect(relay.records.at(-1)).toMatchObject({ cache: "hit_disk", bytesOut: client.receivedBytes });
  });

  cachedOnDisk("is answered in ranges", async (relay, _cache, disk) => {
    await stored(relay, disk, FRESH);
    const client = relay.client();
    client.says(head("GET http://a.example/x HTTP/1.1", HOST, "Range: bytes=80-87,-8"));
    await settle(relay);

    expect(statuses(client)).toEqual([206]);
    expect(bodyOf(client)).toContain("\r\n\r\n00000010\r\n");
    expect(bodyOf(client)).toContain("\r\n\r\n00099999\r\n");
  });

  cachedOnDisk("for which a condition holds, takes no reading", async (relay, _cache, disk) => {
    await stored(relay, disk, FRESH, ETAG);
    disk.brokenFrom = 0;
    const client = relay.client();
    client.says(head("GET http://a.example/x HTTP/1.1", HOST, 'If-None-Match: "a"'));
    await settle(relay);

    expect(statuses(client)).toEqual([304]);
  });

  cachedOnDisk("and damaged in its midst, is cut where the damage is", async (relay, _cache, disk) => {
    await stored(relay, disk, FRESH);
    disk.brokenFrom = 500_000;
    const client = relay.client();
    client.says(GET);
    await settle(relay);

    expect(client.isClosed).toBe(true);
    expect(bodyOf(client).length).toBeLessThan(500_000);
    expect(BODY.startsWith(bodyOf(client))).toBe(true);
    expect(relay.records.at(-1)).toMatchObject({ failure: "proxy_internal_error" });
  });

  cachedOnDisk("and damaged from the start, is fetched anew", async (relay, _cache, disk) => {
    const upstream = await stored(relay, disk, FRESH);
    disk.brokenFrom = 0;
    const client = relay.client();
    client.says(GET);
    await settle(relay);
    upstream.says(answer("new", FRESH));

    expect(bodyOf(client)).toBe("new");
    expect(cacheStatuses(client)).toEqual(["fwd=uri-miss; ttl=60; stored"]);
    expect(relay.records.at(-1)).toMatchObject({ cache: "miss", failure: undefined });
  });

  cachedOnDisk("turns out not to be there: it is fetched", async (relay, _cache, disk) => {
    disk.isForgetful = true;
    const client = relay.client();
    client.says(GET);

    expect(relay.dials).toBe(0);

    await settle(relay);
    relay.upstream().says(answer("one", FRESH));

    expect(client.received).toEndWith("one");
    expect(cacheStatuses(client)).toEqual(["fwd=uri-miss; ttl=60; stored"]);
  });

  cachedOnDisk("is looked for for nobody when its client has left", async (relay, _cache, disk) => {
    await stored(relay, disk, FRESH);
    const client = relay.client();
    client.says(GET);
    client.resets();
    await settle(relay);

    expect(relay.dials).toBe(0);
    expect(disk.files).toBe(0);
  });

  cachedOnDisk("is closed when its client leaves in the midst", async (relay, _cache, disk) => {
    await stored(relay, disk, FRESH);
    const client = relay.client();
    client.full = true;
    client.says(GET);
    await settle(relay);
    expect(disk.files).toBe(1);
    client.resets();

    expect(disk.files).toBe(0);
  });

  cachedOnDisk("goes when memory has what is newer", async (relay, _cache, disk) => {
    const upstream = await stored(relay, disk, FRESH, ETAG);
    const client = relay.client();
    client.says(head("GET http://a.example/x HTTP/1.1", HOST, "Cache-Control: no-cache"));
    await settle(relay);
    upstream.says(answer("new", FRESH));

    expect(client.received).toEndWith("new");
    expect(disk.objects.size).toBe(0);
  });
});

describe("what is stale there", () => {
  cachedOnDisk(
    "is asked about, and served when it still holds, to all who wait",
    async (relay, _cache, disk) => {
      const upstream = await stored(relay, disk, "Cache-Control: max-age=1", ETAG);
      relay.pass(5_000);
      const clients = [relay.client(), relay.client()];
      for (const client of clients) client.says(GET);
      await settle(relay);

      expect(requestsOn(upstream)).toBe(2);
      expect(valuesOf(upstream, "If-None-Match")).toEqual(['"a"']);

      upstream.says(NOT_MODIFIED);
      await settle(relay);

      for (const client of clients) expect(bodyOf(client) === BODY).toBe(true);
      expect(relay.records.slice(1).map(({ cache }) => cache)).toEqual(["revalidated", "collapsed"]);

      const next = relay.client();
      next.says(GET);
      await settle(relay);

      expect(cacheStatuses(next)).toEqual(["hit; ttl=60"]);
    },
  );

  cachedOnDisk("makes way for another", async (relay, _cache, disk) => {
    const upstream = await stored(relay, disk, "Cache-Control: max-age=1", ETAG);
    relay.pass(5_000);
    const client = relay.client();
    client.says(GET);
    await settle(relay);
    upstream.says(answer("new", FRESH));
    client.says(GET);
    await settle(relay);

    expect(cacheStatuses(client)).toEqual(["fwd=stale; ttl=60; stored", "hit; ttl=60"]);
    expect(client.received).toEndWith("new");
    expect(disk.objects.size).toBe(0);
  });

  cachedOnDisk("is served and validated at once (RFC 5861 §3)", async (relay, _cache, disk) => {
    const upstream = await stored(relay, disk, "Cache-Control: max-age=1, stale-while-revalidate=60", ETAG);
    relay.pass(5_000);
    const client = relay.client();
    client.says(GET);
    await settle(relay);

    expect(bodyOf(client) === BODY).toBe(true);
    expect(disk.files).toBe(1);

    upstream.says(NOT_MODIFIED);
    await settle(relay);

    expect(disk.files).toBe(0);
  });

  cachedOnDisk("does when the upstream can't be reached (RFC 9111 §4.2.4)", async (relay, _cache, disk) => {
    const upstream = await stored(relay, disk, "Cache-Control: max-age=1", ETAG);
    upstream.closes();
    relay.pass(5_000);
    const client = relay.client();
    client.says(GET);
    await settle(relay);
    relay.dialFails("ECONNREFUSED");
    await settle(relay);

    expect(bodyOf(client) === BODY).toBe(true);
  });

  cachedOnDisk("is let go of when its client does not wait", async (relay, _cache, disk) => {
    const upstream = await stored(relay, disk, "Cache-Control: max-age=1", ETAG);
    relay.pass(5_000);
    const client = relay.client();
    client.says(GET);
    await settle(relay);
    client.resets();

    expect(upstream.isClosed).toBe(true);
    expect(disk.files).toBe(0);
  });
});

cachedOnDisk("a part there is not completed: all is asked for", async (relay, _cache, disk) => {
  const upstream = await stored(relay, disk, FRESH, ETAG);
  const whole = disk.objects.get(KEY)![0]!;
  const facts = { ...whole.facts, flags: whole.facts.flags | flag.partial, bodyBytes: 8 };
  disk.put({ ...whole, facts, body: Buffer.from("00000000") });
  const client = relay.client();
  client.says(GET);
  await settle(relay);

  expect(disk.files).toBe(0);
  expect(valuesOf(upstream, "Range")).toEqual([]);

  upstream.says(answer("all", FRESH, 'ETag: "b"'));

  expect(client.received).toEndWith("all");
});
