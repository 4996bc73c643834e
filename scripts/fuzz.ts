/**
 * Accidents happen to the messages of the tests' tables, millions of them, and
 * the relay must never forward what is not the message that came. A failure
 * prints the smallest bytes found, as a table's row can hold them, and exits 1:
 * mend the bug and add the row to test/http1/wires.ts.
 */
import { parseArgs } from "node:util";
import { runCampaign } from "./fuzz/campaign.ts";
import { escaped } from "./fuzz/shrink.ts";

const USAGE = `Usage: bun scripts/fuzz.ts [OPTIONS]

  --seconds N    how long (10)
  --seed N       repeat a run (chance)
  --help         print this
`;

const { seconds, seed } = readOptions();
const startedAt = performance.now();
const { cases, tally, failure } = runCampaign(seed, () => performance.now() - startedAt < seconds * 1_000);

console.log(`seed ${seed}, ${cases} cases in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
const rows = [...tally].sort(([, one], [, other]) => other - one);
for (const [word, count] of rows) console.log(`${String(count).padStart(8)}  ${word}`);
if (failure !== undefined) {
  console.error(`\nFAILED at case ${failure.case} (seed ${seed}), ${failure.kind}:`);
  console.error(`  ${escaped(failure.wire)}`);
  console.error(`  ${failure.problem}`);
  process.exit(1);
}

function readOptions(): { seconds: number; seed: number } {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: "string", default: "10" },
        seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return usage(0);
    const given = { seconds: Number(values.seconds), seed: Number(values.seed) };
    return given.seconds > 0 && Number.isSafeInteger(given.seed) ? given : usage(2);
  } catch (error) {
    console.error(`fuzz: ${error instanceof Error ? error.message : error}\n`);
    return usage(2);
  }
}

function usage(code: 0 | 2): never {
  process.stderr.write(USAGE);
  process.exit(code);
}
