/**
 * Stories about the cache, one after the other, until someone says stop or one
 * fails; a failure is told by the fewest steps found that still fail.
 */
import { FuzzCache } from "./cache.ts";
import { Dice } from "./dice.ts";
import { FuzzRelay, GATE } from "./relay.ts";
import { shrinkList } from "./shrink.ts";
import { Stage } from "./stage.ts";
import { type Story, tellStory } from "./story.ts";
import { Verdict } from "./verdict.ts";

export interface StoriesReport {
  readonly stories: number;
  /** Answers, by status and what they say of the cache. */
  readonly tally: ReadonlyMap<string, number>;
  readonly failure: StoryFailure | undefined;
}

export interface StoryFailure {
  readonly story: number;
  readonly problem: string;
  /** The shortest found. */
  readonly smallest: Story;
}

export async function runStories(
  seed: number,
  mayGoOn: (stories: number) => boolean,
): Promise<StoriesReport> {
  const tally = new Map<string, number>();
  let stories = 0;
  for (; mayGoOn(stories); stories++) {
    const story = tellStory(new Dice(seed + Math.imul(stories, 0x9e3779b1)));
    const { problem, statuses } = await play(story);
    for (const word of statuses) tally.set(word, (tally.get(word) ?? 0) + 1);
    if (problem === undefined) continue;
    const smallest = await shortened(story, problem);
    const failure = { story: stories, problem: (await play(smallest)).problem ?? problem, smallest };
    return { stories: stories + 1, tally, failure };
  }
  return { stories, tally, failure: undefined };
}

/** Of the same kind of failure: a shorter story must not end in another one. */
async function shortened(story: Story, problem: string): Promise<Story> {
  const kind = kindOf(problem);
  const fails = async (steps: Story["steps"]): Promise<boolean> => {
    const shorter = await play({ ...story, steps });
    return shorter.problem !== undefined && kindOf(shorter.problem) === kind;
  };
  return { ...story, steps: await shrinkList(story.steps, fails) };
}

function kindOf(problem: string): string {
  return problem.replace(/"(?:[^"\\]|\\.)*"|client \d+: |\d+|\/[a-d]\b/g, "");
}

const SETTINGS = { cache: { purge: ["192.0.2.0/24"] } };

let plain: FuzzRelay | undefined;
let gated: FuzzRelay | undefined;

/** What throws is not to be trusted after that. */
async function play(story: Story): Promise<{ problem: string | undefined; statuses: readonly string[] }> {
  plain ??= new FuzzRelay(SETTINGS, new FuzzCache());
  gated ??= new FuzzRelay({ ...SETTINGS, ...GATE }, new FuzzCache());
  const relay = story.isGated ? gated : plain;
  let problem: string | undefined;
  try {
    const stage = new Stage(relay, story);
    const atOnce = await stage.play();
    const verdict = new Verdict(stage);
    problem = atOnce ?? verdict.problem() ?? (await stage.leave());
    if (problem !== undefined) await stage.leave();
    relay.reset();
    return { problem, statuses: verdict.statuses };
  } catch (error) {
    plain = undefined;
    gated = undefined;
    return { problem: problem ?? `thrown: ${error instanceof Error ? error.message : error}`, statuses: [] };
  }
}
