/** Workers that are threads, a process that is killed: what is served is whole. */
import { afterAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import {
  bytesOnDisk,
  draftFiles,
  load,
  MIB,
  newFolder,
  objectFiles,
  openDisk,
  removeFolders,
  until,
} from "./disk.ts";
import { type HammerData, type HammerDone, isWhole, KEYS, keyOf } from "./hammer.ts";

afterAll(removeFolders);

test("several workers store, replace, read and invalidate, while others purge, and all that is read is whole", async () => {
  const size = 16 * MIB;
  const disk = await openDisk({ size });
  const results: HammerDone[] = [];
  const workers = [0, 1, 2].map((thread) => {
    const workerData: HammerData = { shared: disk.keeper.shared, thread, rounds: 600 };
    const worker = new Worker(new URL("./hammer.ts", import.meta.url), { workerData });
    worker.on("message", (message) => {
      if (message.done === true) results.push(message);
      else disk.keeper.onReport(message);
    });
    return worker;
  });
  let most = 0;
  for (let round = 0; results.length < workers.length; round++) {
    await disk.keeper.purge({ host: `host${round % 10}.example` }, round % 2 === 0);
    most = Math.max(most, disk.keeper.stats().bytes, bytesOnDisk(disk.path));
    await Bun.sleep(20);
  }
  for (const worker of workers) await worker.terminate();

  expect(results.map(({ wrong }) => wrong)).toEqual([0, 0, 0]);
  for (const { hits, stored } of results) expect(Math.min(hits, stored)).toBeGreaterThan(25);
  expect(most).toBeLessThanOrEqual(size);
  expect(disk.messages).toEqual([]);
  expect(draftFiles(disk.path)).toEqual([]);
  await disk.keeper.close();
  expect(objectFiles(disk.path)).toHaveLength(disk.keeper.stats().entries);
}, 30_000);

test("a process that is killed while it stores leaves whole objects, and no lock", async () => {
  const path = newFolder();
  const size = 8 * MIB;
  let found = 0;
  for (let round = 0; round < 4; round++) {
    await killAfter(path, size, 250 + round * 60);

    expect(bytesOnDisk(path)).toBeLessThanOrEqual(size);
    const disk = await openDisk({ path, size });
    expect(draftFiles(path)).toEqual([]);
    const tier = disk.tier();
    for (let index = 0; index < KEYS; index++) {
      const body = await load(tier, keyOf(index));
      if (body === undefined) continue;
      found++;
      expect(isWhole(body)).toBe(true);
    }
    // At most rows whose file was gone already.
    for (const message of disk.messages) expect(message).toEndWith("its file is missing");
    expect(objectFiles(path).every((file) => /\/[0-9a-f]{12}$/.test(file))).toBe(true);
    expect(await until(() => disk.keeper.stats().bytes === bytesOnDisk(path))).toBe(true);
    await disk.keeper.close();
    expect(objectFiles(path)).toHaveLength(disk.keeper.stats().entries);
  }
  expect(found).toBeGreaterThan(100);
}, 30_000);

async function killAfter(path: string, size: number, ms: number): Promise<void> {
  const victim = Bun.spawn([process.execPath, join(import.meta.dir, "victim.ts"), path, String(size)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  await victim.stdout.getReader().read();
  await until(() => readdirSync(join(path, "objects")).length > 0);
  await Bun.sleep(ms);
  victim.kill("SIGKILL");
  await victim.exited;
}
