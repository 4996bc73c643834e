/** Requests, answers and time by chance, of few enough kinds that they meet each other. */
import type { Dice } from "../../scripts/fuzz/dice.ts";
import type { Asking, Fields, Plan, Telling, Times } from "./model/messages.ts";

/** Sun, 06 Nov 1994 08:49:37.250 GMT. */
const START_MS = 784_111_777_250;
const ORIGIN = "http://a.example:80";

type Field = readonly [name: string, value: string];

export class Scenario {
  nowMs = START_MS;
  readonly #dice: Dice;
  /** Some are about parts, and little else, or a part would seldom meet its rest. */
  readonly #isAboutParts: boolean;
  #bodies = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#isAboutParts = dice.below(5) === 0;
  }

  asking(): Asking {
    const dice = this.#dice;
    const method = dice.pick(this.#isAboutParts ? ["GET"] : METHODS);
    const fields = [
      ...(this.#isAboutParts ? [] : this.#list("Cache-Control", 3, WISHES, 2)),
      ...this.#maybe(8, "Pragma", ["no-cache", "foo"]),
      ...this.#maybe(8, "Authorization", ["Basic eA=="]),
      ...this.#maybe(8, "Cookie", ["a=b"]),
      ...this.#maybe(2, "X-V", ["1", "2", "1, 2", " 1 ,2", ""]),
      ...this.#maybe(3, "Accept-Language", ["en, de", "de,EN", "De;q=1.0, en", "fr", "fr, de;q=0.5"]),
      ...this.#maybe(5, "If-None-Match", ['"a"', 'W/"a"', '"x", "b"', "*"]),
      ...this.#maybe(7, "If-Modified-Since", [this.#date([0, -1000, -100_000]), "0"]),
      ...this.#maybe(30, "If-Match", ['"a"']),
      ...this.#maybe(30, "If-Unmodified-Since", [this.#date([0])]),
      ...this.#maybe(this.#isAboutParts ? 2 : 6, "Range", RANGES),
      ...this.#maybe(9, "If-Range", ['"a"', 'W/"a"', this.#date([-1000])]),
    ] as const;
    const uri = ORIGIN + (this.#isAboutParts ? "/a" : dice.pick(["/a", "/a", "/a", "/b"]));
    return { method, uri, fields: fields.map(([name, value]) => [name, value.trim()]) };
  }

  /** What comes of asking the origin, as the plan has it asked; undefined: it can't be reached. */
  answer({ method, fields }: Asking, plan: Plan<unknown>): { telling: Telling | undefined; times: Times } {
    const dice = this.#dice;
    const requestMs = this.nowMs;
    this.nowMs += dice.pick([0, 0, 100, 2_000]);
    const times = { requestMs, responseMs: this.nowMs };
    if (dice.below(12) === 0) return { telling: undefined, times };
    const body = `b${++this.#bodies}`;
    const isRanged =
      plan.does === "complete" || (plan.does === "forward" && fields.some(([name]) => name === "Range"));
    if (plan.does === "validate" && !plan.text.endsWith(": ") && dice.below(2) === 0) {
      return { telling: { status: 304, fields: this.#fields(), body }, times };
    }
    if (method === "GET" && isRanged && dice.below(3) > 0) {
      const place = dice.pick(plan.does === "complete" ? REST : PLACES);
      const range: Field = ["Content-Range", `bytes ${place}/10`];
      return { telling: { status: 206, fields: [range, ...this.#fields()], body }, times };
    }
    const status = dice.pick([200, 200, 200, 200, 200, 404, 301, 201, 500, 503, 599]);
    const named = this.#maybe(2, dice.pick(["Location", "Content-Location"]), [
      "/a",
      "/b",
      "http://b.example/a",
      `${ORIGIN}/b`,
    ]);
    const length = method === "HEAD" ? this.#maybe(2, "Content-Length", ["10", "10", "11"]) : [];
    return { telling: { status, fields: [...this.#fields(), ...named, ...length], body }, times };
  }

  passTime(): void {
    this.nowMs += this.#dice.pick([0, 0, 500, 1_000, 4_000, 5_000, 30_000, 61_000, 200_000]);
  }

  #fields(): Fields {
    return [
      ...(this.#isAboutParts ? [FRESH] : this.#list("Cache-Control", 6, DIRECTIVES, 3)),
      ...this.#maybe(8, "CDN-Cache-Control", TARGETED),
      ...this.#maybe(4, "Expires", [this.#date([0, 60, -60, 5]), "0", "-1"]),
      ...this.#maybe(4, "Age", ["0", "3", "100", "x", "-1", "3, 100"]),
      ...(this.#dice.below(6) === 0
        ? []
        : [["Date", this.#dice.below(9) === 0 ? "0" : this.#date([0, 0, 0, -1, -50, 5])] as const]),
      ...this.#maybe(this.#isAboutParts ? 1 : 2, "ETag", ['"a"', '"a"', '"a"', '"b"', 'W/"a"']),
      ...this.#maybe(2, "Last-Modified", [this.#date([-1000, -1000, -100_000, -10_000_000, 0]), "0"]),
      ...this.#maybe(4, "Vary", [
        "X-V",
        "x-v, Accept-Language",
        "Accept-Language, X-V",
        "Accept-Language",
        "X-V, *",
      ]),
      ...this.#maybe(8, "Content-Language", ["de"]),
      ...this.#maybe(12, "Set-Cookie", ["a=b"]),
      ...this.#maybe(4, "X-A", ["1", "2"]),
    ];
  }

  /** One line, or several, of up to `most`; none at all once in `rare`. */
  #list(name: string, rare: number, choices: readonly string[], most: number): Field[] {
    const dice = this.#dice;
    if (dice.below(rare) === 0 || (rare === 3 && dice.below(2) === 0)) return [];
    const picked = Array.from({ length: 1 + dice.below(most) }, () => dice.pick(choices));
    if (dice.below(4) === 0) return picked.map((each) => [name, each]);
    return [[dice.pick([name, name.toLowerCase()]), picked.join(dice.pick([", ", ","]))]];
  }

  #maybe(oneIn: number, name: string, choices: readonly string[]): Field[] {
    return this.#dice.below(oneIn) === 0 ? [[name, this.#dice.pick(choices)]] : [];
  }

  #date(seconds: readonly number[]): string {
    // Counted from the start, so that dates of different messages are the same.
    const from = this.#dice.below(3) === 0 ? START_MS : this.nowMs;
    const at = this.#dice.pick(seconds);
    return new Date((at <= -1000 ? START_MS : from) + at * 1000).toUTCString();
  }
}

const FRESH: Field = ["Cache-Control", "max-age=60"];

const METHODS = ["GET", "GET", "GET", "GET", "GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS"];

const WISHES = [
  "no-cache",
  "no-store",
  "max-age=0",
  "max-age=5",
  "max-age=100",
  "max-stale",
  "max-stale=10",
  "max-stale=x",
  "min-fresh=5",
  "only-if-cached",
  "stale-if-error=40",
  "no-transform",
  "nothing-to-see-here",
  "foo=bar",
];

const DIRECTIVES = [
  "max-age=5",
  "max-age=60",
  "max-age=60",
  "Max-Age=60",
  "max-age=0",
  'max-age="60"',
  "max-age=x",
  "max-age=-5",
  "max-age=99999999999",
  "s-maxage=10",
  "s-maxage=100",
  "public",
  "private",
  "no-store",
  "no-cache",
  'no-cache="X-A"',
  'private="x-a, etag"',
  "must-revalidate",
  "proxy-revalidate",
  "must-understand",
  "immutable",
  "stale-while-revalidate=20",
  "stale-while-revalidate=200",
  "stale-if-error=30",
  'extension="max-age=99, no-store"',
  "foo",
];

const TARGETED = [
  "max-age=30",
  "no-store",
  "private",
  "max-age=30, must-revalidate",
  "max-age=30, &&",
  "max-age=x",
  "",
  "foo=1",
];
const RANGES = [
  "bytes=0-4",
  "bytes=5-",
  "bytes=-3",
  "bytes=-20",
  "bytes=0-2,8-9",
  "bytes=3-4,0-5",
  "bytes=20-",
  "bytes=0-20",
];
/** Of 206 answers, well-formed and not. */
const PLACES = ["0-4", "0-4", "0-0", "5-9", "2-7", "5-10", "*"];
const REST = ["5-9", "5-9", "5-9", "1-9", "3-9", "6-9", "5-7"];
