/** The gate's part of GET /status. Whatever the config or a client makes long is cut, and says how much there is. */
import { budget, byteRate, rate } from "../config/kinds-time.ts";
import type { Ban } from "../limits/ban-table.ts";
import type { ListState } from "../lists/kept-list.ts";
import { cells, decisionWords } from "../observe/cells.ts";
import { reasonWords } from "../observe/reason.ts";
import type { LimitSpec } from "../policy/spec.ts";
import type { AdminDeps } from "./deps.ts";

export interface PolicyReport {
  readonly default: string;
  readonly mode: string;
  readonly decisions: Readonly<Record<string, number>>;
  /** By reason, those that happened. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly ruleCount: number;
  /** Those that matched most, the most first. */
  readonly rules: readonly RuleReport[];
  /** Those refused most, all workers together; a count is an estimate from above. */
  readonly refusedHosts: readonly { readonly host: string; readonly count: number }[];
  readonly listCount: number;
  readonly lists: readonly ListReport[];
  readonly limitCount: number;
  /** Those that refused most, the most first. */
  readonly limits: readonly LimitReport[];
  readonly users: readonly Named[];
  readonly tags: readonly Named[];
}

export interface RuleReport {
  readonly name: string;
  readonly action: string;
  readonly matches: number;
  readonly wouldDeny: number;
}

/** Times as in RFC 3339. */
export interface ListReport {
  readonly name: string;
  readonly source: string;
  readonly entries: number;
  readonly ranges: number;
  readonly ignored: number;
  readonly invalid: number;
  readonly bytes: number;
  readonly hits: number;
  readonly loadedAt: string | undefined;
  readonly checkedAt: string | undefined;
  readonly problem: string | undefined;
  readonly problemSince: string | undefined;
}

export interface LimitReport {
  readonly name: string;
  readonly by: string;
  /** As the config says it: `requests 100/s`, `budget 10GiB/24h`. */
  readonly allows: readonly string[];
  readonly refusals: number;
}

export interface Named {
  readonly name: string;
  readonly exchanges: number;
}

export interface BansReport {
  readonly active: number;
  /** Those that last longest. */
  readonly list: readonly BanReport[];
}

export interface BanReport {
  readonly client: string;
  readonly cause: string;
  /** RFC 3339. */
  readonly until: string;
}

export interface SheddingReport {
  /** 0 nothing, 1 no new clients, 2 no new exchanges, 3 exchanges are cut. */
  readonly level: number;
  /** Of resident memory; undefined: nothing is ever shed. */
  readonly ceilingBytes: number | undefined;
}

/** Of the sums over all threads. */
export type ReadCell = (cell: number) => number;

const TOP = 20;
const LISTED_MAX = 100;

export function reportPolicy(deps: AdminDeps, total: ReadCell): PolicyReport {
  const { policy } = deps.config();
  const names = deps.names();
  const lists = reportLists(deps, total);
  return {
    default: policy.default,
    mode: policy.mode,
    decisions: Object.fromEntries(decisionWords.map((word) => [word, total(cells.decisions[word])])),
    refusals: Object.fromEntries(
      reasonWords
        .map((word) => [word, total(cells.refusals[word])] as const)
        .filter(([, count]) => count > 0),
    ),
    ruleCount: policy.rules.length,
    rules: reportRules(deps, total),
    refusedHosts: deps.refusedHosts(TOP).map(({ name, count }) => ({ host: name, count })),
    listCount: lists.length,
    lists: lists.slice(0, LISTED_MAX),
    limitCount: policy.limits.length,
    limits: reportLimits(deps, total),
    users: topNamed(names.users, total, cells.userExchanges),
    tags: topNamed(names.tags, total, cells.tagExchanges),
  };
}

export function reportBans(deps: AdminDeps): BansReport {
  const bans = deps.bans();
  return { active: bans.length, list: bans.slice(0, LISTED_MAX).map(reportBan) };
}

export function reportShedding(deps: AdminDeps, total: ReadCell): SheddingReport {
  return { level: total(cells.shedLevel), ceilingBytes: deps.memoryCeiling() };
}

export function reportBan({ client, cause, untilMs }: Ban): BanReport {
  return { client, cause, until: new Date(untilMs).toISOString() };
}

export function reportLists(deps: AdminDeps, total: ReadCell): ListReport[] {
  const placeOf = placesOf(deps.names().lists);
  return deps.lists().map((list) => reportList(list, countAt(total, cells.listHits, placeOf.get(list.name))));
}

function reportList(list: ListState, hits: number): ListReport {
  const { name, source, entries, ranges, ignored, invalid, bytes, problem } = list;
  return {
    name,
    source,
    entries,
    ranges,
    ignored,
    invalid,
    bytes,
    hits,
    loadedAt: rfc3339(list.loadedAt),
    checkedAt: rfc3339(list.checkedAt),
    problem,
    problemSince: rfc3339(list.problemSince),
  };
}

function reportRules(deps: AdminDeps, total: ReadCell): RuleReport[] {
  const placeOf = placesOf(deps.names().rules);
  const rules = deps.config().policy.rules.map(({ name, action }) => {
    const place = placeOf.get(name);
    return {
      name,
      action,
      matches: countAt(total, cells.ruleMatches, place),
      wouldDeny: countAt(total, cells.ruleWouldDeny, place),
    };
  });
  return rules.sort((one, other) => other.matches - one.matches).slice(0, TOP);
}

function reportLimits(deps: AdminDeps, total: ReadCell): LimitReport[] {
  const placeOf = placesOf(deps.names().limits);
  const limits = deps.config().policy.limits.map((limit) => ({
    name: limit.name,
    by: limit.by,
    allows: allowedBy(limit),
    refusals: countAt(total, cells.limitRefusals, placeOf.get(limit.name)),
  }));
  return limits.sort((one, other) => other.refusals - one.refusals).slice(0, LISTED_MAX);
}

const bytesPerSecond = byteRate("0B", "1000GiB");

function allowedBy(limit: LimitSpec): string[] {
  const { requests, connections, burst, download, upload, exchanges, open } = limit;
  const parts = [
    requests && `requests ${rate.format(requests)}`,
    connections && `connections ${rate.format(connections)}`,
    burst && `burst ${burst}`,
    download && `download ${bytesPerSecond.format(download)}`,
    upload && `upload ${bytesPerSecond.format(upload)}`,
    limit.budget && `budget ${budget.format(limit.budget)}`,
    exchanges && `exchanges ${exchanges}`,
    open && `open ${open}`,
  ];
  return parts.filter((part) => part !== undefined && part !== 0);
}

/** Those that were counted at all. */
function topNamed(names: readonly (string | undefined)[], total: ReadCell, first: number): Named[] {
  const counted = [...placesOf(names)].map(([name, place]) => ({ name, exchanges: total(first + place) }));
  return counted
    .filter(({ exchanges }) => exchanges > 0)
    .sort((one, other) => other.exchanges - one.exchanges)
    .slice(0, TOP);
}

function placesOf(names: readonly (string | undefined)[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, name] of names.entries()) if (name !== undefined) places.set(name, place);
  return places;
}

/** What has no place is not counted. */
function countAt(total: ReadCell, first: number, place: number | undefined): number {
  return place === undefined ? 0 : total(first + place);
}

function rfc3339(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
