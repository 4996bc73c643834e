/** An explanation as a page for people: the verdict first, then how it came about, and what would change it. */
import { paint } from "../observe/terminal.ts";
import { formatAddress, parseAddress } from "../policy/address.ts";
import type { TraceStep } from "../policy/decision.ts";
import type { FieldChanges } from "../policy/spec.ts";
import { specialOf } from "../policy/special.ts";
import type { ExplainedEffects, ExplainedVerdict, Explanation } from "../runtime/explain.ts";
import type { ExplainedAddress } from "../runtime/explain-address.ts";

const WORDS: Readonly<Record<ExplainedVerdict, string>> = {
  allow: "allowed",
  deny: "denied",
  reset: "cut off",
  redirect: "redirected",
  "log-in": "log-in required",
  unknown: "not known",
};

const OUTCOMES: Readonly<Record<TraceStep["outcome"], string>> = {
  decided: "decides",
  took_effect: "takes effect",
  waits_for_address: "waits for the address",
  did_not_match: "no match",
};

export function renderExplanation(explanation: Explanation, colour: boolean): string {
  const title = (text: string): string => paint(text, "bold", colour);
  const { request, steps, addresses, verdict } = explanation;
  const passes = verdict === "allow" || verdict === "unknown";
  const sections = [
    `${title(`${request.method} ${request.target}`)} ${describeAsker(request)}\n${verdictLine(explanation, colour)}`,
    section(title, "rules", steps.map(stepRow)),
    section(title, "effects", passes ? effectRows(explanation.effects) : []),
    section(
      title,
      "addresses",
      addresses.flatMap((address) => addressRows(address)),
    ),
    section(
      title,
      "notes",
      [...adviceOn(explanation), ...explanation.notes].map((note) => [`${note}.`]),
    ),
  ];
  return `${sections.filter((text) => text !== "").join("\n\n")}\n`;
}

function describeAsker({ client, listener, user, groups }: Explanation["request"]): string {
  const who =
    user === undefined
      ? "nobody has logged in"
      : `${user}${groups.length === 0 ? "" : ` (${groups.join(", ")})`}`;
  return `from ${client} at ${listener}, ${who}`;
}

function verdictLine({ verdict, because, wouldDeny, unresolved }: Explanation, colour: boolean): string {
  const word = wouldDeny ? "allowed, but would be refused" : WORDS[verdict];
  const hue =
    verdict === "allow" ? (wouldDeny ? "yellow" : "green") : verdict === "unknown" ? "yellow" : "red";
  const more = unresolved === undefined ? "" : `; ${unresolved}`;
  return `${paint(word, hue, colour)}: ${because}${more}`;
}

function stepRow({ rule, action, outcome, because }: TraceStep): string[] {
  return [rule, action === "default" ? "" : action, OUTCOMES[outcome], because];
}

function addressRows({ address, verdict, because, steps }: ExplainedAddress): string[][] {
  return [[address, WORDS[verdict], because], ...steps.map((step) => ["", "", stepText(step)])];
}

function stepText({ rule, outcome, because }: TraceStep): string {
  return `${rule}: ${OUTCOMES[outcome]}, ${because}`;
}

function effectRows(effects: ExplainedEffects | undefined): string[][] {
  if (effects === undefined) return [];
  const { target, tags, limits, request, response, content } = effects;
  return [
    ["rewritten", target ?? ""],
    ["tags", tags.join(", ")],
    ["limits", limits.map(({ limit, rule }) => `${limit} (rule ${rule})`).join(", ")],
    ["request", request.flatMap(changeTexts).join("; ")],
    ["answer", response.flatMap(changeTexts).join("; ")],
    ["content", content.map(({ rule }) => `checked by rule ${rule}`).join(", ")],
  ].filter(([, text]) => text !== "");
}

function changeTexts({ remove, set, add }: FieldChanges): string[] {
  return [
    ...remove.map((name) => `${name} removed`),
    ...set.map(({ name, value }) => `${name} set to ${value}`),
    ...add.map(({ name, value }) => `${name}: ${value} added`),
  ];
}

/** What somebody who wants it to pass does next. */
function adviceOn({ verdict, addresses, unresolved, rule, request }: Explanation): string[] {
  if (verdict === "unknown") return ["Ask again where the host resolves: a rule decides by its addresses"];
  if (verdict === "log-in") return ["Ask again with --user and the name of somebody who can log in"];
  if (unresolved !== undefined) return ["Its addresses are judged when it resolves"];
  if (verdict !== "deny") return [];
  const refused = addresses.find(({ special, isOwn }) => special !== undefined && !isOwn)?.address;
  const host = parseAddress(request.host);
  const special = refused ?? (host && specialOf(host) && formatAddress(host));
  if (special !== undefined) {
    return addresses.some(({ isOwn }) => isOwn)
      ? []
      : [
          `To let it pass, an allow rule needs "addresses: [${special}]", or a range around it of the same kind`,
        ];
  }
  return rule === "default" ? ['To let it pass, add a rule with "action: allow" that matches it'] : [];
}

/** A title and rows below it, columns aligned; nothing without rows. */
function section(
  title: (text: string) => string,
  name: string,
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return "";
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
  return `${title(name)}\n${lines.join("\n")}`;
}
