/**
 * How many requests the arena answers, and how many of their bytes, beside plain
 * LRU and FIFO of the same size: made-up traces, the same ones for all. The first
 * quarter of each fills the caches and is not counted.
 */
import { parseArgs } from "node:util";
import { arenaCache, type Cache, queueCache } from "./hit-ratio/policies.ts";
import { makeTrace, sizeOf, type Trace, type TraceShape } from "./hit-ratio/traces.ts";

const USAGE = `Usage: bun scripts/hit-ratio.ts [OPTIONS]

  --mib N        size of the caches (64)
  --requests N   of each trace (1000000)
  --tune         other shares of the small ring, and other numbers of uses
  --help         print this
`;

const OBJECTS = 100_000;
const SEED = 4_711;

const SHAPES: readonly TraceShape[] = [
  { name: "Zipf 0.8", alpha: 0.8, objects: OBJECTS },
  { name: "Zipf 1.0", alpha: 1, objects: OBJECTS },
  { name: "Zipf 0.9, 25 % asked for once", alpha: 0.9, objects: OBJECTS, once: 25 },
  { name: "Zipf 0.9, 20 % read in order", alpha: 0.9, objects: OBJECTS, scans: 20 },
  { name: "Zipf 0.9, popularity drifts", alpha: 0.9, objects: OBJECTS, driftEvery: 50 },
];

interface Ratios {
  readonly requests: number;
  readonly bytes: number;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      mib: { type: "string", default: "64" },
      requests: { type: "string", default: "1000000" },
      tune: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) process.stdout.write(USAGE);
  else run(Number(values.mib) * 2 ** 20, Number(values.requests), values.tune);
}

function run(bytes: number, requests: number, isTuning: boolean): void {
  const caches = isTuning ? tunedCaches(bytes) : plainCaches(bytes);
  console.log(`${bytes / 2 ** 20} MiB, ${requests} requests, hits by requests / by bytes, in %\n`);
  console.log(["".padEnd(30), ...caches.map(([name]) => name.padStart(15))].join(""));
  for (const shape of SHAPES) {
    const trace = makeTrace(shape, requests, SEED);
    const cells = caches.map(([, make]) => format(measure(trace, make())).padStart(15));
    console.log([trace.name.padEnd(30), ...cells].join(""));
  }
}

function plainCaches(bytes: number): (readonly [string, () => Cache])[] {
  return [
    ["arena", () => arenaCache(bytes)],
    ["LRU", () => queueCache(bytes, true)],
    ["FIFO", () => queueCache(bytes, false)],
  ];
}

function tunedCaches(bytes: number): (readonly [string, () => Cache])[] {
  return [0.05, 0.1, 0.2, 0.3].flatMap((smallShare) =>
    [1, 2].map(
      (usesToStay) =>
        [
          `${smallShare * 100} %, ${usesToStay}`,
          () => arenaCache(bytes, { smallShare, usesToStay }),
        ] as const,
    ),
  );
}

function measure({ requests }: Trace, cache: Cache): Ratios {
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

function format({ requests, bytes }: Ratios): string {
  return `${(requests * 100).toFixed(1)} / ${(bytes * 100).toFixed(1)}`;
}
