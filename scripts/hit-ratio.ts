/**
 * How many requests the arena answers, and how many of their bytes, beside plain
 * LRU and FIFO of the same size: made-up traces, the same ones for all. The first
 * quarter of each fills the caches and is not counted.
 */
import { parseArgs } from "node:util";
import { measure, type Ratios, SEED, SHAPES } from "./hit-ratio/measure.ts";
import { arenaCache, type Cache, queueCache } from "./hit-ratio/policies.ts";
import { makeTrace } from "./hit-ratio/traces.ts";

const USAGE = `Usage: bun scripts/hit-ratio.ts [OPTIONS]

  --mib N        size of the caches (64)
  --requests N   of each trace (1000000)
  --tune         other shares of the small ring, and other numbers of uses
  --help         print this
`;

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

function format({ requests, bytes }: Ratios): string {
  return `${(requests * 100).toFixed(1)} / ${(bytes * 100).toFixed(1)}`;
}
