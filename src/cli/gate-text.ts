/** The gate's part of a status page: what the policy is, what it has refused, and who is shut out. */
import type { PolicyReport } from "../admin/gate-report.ts";
import type { StatusReport } from "../admin/status-report.ts";
import { formatBytes } from "../observe/terminal.ts";

export type GateSections = Pick<StatusReport, "policy" | "logIns" | "bans" | "shedding">;

type Fact = [name: string, text: string];

/** Of what is listed by name: the rest is in the JSON. */
const SHOWN = 4;
const RULES_SHOWN = 10;

const SHED = ["nothing is shed", "new clients are turned away", "no exchange begins", "exchanges are cut"];

/** The rules that matched most; the head alone when there are none. */
export function ruleRows({ policy }: Partial<GateSections>): string[][] {
  const rules = policy?.rules.slice(0, RULES_SHOWN) ?? [];
  return [
    ["rule", "action", "matches", "would deny"],
    ...rules.map(({ name, action, matches, wouldDeny }) => [
      name,
      action,
      String(matches),
      String(wouldDeny),
    ]),
  ];
}

/** One line each; a line with nothing to tell has no text. */
export function gateFacts({ policy, logIns, bans, shedding }: Partial<GateSections>): Fact[] {
  return [
    ...(policy !== undefined && hasSomethingToTell(policy) ? policyFacts(policy) : []),
    ["log-ins", counts(logIns ?? {})],
    ["bans", bans === undefined || bans.active === 0 ? "" : bansText(bans)],
    ["shedding", shedding === undefined || shedding.level === 0 ? "" : sheddingText(shedding)],
  ];
}

/** Those that are not zero: "2xx 12, 5xx 1". */
export function counts(byWord: Readonly<Record<string, number>>): string {
  return Object.entries(byWord)
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${word} ${count}`)
    .join(", ");
}

/** As it comes, everything is allowed; some addresses are refused all the same. */
function hasSomethingToTell(policy: PolicyReport): boolean {
  const { ruleCount, limitCount, listCount, users, refusals } = policy;
  const isAsItComes = policy.default === "allow" && ruleCount + limitCount + listCount === 0;
  return !isAsItComes || users.length > 0 || counts(refusals) !== "";
}

function policyFacts(policy: PolicyReport): Fact[] {
  const limits = policy.limits.filter(({ refusals }) => refusals > 0);
  return [
    ["policy", `default ${policy.default}, ${policy.mode}; ${counts(policy.decisions) || "nothing decided"}`],
    ["  refused", counts(policy.refusals)],
    ["  hosts", most(policy.refusedHosts.map(({ host, count }) => `${host} ${count}`))],
    ["  limits", most(limits.map(({ name, refusals }) => `${name} ${refusals}`))],
    ["  users", most(policy.users.map(({ name, exchanges }) => `${name} ${exchanges}`))],
    ["  tags", most(policy.tags.map(({ name, exchanges }) => `${name} ${exchanges}`))],
    ...policy.lists.slice(0, SHOWN).map((list, i): Fact => [i === 0 ? "  lists" : "", listText(list)]),
  ];
}

function listText({ name, entries, ranges, hits, problem }: PolicyReport["lists"][number]): string {
  const text = `${name}: ${entries} names, ${ranges} ranges, ${hits} hits`;
  return problem === undefined ? text : `${text}; ${problem}`;
}

function bansText({ active, list }: GateSections["bans"]): string {
  const shown = list
    .slice(0, SHOWN)
    .map(({ client, cause, until }) => `${client} (${cause}, until ${until.replace(".000Z", "Z")})`);
  return `${active} in force: ${andMore(shown, active)}`;
}

function sheddingText({ level, ceilingBytes = 0 }: GateSections["shedding"]): string {
  return `level ${level} of 3, ${SHED[level] ?? "?"}; memory up to ${formatBytes(ceilingBytes)}`;
}

function most(texts: readonly string[]): string {
  return andMore(texts.slice(0, SHOWN), texts.length);
}

function andMore(shown: readonly string[], all: number): string {
  return [...shown, ...(all > shown.length ? [`${all - shown.length} more`] : [])].join(", ");
}
