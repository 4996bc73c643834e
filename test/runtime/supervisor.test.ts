/** The main thread's work with real workers, in this process: what needs no executable. */
import { afterEach, describe, expect, test } from "bun:test";
import { probeAddress } from "../../src/net/listen.ts";
import { cells } from "../../src/observe/cells.ts";
import { unusedPort } from "../support/port.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";
import { endSupervisors, running, supervising } from "./supervising.ts";

const OWN = "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

afterEach(endSupervisors);

test("every worker listens on the port that any free port became, and all is counted", async () => {
  const { supervisor, port } = await running({ workers: 2 });

  expect(supervisor.phase).toBe("ready");
  expect(supervisor.workers).toEqual(["running", "running"]);
  expect(supervisor.listeners).toEqual([{ address: `127.0.0.1:${port}`, mode: "forward", place: 0 }]);
  for (let visit = 0; visit < 8; visit++) expect(await ask(port)).toStartWith("HTTP/1.1 200 ");
  await until("the count", () => supervisor.snapshot().totals[cells.connections] === 8);
});

test("a port that someone else has is one clear line, and nothing runs", async () => {
  using taken = startRawServer(() => {});
  const { supervisor, said } = supervising({
    listeners: [{ address: `127.0.0.1:${taken.port}`, mode: "forward" }],
  });

  expect(await supervisor.start()).toEqual({
    ok: false,
    problems: [`Cannot listen on 127.0.0.1:${taken.port}: the port is in use`],
  });
  expect(said).toEqual([]);
});

describe("a new config", () => {
  test("is in force in all workers once it is applied, and connections stay", async () => {
    const { supervisor, port, config } = await running({ workers: 2 });
    using peer = await RawPeer.connect(port);

    expect(await supervisor.apply(config({ workers: 2, limits: { connectionsPerClient: 1 } }))).toEqual({
      ok: true,
      generation: 2,
    });
    expect(await ask(port)).toStartWith("HTTP/1.1 503 ");
    expect((await peer.say(OWN).hearUntil("\r\n\r\n")).slice(0, 13)).toBe("HTTP/1.1 200 ");
  });

  test("that can't be had everywhere is had nowhere", async () => {
    using taken = startRawServer(() => {});
    const { supervisor, port, config } = await running({ workers: 2 });
    const refused = await supervisor.apply(
      config({
        workers: 2,
        limits: { connectionsPerClient: 1 },
        listeners: [
          { address: `127.0.0.1:${port}`, mode: "forward" },
          { address: `127.0.0.1:${taken.port}`, mode: "forward" },
        ],
      }),
    );

    expect(refused).toMatchObject({ ok: false, problems: [expect.stringContaining("the port is in use")] });
    expect(supervisor.generation).toBe(1);
    using _ = await RawPeer.connect(port);
    expect(await ask(port)).toStartWith("HTTP/1.1 200 ");
  });

  test("that needs a restart is refused", async () => {
    const { supervisor, config } = await running({ workers: 1 });

    expect(await supervisor.apply(config({ workers: 2 }))).toMatchObject({ ok: false });
    expect(supervisor.snapshot().totals[cells.configReloads.refused]).toBe(1);
  });

  test("while another is applied waits for its turn", async () => {
    const { supervisor, config } = await running({ workers: 2 });
    const results = await Promise.all(
      [1, 2, 3].map((connections) => supervisor.apply(config({ workers: 2, limits: { connections } }))),
    );

    expect(results.map((result) => result.ok && result.generation)).toEqual([2, 3, 4]);
    expect(supervisor.config.limits.connections).toBe(3);
  });
});

describe("a worker that ends", () => {
  test("is counted, replaced and told, and leaves no count behind", async () => {
    const { supervisor, port, said } = await running({ workers: 1 });
    using peer = await RawPeer.connect(port);
    await until("the connection", () => supervisor.snapshot().totals[cells.connectionsOpen] === 1);
    supervisor.restartWorker(0);
    await peer.hearOut();
    await until("the new worker", () => supervisor.workers[0] === "running" && said.length > 0);

    expect(said).toEqual([expect.stringMatching(/^Worker 0 ended and is replaced: /)]);
    expect(supervisor.snapshot().totals[cells.workerRestarts]).toBe(1);
    expect(supervisor.snapshot().totals[cells.connectionsOpen]).toBe(0);
    expect(await ask(port)).toStartWith("HTTP/1.1 200 ");
  });

  test("while a config is applied is replaced by one that has it", async () => {
    const { supervisor, port, config } = await running({ workers: 2 });
    supervisor.restartWorker(0);
    await until("the end", () => supervisor.workers[0] !== "running");
    const applied = await supervisor.apply(config({ workers: 2, limits: { connections: 1 } }));
    await until("the new worker", () => supervisor.workers[0] === "running");

    expect(applied).toMatchObject({ ok: true });
    using _ = await RawPeer.connect(port);
    // The kernel has it before a worker has.
    await until("the one connection", () => supervisor.snapshot().totals[cells.connectionsOpen] === 1);
    for (let visit = 0; visit < 8; visit++) expect(await ask(port)).toStartWith("HTTP/1.1 503 ");
  });

  test("and can't listen again is tried once more, until it can", async () => {
    const port = unusedPort();
    const listeners = [{ address: `127.0.0.1:${port}`, mode: "forward" }];
    const { supervisor, said } = await running({ workers: 1, listeners });
    supervisor.restartWorker(0);
    await until("the end", () => supervisor.workers[0] !== "running");
    const taken = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
    await until("the failure", () => said.some((line) => line.includes("could not start")));
    taken.stop(true);

    await until("the new worker", () => supervisor.workers[0] === "running");
    expect(await ask(port)).toStartWith("HTTP/1.1 200 ");
  });
});

describe("a drain", () => {
  test("ends when the last exchange has, and lets nobody in", async () => {
    const gate = Promise.withResolvers<void>();
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      await gate.promise;
      peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").finish();
    });
    const { supervisor, port } = await running({ workers: 2 });
    using peer = await RawPeer.connect(port);
    peer.say(`GET http://${upstream.authority}/ HTTP/1.1\r\nHost: ${upstream.authority}\r\n\r\n`);
    await until("the request", () => upstream.peers.length === 1);
    supervisor.drain();

    expect(supervisor.phase).toBe("draining");
    await until("the listeners' end", () => isFree(port));
    gate.resolve();
    expect(await peer.hearUntil("hi")).toContain("Connection: close\r\n");
    await peer.hearOut();
    peer.finish();
    await supervisor.drained;
    expect(supervisor.workers).toEqual(["stopped", "stopped"]);
  });

  test("cuts what is left when its time is over", async () => {
    const { supervisor, port } = await running({ workers: 1, timeouts: { drain: "200ms" } });
    using peer = await RawPeer.connect(port);
    peer.say("OPTIONS * HTTP/1.1\r\n");
    await until("the connection", () => supervisor.snapshot().totals[cells.exchangesInFlight] === 1);
    supervisor.drain();
    await supervisor.drained;

    expect(await peer.hearOut()).toBe("reset");
    expect(supervisor.snapshot().totals[cells.limitReached.timeout_drain]).toBe(1);
  });
});

/** Nobody listens there any more. (Who knocked while a listener stops would wait a second for the next knock.) */
function isFree(port: number): boolean {
  try {
    probeAddress("127.0.0.1", port);
    return true;
  } catch {
    return false;
  }
}

/** A visit of its own: everything that is answered. */
async function ask(port: number): Promise<string> {
  using peer = await RawPeer.connect(port);
  peer.say(OWN);
  await peer.hearOut();
  return peer.heard;
}
