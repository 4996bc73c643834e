/** What the status port is asked to do may take its time: an order is answered, however late. */
import { expect, test } from "bun:test";
import { order } from "../support/orders.ts";
import { startProxy } from "../support/proxy.ts";

/** Beyond the 10 s for which Bun lets a connection be silent when it is not told otherwise. */
const SLOW_MS = 13_000;

test("a config whose list takes its time to load is answered when it is in force", async () => {
  using lists = slowServer();
  await using put = await startProxy({ workers: 1 });
  await using reloaded = await startProxy({ workers: 1 });
  const config = {
    workers: 1,
    listeners: [{ address: "127.0.0.1:0", mode: "forward" }],
    admin: { address: "127.0.0.1:0" },
    policy: { lists: [{ name: "ads", url: lists.url }] },
  };
  await reloaded.rewriteConfig(config);

  const answers = await Promise.all([
    order(put, "PUT", "/config", config),
    order(reloaded, "POST", "/reload"),
  ]);

  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
}, 30_000);

/** Lists that take `SLOW_MS` to come. */
function slowServer() {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    fetch: async () => {
      await Bun.sleep(SLOW_MS);
      return new Response("ads.example\n");
    },
  });
  return { url: `http://127.0.0.1:${server.port}/`, [Symbol.dispose]: () => void server.stop(true) };
}
