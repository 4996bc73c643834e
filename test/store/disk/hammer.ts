/**
 * A worker that stores, opens and invalidates objects under a few hundred keys as
 * fast as it can. Each body begins with its checksum, so whatever is read is known
 * to be whole or not.
 */
import { parentPort, workerData } from "node:worker_threads";
import { type DiskShared, DiskTier } from "../../../src/store/disk/tier.ts";
import { bodyOf, entry, load, store } from "./disk.ts";

export interface HammerData {
  readonly shared: DiskShared;
  readonly thread: number;
  /** How many times it does something. */
  readonly rounds: number;
}

export interface HammerDone {
  readonly done: true;
  readonly hits: number;
  readonly stored: number;
  /** Bodies that were not what was written. */
  readonly wrong: number;
}

export const KEYS = 300;
const LARGE_BYTES = 600_000;

const noise = bodyOf(LARGE_BYTES, 99);

export function keyOf(index: number): string {
  return `host${index % 10}.example/${index}`;
}

/** Its first 8 bytes are the checksum of the rest. */
export function checkedBody(random: () => number): Buffer {
  const length = 16 + Math.floor(random() < 0.1 ? random() * (LARGE_BYTES - 16) : random() * 10_000);
  const body = Buffer.from(noise.subarray(0, length));
  body.writeDoubleLE(random(), 8);
  body.writeBigUInt64LE(Bun.hash.wyhash(body.subarray(8)), 0);
  return body;
}

export function isWhole(body: Buffer): boolean {
  return body.length >= 16 && body.readBigUInt64LE(0) === Bun.hash.wyhash(body.subarray(8));
}

if (parentPort !== null) void hammer(workerData as HammerData);

async function hammer({ shared, thread, rounds }: HammerData): Promise<void> {
  const tier = new DiskTier(shared, thread, (report) => parentPort?.postMessage(report));
  let [hits, stored, wrong] = [0, 0, 0];
  // Waiting for the main thread does not keep a thread alive; listeners do, where there are some.
  const alive = setInterval(() => undefined, 1_000);
  const lane = async () => {
    for (let round = 0; round < rounds / 4; round++) {
      const key = keyOf(Math.floor(Math.random() * KEYS));
      const dice = Math.random();
      if (dice < 0.02) tier.remove(key);
      else if (dice < 0.3) {
        if (await store(tier, entry(key, checkedBody(Math.random)), { isKnown: dice < 0.15 })) stored++;
      } else if (tier.mayHave(key)) {
        const body = await load(tier, key);
        if (body === undefined) continue;
        hits++;
        if (!isWhole(body)) wrong++;
      } else await Bun.sleep(0);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  clearInterval(alive);
  parentPort?.postMessage({ done: true, hits, stored, wrong } satisfies HammerDone);
}
