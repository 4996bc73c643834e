/**
 * What is stored and past its lifetime: served while it is validated, and where the
 * origin fails or has gone (RFC 5861, RFC 9111 §4.2.4). Answers come with an `Age`
 * beyond their lifetime, so nobody waits for them to grow old.
 */
import { describe, expect, test } from "bun:test";
import { HttpClient } from "../support/http-client.ts";
import { startProxy } from "../support/proxy.ts";
import { checkedBody, fresh, readChecked, startOrigin } from "../support/servers/origin.ts";
import { until } from "../support/until.ts";

/** Stale for 20 seconds when it comes. */
function stale(path: string, version: number, more: string): Response {
  return fresh(checkedBody(path, version), {
    "cache-control": `max-age=10${more}`,
    age: "30",
    etag: `"${version}"`,
  });
}

describe("stale-while-revalidate (RFC 5861 §3)", () => {
  test("serves the stale answer at once, fetches a new one once, and all have that", async () => {
    await using proxy = await startProxy({ workers: 2 });
    const gate = Promise.withResolvers<void>();
    using origin = startOrigin(async ({ path, count }) => {
      if (count === 1) return stale(path, 1, ", stale-while-revalidate=1000");
      await gate.promise;
      return fresh(checkedBody(path, 2));
    });
    const clients = await Promise.all(Array.from({ length: 12 }, () => HttpClient.connect(proxy.port)));
    const [first] = clients;
    await first?.get(origin.authority, "/swr");

    for (const client of clients) {
      const answer = await client.get(origin.authority, "/swr");
      expect(readChecked(answer.body).version).toBe(1);
      expect(answer.field("cache-status")).toMatch(/^headgate; hit; ttl=-2\d/);
      expect(answer.field("age")).toMatch(/^3\d$/);
    }
    await until("the origin is asked again", () => origin.asked("/swr") === 2);
    gate.resolve();

    for (const client of clients) {
      await until("it has the new one", async () => {
        const { body } = await client.get(origin.authority, "/swr");
        return readChecked(body).version === 2;
      });
      client[Symbol.dispose]();
    }
    expect(origin.asked("/swr")).toBe(2);
    expect(await proxy.metric("headgate_cache_refreshes_total")).toBe(1);
    expect(await proxy.metric('headgate_cache_requests_total{result="stale"}')).toBeGreaterThanOrEqual(12);
  });

  test("does not outlast its time: then the client waits for the origin", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using origin = startOrigin(({ path, count }) => stale(path, count, ", stale-while-revalidate=5"));
    using client = await HttpClient.connect(proxy.port);
    await client.get(origin.authority, "/swr");

    const answer = await client.get(origin.authority, "/swr");

    expect(readChecked(answer.body).version).toBe(2);
    expect(answer.field("cache-status")).toStartWith("headgate; fwd=stale");
  });

  test("that fails leaves the stale answer where it is", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using origin = startOrigin(({ path, count }) =>
      count === 1
        ? stale(path, 1, ", stale-while-revalidate=1000")
        : new Response("no", { status: 503, headers: { "cache-control": "no-store" } }),
    );
    using client = await HttpClient.connect(proxy.port);
    await client.get(origin.authority, "/swr");

    await until("the origin has failed several times", async () => {
      const { body, status } = await client.get(origin.authority, "/swr");
      expect(status).toBe(200);
      expect(readChecked(body).version).toBe(1);
      return origin.asked("/swr") > 4;
    });
  });
});

describe("stale-if-error (RFC 5861 §4)", () => {
  // What becomes of the origin | what Cache-Status says of it.
  const errors = [
    ["500", 500, /^headgate; fwd=stale; fwd-status=500; ttl=-2\d; detail=stale-error$/],
    ["503", 503, /^headgate; fwd=stale; fwd-status=503; ttl=-2\d; detail=stale-error$/],
  ] as const;

  test.each(errors)("serves the stale answer where the origin says %s", async (_, status, line) => {
    await using proxy = await startProxy({ workers: 2 });
    using origin = startOrigin(({ path, count }) =>
      count === 1 ? stale(path, 1, ", stale-if-error=1000") : new Response("no", { status }),
    );
    using client = await HttpClient.connect(proxy.port);
    await client.get(origin.authority, "/sie");

    const answer = await client.get(origin.authority, "/sie");

    expect(answer.status).toBe(200);
    expect(readChecked(answer.body).version).toBe(1);
    expect(answer.field("cache-status")).toMatch(line);
  });

  test("serves the stale answer where the origin has gone, to all, and the new one when it is back", async () => {
    await using proxy = await startProxy({ workers: 2 });
    const origin = startOrigin(({ path }) => stale(path, 1, ", stale-if-error=1000"));
    const { authority, port } = origin;
    const clients = await Promise.all(Array.from({ length: 12 }, () => HttpClient.connect(proxy.port)));
    await clients[0]?.get(authority, "/gone");
    origin.stop();

    const answers = await Promise.all(clients.map((client) => client.get(authority, "/gone")));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(readChecked(answer.body).version).toBe(1);
      expect(answer.field("cache-status")).toMatch(
        /^headgate; fwd=stale; ttl=-2\d; detail=stale-unreachable$/,
      );
    }

    using back = startOrigin(({ path }) => fresh(checkedBody(path, 2)), port);
    for (const client of clients) {
      expect(readChecked((await client.get(back.authority, "/gone")).body).version).toBe(2);
      client[Symbol.dispose]();
    }
    expect(back.asked("/gone")).toBe(1);
  });

  test("without it, and where it must be validated, the failure is told", async () => {
    await using proxy = await startProxy({ workers: 1 });
    const origin = startOrigin(({ path }) => stale(path, 1, ", must-revalidate, stale-if-error=1000"));
    using client = await HttpClient.connect(proxy.port);
    await client.get(origin.authority, "/strict");
    origin.stop();

    expect((await client.get(origin.authority, "/strict")).status).toBe(502);
  });

  test("a client may ask for it itself", async () => {
    await using proxy = await startProxy({ workers: 1 });
    const origin = startOrigin(({ path }) => stale(path, 1, ""));
    using client = await HttpClient.connect(proxy.port);
    await client.get(origin.authority, "/asked");
    origin.stop();

    const answer = await client.get(origin.authority, "/asked", {
      fields: "Cache-Control: stale-if-error=1000\r\n",
    });

    expect(answer.status).toBe(200);
    expect(readChecked(answer.body).version).toBe(1);
  });
});

test("max-stale has what is past its lifetime, without the origin (RFC 9111 §5.2.1.2)", async () => {
  await using proxy = await startProxy({ workers: 1 });
  using origin = startOrigin(({ path, count }) => stale(path, count, ""));
  using client = await HttpClient.connect(proxy.port);
  await client.get(origin.authority, "/old");

  const taken = await client.get(origin.authority, "/old", { fields: "Cache-Control: max-stale=100\r\n" });
  const refused = await client.get(origin.authority, "/old", { fields: "Cache-Control: max-stale=5\r\n" });

  expect(readChecked(taken.body).version).toBe(1);
  expect(taken.field("cache-status")).toMatch(/^headgate; hit; ttl=-2\d/);
  expect(readChecked(refused.body).version).toBe(2);
});
