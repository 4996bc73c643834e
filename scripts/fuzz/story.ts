/**
 * What happens around a cache in one case: steps, made by chance, that clients,
 * upstreams, the disk, another worker and the clock take. A story is data: it can
 * be told again, and made shorter by leaving steps out.
 */
import type { Dice } from "./dice.ts";

export type Step =
  | { readonly do: "ask"; readonly client: number; readonly request: string }
  | { readonly do: "dial"; readonly succeeds: boolean }
  /** An upstream makes up its answer, and says so many bytes of it. */
  | { readonly do: "answer"; readonly upstream: number; readonly seed: number; readonly bytes: number }
  | { readonly do: "say"; readonly upstream: number; readonly bytes: number }
  | { readonly do: "hang up"; readonly upstream: number; readonly resets: boolean }
  | { readonly do: "leave"; readonly client: number; readonly resets: boolean }
  /** Stops to read, or reads on. */
  | { readonly do: "read"; readonly client: number; readonly goesOn: boolean }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "purge"; readonly path: string }
  | { readonly do: "mark stale"; readonly path: string }
  | { readonly do: "elsewhere"; readonly path: string; readonly fetch: "begins" | "ends" | "gives up" }
  | { readonly do: "disk"; readonly how: DiskDoes }
  | { readonly do: "offline"; readonly isOffline: boolean };

type DiskDoes = "answers" | "fills" | "drains" | "fails" | "breaks" | "forgets" | "has no room";

export interface Story {
  readonly steps: readonly Step[];
  readonly hasDisk: boolean;
  readonly isGated: boolean;
  /** At the end everybody waits for all deadlines; else all hang up at once. */
  readonly isPatient: boolean;
}

export const HOST = "a";

const PATHS = ["/a", "/b", "/c", "/d"] as const;
const CLIENTS = 5;
const ALL = 2 ** 31;

export function tellStory(dice: Dice): Story {
  const hasDisk = dice.below(3) === 0;
  const paths = PATHS.slice(0, 1 + dice.below(PATHS.length));
  const steps: Step[] = [];
  for (let left = 6 + dice.below(50); left > 0; left--) {
    steps.push(stepOf(paths, hasDisk, dice));
    // Most requests meet somebody who answers.
    if (dice.below(3) === 0) steps.push({ do: "dial", succeeds: dice.below(25) > 0 });
    if (dice.below(4) === 0) steps.push(answerBy(dice));
  }
  return { steps, hasDisk, isGated: dice.below(4) === 0, isPatient: dice.below(2) === 0 };
}

function stepOf(paths: readonly string[], hasDisk: boolean, dice: Dice): Step {
  if (hasDisk && dice.below(8) === 0)
    return { do: "disk", how: dice.below(3) > 0 ? "answers" : dice.pick(DISK_TROUBLES) };
  const roll = dice.below(100);
  const upstream = dice.below(4);
  const client = dice.below(CLIENTS);
  if (roll < 32) return { do: "ask", client, request: requestOf(dice.pick(paths), dice) };
  if (roll < 40) return { do: "dial", succeeds: dice.below(15) > 0 };
  if (roll < 62) return answerBy(dice);
  if (roll < 75) return { do: "say", upstream, bytes: bytesOf(dice) };
  if (roll < 77) return { do: "hang up", upstream, resets: dice.below(2) === 0 };
  if (roll < 81) return { do: "leave", client, resets: dice.below(3) > 0 };
  if (roll < 85) return { do: "read", client, goesOn: dice.below(2) === 0 };
  if (roll < 91) return { do: "pass", ms: dice.pick([100, 500, 1_100, 2_500, 6_000]) };
  if (roll < 93) return { do: "purge", path: dice.pick(paths) };
  if (roll < 94) return { do: "mark stale", path: dice.pick(paths) };
  if (roll < 96)
    return { do: "elsewhere", path: dice.pick(paths), fetch: dice.pick(["begins", "ends", "gives up"]) };
  if (roll < 97 && dice.below(4) === 0) return { do: "offline", isOffline: dice.below(2) === 0 };
  return { do: "say", upstream, bytes: ALL };
}

function answerBy(dice: Dice): Step {
  return { do: "answer", upstream: dice.below(4), seed: dice.below(2 ** 31), bytes: bytesOf(dice) };
}

const DISK_TROUBLES = ["fills", "drains", "drains", "fails", "breaks", "forgets", "has no room"] as const;

function bytesOf(dice: Dice): number {
  return dice.below(3) === 0 ? 1 + dice.below(400) : ALL;
}

function requestOf(path: string, dice: Dice): string {
  const method = dice.pick(METHODS);
  const isOld = dice.below(12) === 0;
  const lines = isOld ? [] : [`Host: ${HOST}`];
  for (const kind of FIELDS) if (dice.below(kind.oneIn) === 0) lines.push(kind.lineOf(dice));
  if (method === "POST") lines.push("Content-Length: 2");
  const first = `${method} http://${HOST}${path} HTTP/1.${isOld ? 0 : 1}`;
  return `${[first, ...lines].join("\r\n")}\r\n\r\n${method === "POST" ? "ab" : ""}`;
}

const METHODS = [...new Array<"GET">(24).fill("GET"), "HEAD", "HEAD", "POST", "PURGE"] as const;

interface FieldKind {
  readonly oneIn: number;
  lineOf(dice: Dice): string;
}

const FIELDS: readonly FieldKind[] = [
  { oneIn: 3, lineOf: (dice) => `X-V: ${dice.below(2)}` },
  { oneIn: 4, lineOf: (dice) => `Range: bytes=${rangesOf(dice)}` },
  { oneIn: 12, lineOf: (dice) => `If-Range: ${dice.pick(VALIDATORS)}` },
  { oneIn: 8, lineOf: (dice) => `If-None-Match: ${dice.pick(VALIDATORS)}` },
  { oneIn: 20, lineOf: () => "If-Modified-Since: Fri, 20 Nov 2026 00:00:00 GMT" },
  { oneIn: 40, lineOf: (dice) => `If-Match: ${dice.pick(VALIDATORS)}` },
  { oneIn: 7, lineOf: (dice) => `Cache-Control: ${dice.pick(DIRECTIVES)}` },
  { oneIn: 20, lineOf: () => "Cookie: a=b" },
  { oneIn: 20, lineOf: () => "Authorization: Basic YTpi" },
  { oneIn: 16, lineOf: (dice) => `Connection: ${dice.pick(["close", "keep-alive"])}` },
];

/** As `resource.ts` spells them, so that some are right. */
const VALIDATORS = ['"a1-"', '"b1-"', '"a2-"', 'W/"a1-"', '"a1-0"', '"a1-1"', '"none"'] as const;

const DIRECTIVES = [
  "no-cache",
  "no-store",
  "only-if-cached",
  "max-age=0",
  "max-age=1",
  "max-stale",
  "max-stale=5",
  "min-fresh=30",
] as const;

function rangesOf(dice: Dice): string {
  const one = (): string => {
    const first = dice.below(700);
    return dice.pick([
      `${first}-${first + dice.below(300)}`,
      `${first}-`,
      `-${dice.below(400)}`,
      "0-9",
      "0-",
    ]);
  };
  return dice.below(4) === 0 ? `${one()},${one()}` : one();
}
