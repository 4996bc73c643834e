/** The command lines of those who ask a status port: `status` and `cache`. */
import type { Environment } from "../config/interpolate.ts";
import { type Kind, text } from "../config/kinds.ts";
import { nearest } from "../config/nearest.ts";
import { describeFound, sentence } from "../config/problems.ts";
import { STATUS_URL } from "./flags.ts";
import { isGiven, readAll, type Scanned } from "./scan.ts";

export interface StatusOptions {
  readonly url: string;
  readonly token: string | undefined;
  readonly json: boolean;
}

export type CacheQuestion =
  | { readonly verb: "stats" }
  | { readonly verb: "show"; readonly url: string }
  /** `matches` has exactly one of url, host, prefix and tag. */
  | {
      readonly verb: "purge";
      readonly matches: Readonly<Record<string, string>>;
      readonly soft: boolean;
    };

export interface CacheOptions extends StatusOptions {
  readonly question: CacheQuestion;
}

const VERBS = ["stats", "show", "purge"];

/** What `purge` goes by, beside the URL that is a word. */
const BY = ["host", "prefix", "tag"];

/** What else is wrong with one the status port tells. */
const storedUrl = text('a URL such as "http://example.com/"', /^https?:\/\/[^/]/i);

const nonEmpty = text("a text", /^[\s\S]+$/);

/** Without a slash at its end, as people write it. */
const baseUrl: Kind<string> = {
  expected: `a URL such as "${STATUS_URL}"`,
  parse: (given) => {
    const url = typeof given === "string" ? URL.parse(given) : null;
    return url !== null && /^https?:$/.test(url.protocol) ? url.href.replace(/\/+$/, "") : undefined;
  },
  format: (value) => value,
};

/** What a server takes for a token is the server's to know. */
const bearer: Kind<string> = {
  expected: "visible ASCII characters",
  secret: true,
  parse: (given) => (typeof given === "string" && /^[!-~]+$/.test(given) ? given : undefined),
  format: () => "***",
};

export function readStatus(scanned: Scanned, env: Environment): StatusOptions {
  const fromEnvironment = env["HEADGATE_TOKEN"] === "" ? undefined : env["HEADGATE_TOKEN"];
  return {
    url: readAll(scanned, "url", baseUrl).at(-1) ?? STATUS_URL,
    token: readAll(scanned, "token", bearer).at(-1) ?? fromEnvironment,
    json: isGiven(scanned, "json"),
  };
}

/** `words` are those after `cache`. What is wrong with them becomes a mistake. */
export function readCache(words: readonly string[], scanned: Scanned, env: Environment): CacheOptions {
  return { ...readStatus(scanned, env), question: readQuestion(words, scanned) };
}

function readQuestion([verb, ...rest]: readonly string[], scanned: Scanned): CacheQuestion {
  const { given } = scanned;
  const mistakes = scanned.hasWrongFlag ? [] : scanned.mistakes;
  if (verb === undefined || !VERBS.includes(verb)) {
    mistakes.push(`cache: ${sentence("stats, show or purge", describeFound(verb))}${hint(verb)}`);
    return { verb: "stats" };
  }
  const taken = verb === "stats" ? 0 : 1;
  for (const each of rest.slice(taken))
    mistakes.push(`cache ${verb}: ${sentence("no more words", describeFound(each))}`);
  for (const { flag } of given) {
    if (verb === "purge" || (flag.name !== "soft" && !BY.includes(flag.name))) continue;
    mistakes.push(`--${flag.name}: Not a flag of cache ${verb}, but of cache purge`);
  }
  switch (verb) {
    case "show":
      return { verb, url: readUrl("cache show", rest[0], mistakes) };
    case "purge":
      return { verb, matches: readMatches(rest[0], scanned, mistakes), soft: isGiven(scanned, "soft") };
    default:
      return { verb: "stats" };
  }
}

function readMatches(
  url: string | undefined,
  scanned: Scanned,
  mistakes: string[],
): Readonly<Record<string, string>> {
  const matches = BY.flatMap((name): [string, string][] => {
    const kind = name === "prefix" ? storedUrl : nonEmpty;
    const value = readAll(scanned, name, kind).at(-1);
    return value === undefined ? [] : [[name, value]];
  });
  const asked = BY.filter((name) => isGiven(scanned, name)).map((name) => `--${name}`);
  if (url !== undefined) {
    matches.push(["url", readUrl("cache purge", url, mistakes)]);
    asked.unshift("a URL");
  }
  if (asked.length !== 1) {
    const found = asked.length === 0 ? "nothing" : asked.join(" and ");
    mistakes.push(`cache purge: ${sentence("one of a URL, --host, --prefix and --tag", found)}`);
  }
  return Object.fromEntries(matches);
}

function readUrl(command: string, given: string | undefined, mistakes: string[]): string {
  const url = storedUrl.parse(given);
  if (url === undefined) mistakes.push(`${command}: ${sentence(storedUrl.expected, describeFound(given))}`);
  return url ?? "";
}

function hint(verb: string | undefined): string {
  const meant = verb === undefined ? undefined : nearest(verb, VERBS);
  return meant === undefined ? "" : `, did you mean "${meant}"?`;
}
