/** One cache for all workers: what one stored all serve, and of many who ask at once one goes to the origin. */
import { describe, expect, test } from "bun:test";
import { askEach, connectAll, HttpClient } from "../support/http-client.ts";
import { untilMetric } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { startRawServer } from "../support/raw.ts";
import { checkedBody, fresh, readChecked, startOrigin } from "../support/servers/origin.ts";
import { until } from "../support/until.ts";

/** So many connections that each of two workers has some. */
const CLIENTS = 24;

test("what one worker has stored, all serve", async () => {
  await using proxy = await startProxy({ workers: 2 });
  using origin = startOrigin(({ path }) => fresh(checkedBody(path, 1)));
  using clients = await connectAll(proxy.port, CLIENTS);
  await bothWorkersHaveSome(proxy);

  for (const path of ["/a", "/b", "/c"]) {
    using first = await HttpClient.connect(proxy.port);
    expect((await first.get(origin.authority, path)).field("cache-status")).toMatch(
      /^headgate; fwd=uri-miss; ttl=3[56]\d\d; stored$/,
    );
    for (const answer of await askEach(clients.all, origin.authority, path)) {
      expect(answer.field("cache-status")).toMatch(/^headgate; hit; ttl=3[56]\d\d$/);
      expect(readChecked(answer.body)).toEqual({ path, version: 1 });
    }
    expect(origin.asked(path)).toBe(1);
  }
});

describe("of many who ask at once, over all workers, one goes to the origin, for", () => {
  // What is asked for | its bytes | how the origin sends it.
  const bodies = [
    ["100 KB with a length", 100_000, "at once"],
    ["3 MB with a length", 3_000_000, "at once"],
    ["100 KB in chunks, slowly", 100_000, "in pieces"],
    ["3 MB in chunks, slowly", 3_000_000, "in pieces"],
  ] as const;

  test.each(bodies)("%s", async (_, bytes, how) => {
    await using proxy = await startProxy({ workers: 2 });
    const gate = Promise.withResolvers<void>();
    using origin = startOrigin(async ({ path }) => {
      await gate.promise;
      const body = checkedBody(path, 1, bytes);
      return how === "at once" ? fresh(body) : fresh(inPieces(body) as never);
    });
    using clients = await connectAll(proxy.port, CLIENTS);
    await bothWorkersHaveSome(proxy);

    const asked = askEach(clients.all, origin.authority, "/shared");
    await until("the origin is asked", () => origin.asked("/shared") > 0);
    await untilMetric(proxy, "headgate_exchanges_in_flight", CLIENTS);
    gate.resolve();
    const answers = await asked;

    for (const { body, status } of answers) {
      expect(status).toBe(200);
      expect(readChecked(body)).toEqual({ path: "/shared", version: 1 });
    }
    expect(origin.asked("/shared")).toBe(1);
    const collapsed = answers.filter(({ head }) => head.includes("; collapsed"));
    expect(collapsed.length).toBe(CLIENTS - 1);
    const counted = await proxy.metric('headgate_cache_requests_total{result="collapsed"}');
    expect(counted).toBe(CLIENTS - 1);
  });
});

test("who comes while the body is on its way gets it from its first byte", async () => {
  await using proxy = await startProxy({ workers: 2 });
  const rest = Promise.withResolvers<void>();
  const whole = checkedBody("/late", 1, 300_000);
  using origin = startOrigin(() =>
    fresh(
      (async function* () {
        yield whole.subarray(0, 100_000);
        await rest.promise;
        yield whole.subarray(100_000);
      })() as never,
    ),
  );
  using early = await connectAll(proxy.port, 4);
  const first = askEach(early.all, origin.authority, "/late");
  await until("the body is on its way", async () => (await bytesFromUpstreams(proxy)) >= 100_000);

  using late = await connectAll(proxy.port, CLIENTS);
  const second = askEach(late.all, origin.authority, "/late");
  await untilMetric(proxy, "headgate_exchanges_in_flight", CLIENTS + 4);
  rest.resolve();

  for (const { body } of [...(await first), ...(await second)]) expect(body.equals(whole)).toBe(true);
  expect(origin.asked("/late")).toBe(1);
});

