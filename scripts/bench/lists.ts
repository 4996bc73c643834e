/** Makes a list of a million domains, the same in every run, and has it measured in a process of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dice } from "../fuzz/dice.ts";
import type { Sample } from "./load.ts";

const DOMAINS = 1_000_000;
const PROBES = 20_000;
const CHARACTERS = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
const ENDINGS = ["com", "com", "com", "net", "org", "info", "io", "de", "co.uk", "com.br"];

export async function measureLists(): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), "headgate-lists-"));
  try {
    await writeLists(folder);
    const script = join(import.meta.dir, "list-load.ts");
    const child = Bun.spawn([process.execPath, script, folder], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    const text = await new Response(child.stdout).text();
    if ((await child.exited) !== 0) throw new Error("Cannot measure lists: loading failed");
    return JSON.parse(text);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every second probe of a kind is a subdomain: a hit above `*.`, a miss above an exact name. */
async function writeLists(folder: string): Promise<void> {
  const dice = new Dice(1);
  const hits: string[] = [];
  const misses: string[] = [];
  const list = Bun.file(join(folder, "list.txt")).writer({ highWaterMark: 1 << 20 });
  for (let line = 0; line < DOMAINS; line++) {
    const domain = randomDomain(dice);
    const hasBelow = line % 2 === 0;
    list.write(`${hasBelow ? "." : ""}${domain}\n`);
    if (line % (DOMAINS / PROBES) < 2) {
      hits.push(hasBelow ? `www.${domain}` : domain);
      misses.push(hasBelow ? `no-${domain}` : `www.${domain}`);
    }
  }
  await list.end();
  await Bun.write(join(folder, "probes.json"), JSON.stringify({ hits, misses }));
  const few = Array.from({ length: 20_000 }, () => randomDomain(dice));
  await Bun.write(join(folder, "warm-up.txt"), few.join("\n"));
}

function randomDomain(dice: Dice): string {
  const word = (length: number) => Array.from({ length }, () => dice.pick(CHARACTERS)).join("");
  const front = dice.below(3) === 0 ? `${word(2 + dice.below(6))}.` : "";
  return `${front}${word(5 + dice.below(12))}.${dice.pick(ENDINGS)}`;
}
