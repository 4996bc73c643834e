/** A worker that ends while it fetches: the others' clients are served, what is stored stays, and nothing is locked. */
import { expect, test } from "bun:test";
import { connectAll, HttpClient } from "../support/http-client.ts";
import { nothingIsLeft } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { checkedBody, fresh, readChecked, startOrigin } from "../support/servers/origin.ts";
import { until } from "../support/until.ts";

const CLIENTS = 16;

test("who waits for what an ended worker was fetching gets it all the same", async () => {
  await using proxy = await startProxy({ workers: 2, log: { access: "off" } });
  const gates = new Map<string, PromiseWithResolvers<void>>();
  using origin = startOrigin(async ({ path, count }) => {
    if (count === 1) await gates.get(path)?.promise;
    return fresh(checkedBody(path, count, 20_000));
  });
  using warm = await HttpClient.connect(proxy.port);
  await warm.get(origin.authority, "/stored");

  for (const worker of [0, 1]) {
    const path = `/under-way/${worker}`;
    gates.set(path, Promise.withResolvers());
    await bothAreRunning(proxy);
    using clients = await connectAll(proxy.port, CLIENTS);
    await until("both workers have connections", async () =>
      (await proxy.status()).workers.every(({ connectionsOpen }) => connectionsOpen > 1),
    );
    const asked = clients.all.map((client) => client.get(origin.authority, path).catch(() => undefined));
    await until("all of them wait", async () => {
      return (await proxy.metric("headgate_exchanges_in_flight")) === CLIENTS;
    });

    await restart(proxy, worker);
    await until("it is replaced", async () => (await restartsOf(proxy)) === worker + 1);
    gates.get(path)?.resolve();
    const answers = await Promise.all(asked);

    const served = answers.filter((answer) => answer !== undefined);
    expect(served.length).toBeWithin(1, CLIENTS);
    for (const { status, body } of served) {
      expect(status).toBe(200);
      expect(readChecked(body).path).toBe(path);
    }
    expect(origin.asked(path)).toBeWithin(1, 3);
  }

  using clients = await connectAll(proxy.port, CLIENTS);
  for (const client of clients.all) {
    const answer = await client.get(origin.authority, "/stored");
    expect(answer.field("cache-status")).toStartWith("headgate; hit");
  }
  expect(origin.asked("/stored")).toBe(1);
});

test("again and again, under load that writes: what is served is whole, and everything can be stored and purged", async () => {
  await using proxy = await startProxy({ workers: 2, cache: { memory: "1MiB" }, log: { access: "off" } });
  using origin = startOrigin(({ path, count }) => fresh(checkedBody(path, count, 5_000)));
  let isOver = false;
  let answers = 0;
  const wrong: string[] = [];

  async function asks(number: number): Promise<void> {
    let client: HttpClient | undefined;
    for (let at = number; !isOver; at++) {
      try {
        client ??= await HttpClient.connect(proxy.port);
        const path = `/object/${(at * at) % 400}`;
        const { body } = await client.get(origin.authority, path);
        if (readChecked(body).path !== path) wrong.push(path);
        answers++;
      } catch (error) {
        // Its worker has ended.
        if (String(error).includes("believe")) wrong.push(String(error));
        client?.[Symbol.dispose]();
        client = undefined;
        await Bun.sleep(2);
      }
    }
    client?.[Symbol.dispose]();
  }

  const load = Array.from({ length: CLIENTS }, (_, number) => asks(number));
  for (let round = 1; round <= 4; round++) {
    const before = answers;
    await until("the load is on", () => answers > before + 200);
    await restart(proxy, round % 2);
    await until("it is replaced", async () => (await restartsOf(proxy)) === round);
    await bothAreRunning(proxy);
  }
  isOver = true;
  await Promise.all(load);

  expect(wrong).toEqual([]);
  await nothingIsLeft(proxy);
  using client = await HttpClient.connect(proxy.port);
  for (let at = 0; at < 50; at++) {
    const path = `/new/${at}`;
    await client.get(origin.authority, path);
    expect((await client.get(origin.authority, path)).field("cache-status")).toStartWith("headgate; hit");
    expect((await client.get(origin.authority, path, { method: "PURGE" })).status).toBe(200);
  }
});

async function bothAreRunning(proxy: RunningProxy): Promise<void> {
  await until("both are running", async () =>
    (await proxy.status()).workers.every(({ state }) => state === "running"),
  );
}

async function restart(proxy: RunningProxy, worker: number): Promise<void> {
  await fetch(`${proxy.admin}/workers/${worker}/restart`, { method: "POST", proxy: false });
}

function restartsOf(proxy: RunningProxy): Promise<number> {
  return proxy.metric("headgate_worker_restarts_total");
}
