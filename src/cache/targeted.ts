/**
 * CDN-Cache-Control (RFC 9213): a dictionary of structured fields (RFC 8941), held
 * to its grammar. One that breaks it, is empty, or gives a time that is no whole
 * number of seconds is as if it were not there (§2.1). Parameters mean nothing;
 * of a member that comes twice the last one counts.
 */
import { addToAnswer, parseDeltaMs, type ResponseControl, startAnswerControl } from "./control.ts";

/** Members whose value has to be an Integer that is not negative. */
const TIMES = new Set(["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"]);

/** The list is what all lines of the field say together. undefined: to be ignored. */
export function parseTargetedControl(list: string): ResponseControl | undefined {
  const members = new Map<string, string | true>();
  if (!readDictionary(list, members) || members.size === 0) return undefined;

  const control = startAnswerControl();
  for (const [name, item] of members) {
    if (item === "?0") continue;
    if (TIMES.has(name) && (item === true || parseDeltaMs(item) === undefined)) return undefined;
    addToAnswer(control, name, item === true ? undefined : argumentOf(name, item));
  }
  return control;
}

/** Times are Integers, lists of names Strings or Tokens; what else a directive is given is no argument. */
function argumentOf(name: string, item: string): string | undefined {
  if (TIMES.has(name)) return item;
  if (item.startsWith('"')) return item.slice(1, -1).replace(/\\(.)/g, "$1");
  return /^[A-Za-z*]/.test(item) ? item : undefined;
}

const KEY = "[a-z*][a-z0-9_\\-.*]*";
const NUMBER = "-?(?:\\d{1,12}\\.\\d{1,3}|\\d{1,15}(?!\\.))";
const STRING = '"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\["\\\\])*"';
const TOKEN = "[A-Za-z*][!#$%&'*+\\-.^_`|~0-9A-Za-z:/]*";
const BYTES = ":[A-Za-z0-9+/=]*:";
const BARE_ITEM = `(?:${NUMBER}|${STRING}|${TOKEN}|${BYTES}|\\?[01])`;
const PARAMETERS = `(?:;[ ]*${KEY}(?:=${BARE_ITEM})?)*`;
const INNER_LIST = `\\([ ]*(?:${BARE_ITEM}${PARAMETERS}(?:[ ]+${BARE_ITEM}${PARAMETERS})*)?[ ]*\\)`;

/** One member: its key; its value. */
const MEMBER = new RegExp(`(${KEY})(?:=(${BARE_ITEM}|${INNER_LIST}))?${PARAMETERS}`, "y");

/** What stands between two members. */
const COMMA = /[ \t]*,[ \t]*/y;

/** RFC 8941 §4.2.2. False when it is no dictionary. A member without a value is true. */
function readDictionary(list: string, members: Map<string, string | true>): boolean {
  for (let at = 0; at < list.length; ) {
    MEMBER.lastIndex = at;
    const member = MEMBER.exec(list);
    if (member === null) return false;
    members.set(member[1]!, member[2] ?? true);
    at = MEMBER.lastIndex;
    if (at === list.length) return true;
    COMMA.lastIndex = at;
    if (!COMMA.test(list)) return false;
    at = COMMA.lastIndex;
    if (at === list.length) return false;
  }
  return true;
}
