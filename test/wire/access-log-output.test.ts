/** Where the access log goes: files and pipes, and that no reader of it holds up traffic. */
import { describe, expect, test } from "bun:test";
import { closeSync, constants, openSync } from "node:fs";
import { rename } from "node:fs/promises";
import { answerEach, get } from "../support/http.ts";
import { Load } from "../support/load.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { makeFolder, runOk } from "../support/tools.ts";
import { until } from "../support/until.ts";

describe("a file", () => {
  test("is appended to, and opened anew on SIGUSR1 without a line lost", async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/access.log`;
    await Bun.write(path, "before\n");
    await using proxy = await startProxy({ workers: 2, log: { access: path } });
    using upstream = startRawServer((peer) => answerEach(peer));
    await using load = new Load({ port: proxy.port, authority: upstream.authority, kept: 8, anew: 4 });
    await until("it is written to", () => Bun.file(path).size > 10_000);

    await rename(path, `${path}.1`);
    proxy.signal("SIGUSR1");
    await until(
      "the new file is written to",
      async () => (await Bun.file(path).exists()) && Bun.file(path).size > 0,
    );
    await load.stop();
    await proxy.stop();

    const [old, young] = [await Bun.file(`${path}.1`).text(), await Bun.file(path).text()];
    expect(old).toStartWith("before\n{");
    const lines = `${old}${young}`.trim().split("\n").slice(1);
    expect(lines.length).toBe(load.answered);
    for (const line of lines) JSON.parse(line);
  });

  test("follows the config", async () => {
    await using folder = await makeFolder();
    await using proxy = await startProxy({ workers: 2, log: { access: `${folder.path}/one.log` } });
    using upstream = startRawServer((peer) => answerEach(peer));
    await ask(proxy, upstream);
    await until("the line is there", () => Bun.file(`${folder.path}/one.log`).size > 0);

    await proxy.rewriteConfig({ workers: 2, log: { access: `${folder.path}/two.log`, format: "common" } });
    await fetch(`${proxy.admin}/reload`, { method: "POST", proxy: false });
    await ask(proxy, upstream);
    await proxy.stop();

    expect(await Bun.file(`${folder.path}/one.log`).text()).toMatch(/^\{.*\}\n$/);
    expect(await Bun.file(`${folder.path}/two.log`).text()).toMatch(/^127\.0\.0\.1 - - .*\n$/);
  });
});

describe("a stdout", () => {
  test.skipIf(Bun.which("mkfifo") === null)(
    "that nobody reads never blocks traffic, and what is lost is counted",
    async () => {
      await using folder = await makeFolder();
      const fifo = `${folder.path}/stuck`;
      await runOk(["mkfifo", fifo]);
      // Opened for both, so that it takes 64 KiB and then no more, and no end is ever seen.
      const stdout = openSync(fifo, constants.O_RDWR);
      await using proxy = await startProxy(
        { workers: 2, log: { format: "json", bufferBytes: "64KiB" } },
        { stdout },
      );
      using upstream = startRawServer((peer) => answerEach(peer));
      await using load = new Load({ port: proxy.port, authority: upstream.authority, kept: 8, anew: 2 });

      const dropped = await until("lines are dropped", async () => {
        const count = await proxy.metric("headgate_log_lines_dropped_total");
        return count > 500 ? count : undefined;
      });
      await load.stop();

      expect(load.failures).toEqual([]);
      expect(load.answered).toBeGreaterThan(dropped);
      expect(await proxy.metric("headgate_log_in_flight_bytes")).toBeLessThan(300_000);
      expect((await fetch(`${proxy.admin}/health`, { proxy: false })).status).toBe(200);
      const startedAt = Date.now();
      expect(await proxy.stop()).toBe(0);
      expect(Date.now() - startedAt).toBeLessThan(3_000);
      closeSync(stdout);
    },
  );

  test("whose reader has gone costs lines, not the proxy", async () => {
    await using proxy = await startProxy({ workers: 1 }, { stdout: await brokenPipe() });
    using upstream = startRawServer((peer) => answerEach(peer));

    await ask(proxy, upstream);
    await until("the line is lost", async () => (await proxy.metric("headgate_log_lines_dropped_total")) > 0);
    await ask(proxy, upstream);

    await until("stderr tells it", () => proxy.stderr().includes("Cannot write the access log"));
    expect(await proxy.stop()).toBe(0);
  });
});

async function ask(proxy: RunningProxy, upstream: RawServer): Promise<void> {
  using client = await RawPeer.connect(proxy.port);
  client.say(get(upstream.authority, "/", "Connection: close\r\n"));
  await client.hearOut();
  expect(client.heard).toEndWith("hello");
}

/** The writing end of a pipe whose reading end is closed. */
async function brokenPipe(): Promise<number> {
  await using folder = await makeFolder();
  const fifo = `${folder.path}/broken`;
  await runOk(["mkfifo", fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(fifo, constants.O_WRONLY);
  closeSync(reader);
  return writer;
}