test("an answer that is not for sharing goes to one, and the others ask for themselves", async () => {
  await using proxy = await startProxy({ workers: 2 });
  const gate = Promise.withResolvers<void>();
  using origin = startOrigin(async ({ path, count }) => {
    if (count === 1) await gate.promise;
    return fresh(checkedBody(path, count), { "cache-control": "private, max-age=60" });
  });
  using clients = await connectAll(proxy.port, CLIENTS);
  const asked = askEach(clients.all, origin.authority, "/mine");
  await untilMetric(proxy, "headgate_exchanges_in_flight", CLIENTS);
  gate.resolve();

  const versions = (await asked).map(({ body }) => readChecked(body).version);
  expect(versions.toSorted((one, other) => one - other)).toEqual(
    Array.from({ length: CLIENTS }, (_, at) => at + 1),
  );
});

test("variants are fetched once each, and each asker gets its own", async () => {
  await using proxy = await startProxy({ workers: 2 });
  using origin = startOrigin(({ headers }) =>
    fresh(checkedBody(`/${headers.get("accept-language")}`, 1), { vary: "Accept-Language" }),
  );
  using clients = await connectAll(proxy.port, CLIENTS);
  const languages = ["de", "en", "fr"];
  for (const language of languages) {
    using one = await HttpClient.connect(proxy.port);
    await one.get(origin.authority, "/varied", { fields: `Accept-Language: ${language}\r\n` });
  }

  for (const language of languages) {
    const fields = `accept-language:  ${language}\r\n`;
    for (const { body, head } of await askEach(clients.all, origin.authority, "/varied", { fields })) {
      expect(readChecked(body).path).toBe(`/${language}`);
      expect(head).toContain("Cache-Status: headgate; hit");
    }
  }
  expect(origin.askedInAll()).toBe(languages.length);
});

test("when the fetch fails, its client is told, one other tries, and the rest gets that answer", async () => {
  await using proxy = await startProxy({ workers: 2 });
  const gate = Promise.withResolvers<void>();
  const body = checkedBody("/second", 2);
  using origin = startRawServer(async (peer) => {
    const isFirst = origin.peers.length === 1;
    await peer.hearUntil("\r\n\r\n");
    await gate.promise;
    if (isFirst) return peer.reset();
    peer.say(`HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: ${body.length}\r\n\r\n`);
    peer.say(body);
  });
  using clients = await connectAll(proxy.port, CLIENTS);
  const asked = askEach(clients.all, origin.authority, "/second");
  await untilMetric(proxy, "headgate_exchanges_in_flight", CLIENTS);
  gate.resolve();

  const answers = await asked;
  const [failed, right] = [502, 200].map((wanted) => answers.filter(({ status }) => status === wanted));
  expect(failed?.length).toBe(1);
  expect(right?.length).toBe(CLIENTS - 1);
  for (const { body } of right ?? []) expect(readChecked(body)).toEqual({ path: "/second", version: 2 });
  expect(origin.peers.length).toBe(2);
});

async function bothWorkersHaveSome(proxy: RunningProxy): Promise<void> {
  await until("both workers have connections", async () =>
    (await proxy.status()).workers.every(({ connectionsOpen }) => connectionsOpen > 0),
  );
}

async function bytesFromUpstreams(proxy: RunningProxy): Promise<number> {
  return proxy.metric("headgate_upstream_received_bytes_total");
}

async function* inPieces(body: Buffer): AsyncGenerator<Uint8Array> {
  const step = Math.ceil(body.length / 10);
  for (let at = 0; at < body.length; at += step) {
    yield body.subarray(at, at + step);
    await Bun.sleep(2);
  }
}
