/** What the gate's keeper has, on its way to the workers: a list that takes its time holds up its own config only. */
import { afterEach, expect, test } from "bun:test";
import { RawPeer } from "../support/raw.ts";
import { until } from "../support/until.ts";
import { endSupervisors, running } from "./supervising.ts";

const REFUSING = new URL("./refusing-worker.ts", import.meta.url).href;
const TOKEN = { name: "ci", expires: undefined, groups: [] };

afterEach(endSupervisors);

test("while a config waits for a list, tokens come and go and a worker is replaced", async () => {
  await using list = slowList();
  const authentication = { delay: "10ms" };
  const { supervisor, port, config } = await running({ workers: 1, authentication });
  const added = supervisor.gate.accounts.addToken(TOKEN);
  await supervisor.settled();
  const applied = supervisor.apply(config({ workers: 1, authentication, policy: { lists: [list.spec] } }));
  await until("the question", () => list.asked === 1);
  expect(await knock(port, added.ok ? added.secret : "")).toStartWith("HTTP/1.1 403 ");

  supervisor.gate.accounts.removeToken("ci");
  await supervisor.settled();
  expect(await knock(port, added.ok ? added.secret : "")).toStartWith("HTTP/1.1 407 ");
  supervisor.restartWorker(0);
  await until("the end", () => supervisor.workers[0] !== "running");
  await until("the new worker", () => supervisor.workers[0] === "running");
  list.answer();

  expect(await applied).toEqual({ ok: true, generation: 2 });
  expect(await knock(port, added.ok ? added.secret : "")).toStartWith("HTTP/1.1 407 ");
});

test("a config that waits for a list has what became of tokens meanwhile, in each worker from its first request on", async () => {
  await using list = slowList();
  const { supervisor, config } = await running({ workers: 2 });
  const names = () => supervisor.explainWith.accounts.map(({ name }) => name);
  supervisor.gate.accounts.addToken(TOKEN);
  const seen: string[][] = [];
  const applied = supervisor
    .apply(config({ workers: 2, policy: { lists: [list.spec] } }))
    .then(() => seen.push(names()));
  await until("the question", () => list.asked === 1);
  supervisor.gate.accounts.removeToken("ci");
  supervisor.gate.accounts.addToken({ ...TOKEN, name: "cd" });
  list.answer();
  await applied;

  expect(seen).toEqual([["cd"]]);
});

test("configs are applied in the order in which they came, whichever has what it needs first", async () => {
  await using list = slowList();
  const { supervisor, config } = await running({ workers: 1 });
  const first = supervisor.apply(config({ workers: 1, policy: { lists: [list.spec] } }));
  const second = supervisor.apply(config({ workers: 1, limits: { connections: 7 } }));
  await until("the question", () => list.asked === 1);
  list.answer();

  expect([await first, await second]).toEqual([
    { ok: true, generation: 2 },
    { ok: true, generation: 3 },
  ]);
  expect(supervisor.config.limits.connections).toBe(7);
  expect(supervisor.gate.lists.states()).toEqual([]);
});

test("a config that waits for a list while a drain begins is refused", async () => {
  await using list = slowList();
  const { supervisor, config } = await running({ workers: 1 });
  const applied = supervisor.apply(config({ workers: 1, policy: { lists: [list.spec] } }));
  await until("the question", () => list.asked === 1);
  supervisor.drain();
  list.answer();

  expect(await applied).toEqual({ ok: false, problems: ["Cannot apply a config: draining"] });
});

test("a worker that refuses what became of accounts is replaced by one that has it", async () => {
  const { supervisor, said } = await running({ workers: 1 }, REFUSING);

  supervisor.gate.accounts.addToken(TOKEN);
  await until("the end", () => said.length > 0);
  await until("the new worker", () => supervisor.workers[0] === "running");

  expect(said).toEqual([expect.stringMatching(/^Worker 0 ended and is replaced: it has had enough/)]);
});

/** The URL of a list that answers when it is told to. */
function slowList() {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async () => {
      asked += 1;
      await gate.promise;
      return new Response("ads.example\n");
    },
  });
  return {
    spec: { name: "ads", url: `http://127.0.0.1:${server.port}/` },
    get asked() {
      return asked;
    },
    answer: () => gate.resolve(),
    [Symbol.asyncDispose]: async () => {
      gate.resolve();
      await server.stop(true);
    },
  };
}

/** The head of the answer for whoever has this secret and wants what nobody may have. */
async function knock(port: number, secret: string): Promise<string> {
  using peer = await RawPeer.connect(port);
  const credentials = Buffer.from(`ci:${secret}`).toString("base64");
  peer.say(
    `GET http://169.254.169.254/ HTTP/1.1\r\nHost: 169.254.169.254\r\nProxy-Authorization: Basic ${credentials}\r\n\r\n`,
  );
  return await peer.hearUntil("\r\n\r\n");
}
