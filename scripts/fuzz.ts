/**
 * Accidents happen to the messages of the tests' tables, millions of them, and
 * the relay must never forward what is not the message that came; and stories are
 * told of clients and upstreams around a cache, which must give nobody what is
 * not theirs. A failure prints the smallest bytes found, as a table's row can hold
 * them, or the fewest steps, and exits 1: mend the bug, and add the row to
 * test/http1/wires.ts or a case to test/relay/cache.
 */
import { parseArgs } from "node:util";
import { runCampaign } from "./fuzz/campaign.ts";
import { escaped } from "./fuzz/shrink.ts";
import { runStories } from "./fuzz/stories.ts";

const USAGE = `Usage: bun scripts/fuzz.ts [OPTIONS]

  --seconds N    how long, half of it for messages and half for stories (10)
  --seed N       repeat a run (chance)
  --help         print this
`;

const { seconds, seed } = readOptions();
tryMessages();
await tryStories();

function tryMessages(): void {
  const { mayGoOn, passedS } = halfOfTheTime();
  const { cases, tally, failure } = runCampaign(seed, mayGoOn);
  console.log(`seed ${seed}, ${cases} messages in ${passedS()} s`);
  print(tally);
  if (failure === undefined) return;
  console.error(`\nFAILED at message ${failure.case} (seed ${seed}), ${failure.kind}:`);
  console.error(`  ${escaped(failure.wire)}`);
  console.error(`  ${failure.problem}`);
  process.exit(1);
}

async function tryStories(): Promise<void> {
  const { mayGoOn, passedS } = halfOfTheTime();
  const { stories, tally, failure } = await runStories(seed, mayGoOn);
  console.log(`\nseed ${seed}, ${stories} stories in ${passedS()} s`);
  print(tally);
  if (failure === undefined) return;
  const { steps, ...setting } = failure.smallest;
  console.error(`\nFAILED at story ${failure.story} (seed ${seed}), ${JSON.stringify(setting)}:`);
  for (const step of steps) console.error(`  ${JSON.stringify(step)}`);
  console.error(`  ${failure.problem}`);
  process.exit(1);
}

function halfOfTheTime(): { mayGoOn(): boolean; passedS(): string } {
  const startedAt = performance.now();
  return {
    mayGoOn: () => performance.now() - startedAt < seconds * 500,
    passedS: () => ((performance.now() - startedAt) / 1_000).toFixed(1),
  };
}

function print(tally: ReadonlyMap<string, number>): void {
  const rows = [...tally].sort(([, one], [, other]) => other - one);
  for (const [word, count] of rows) console.log(`${String(count).padStart(8)}  ${word}`);
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
