/**
 * Vary (RFC 9111 §4.1): which fields of a request select an answer, and the key that
 * their values make. Requests whose fields mean the same get the same key:
 *
 *   - several lines are one list; blanks around its commas, outside quotes, do not count
 *   - Accept, Accept-Charset, Accept-Encoding and Accept-Language as `preferences.ts`
 *     reads them, where nothing is quoted
 *   - an answer whose Content-Language is one language is selected by every
 *     Accept-Language that likes none better: its name is kept as `accept-language=de`
 */
import { firstValue, joinedValue } from "./field-lines.ts";
import { readPreferences } from "./preferences.ts";

const PREFERENCES = new Set(["accept", "accept-charset", "accept-encoding", "accept-language"]);

/** What makes a Vary that nothing matches: `*`, and what is no name. */
const NO_NAME = /[^!#$%&'+\-.^_`|~0-9a-z]/;

const LANGUAGE = /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/;

/** The names in lower case, sorted, each once, joined by ","; empty without Vary; undefined when nothing can match. */
export function varyNamesOf(vary: string | undefined, answerLines: string): string | undefined {
  if (vary === undefined) return "";
  // Most say this, and nothing else.
  if (vary === "Accept-Encoding") return "accept-encoding";
  const names = new Set<string>();
  for (const piece of vary.toLowerCase().split(",")) {
    const name = piece.replace(/^[ \t]+|[ \t]+$/g, "");
    if (NO_NAME.test(name)) return undefined;
    if (name !== "") names.add(name);
  }
  if (names.delete("accept-language")) names.add(`accept-language${languageOf(answerLines)}`);
  return [...names].sort().join(",");
}

/** The key of a request for these names, as `varyNamesOf` gives them. Values hold no line feed, so it tells all apart. */
export function varyKeyOf(varyNames: string, lines: string): string {
  if (varyNames === "") return "";
  if (!varyNames.includes(",")) return partOf(varyNames, lines);
  return varyNames
    .split(",")
    .map((name) => partOf(name, lines))
    .join("\n");
}

/** A field that is absent matches one that is absent alone. */
function partOf(name: string, lines: string): string {
  const equals = name.indexOf("=");
  const field = equals < 0 ? name : name.slice(0, equals);
  const value = joinedValue(lines, field);
  if (value === undefined) return "";
  if (!PREFERENCES.has(field) || value.includes('"')) return `=${withoutBlanks(value)}`;
  const preferences = readPreferences(value);
  // Named without a weight: no other can be liked better.
  if (equals >= 0 && preferences.members.has(name.slice(equals + 1))) return "best";
  return `=${preferences.text}`;
}

/** No blanks around commas. What stands in quotes stays as it is. */
function withoutBlanks(list: string): string {
  if (!list.includes(",")) return list;
  return list.replace(/"(?:[^"\\]|\\.)*"|[ \t]*,[ \t]*/g, (match) => (match.startsWith('"') ? match : ","));
}

/** `=de` when Content-Language names one language; otherwise nothing. */
function languageOf(answerLines: string): string {
  const language = firstValue(answerLines, "content-language")?.toLowerCase();
  return language !== undefined && LANGUAGE.test(language) ? `=${language}` : "";
}
