/** Hit ratios of the arena and of plain LRU with as many bytes, on the traces of `hit-ratio.ts`. */
import { measure, SEED, SHAPES } from "../hit-ratio/measure.ts";
import { arenaCache, type Cache, queueCache } from "../hit-ratio/policies.ts";
import { makeTrace } from "../hit-ratio/traces.ts";
import type { Sample } from "./load.ts";

const BYTES = 64 * 2 ** 20;
const REQUESTS = 300_000;

/** In %, by requests; by how much the arena is better where it is worst. */
export async function measureRatio(): Promise<Sample> {
  const sample: Record<string, number> = {};
  let least = Number.POSITIVE_INFINITY;
  for (const shape of SHAPES) {
    const trace = makeTrace(shape, REQUESTS, SEED);
    const percent = (cache: Cache): number => measure(trace, cache).requests * 100;
    const [arena, lru] = [percent(arenaCache(BYTES)), percent(queueCache(BYTES, true))];
    sample[`${shape.name} %`] = arena;
    sample[`${shape.name}, LRU %`] = lru;
    least = Math.min(least, arena - lru);
  }
  return { ...sample, "least gain over LRU": least };
}
