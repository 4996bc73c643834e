/** Traces that caches are compared on, and what is counted of them. */
import type { Cache } from "./policies.ts";
import { sizeOf, type Trace, type TraceShape } from "./traces.ts";

const OBJECTS = 100_000;
export const SEED = 4_711;

export const SHAPES: readonly TraceShape[] = [
  { name: "Zipf 0.8", alpha: 0.8, objects: OBJECTS },
  { name: "Zipf 1.0", alpha: 1, objects: OBJECTS },
  { name: "Zipf 0.9, 25 % asked for once", alpha: 0.9, objects: OBJECTS, once: 25 },
  { name: "Zipf 0.9, 20 % read in order", alpha: 0.9, objects: OBJECTS, scans: 20 },
  { name: "Zipf 0.9, popularity drifts", alpha: 0.9, objects: OBJECTS, driftEvery: 50 },
];

export interface Ratios {
  readonly requests: number;
  readonly bytes: number;
}

/** The first quarter fills the cache, and is not counted. */
export function measure({ requests }: Trace, cache: Cache): Ratios {
  const from = requests.length / 4;
  let [asked, hits, askedBytes, hitBytes] = [0, 0, 0, 0];
  for (const [index, object] of requests.entries()) {
    const isHit = cache(object);
    if (index < from) continue;
    const bytes = sizeOf(object);
    asked++;
    askedBytes += bytes;
    if (!isHit) continue;
    hits++;
    hitBytes += bytes;
  }
  return { requests: hits / asked, bytes: hitBytes / askedBytes };
}
