/**
 * What an upstream learns of the client, and of us. By default nothing is
 * touched but that we add ourselves to Via.
 *
 *   pass      X-Forwarded-* and Forwarded (RFC 7239) as they came
 *   append    the client behind those that the fields name already
 *   replace   the client alone
 *   hide      none of them
 *   anonymous hide, no Via, and nothing else that tells of the client
 */
import type { Config } from "../../config/schema.ts";
import type { Origin } from "../../http1/target.ts";
import { type Address, formatAddress, isUnspecified } from "../../policy/address.ts";
import {
  AGENT_LETTERS,
  hyphenated,
  isAcrossSites,
  isForwardedField,
  TELLING_LETTERS,
  tellsOfAgent,
  tellsOfClient,
} from "../../policy/changes/anonymity.ts";
import { changeFields } from "../../policy/changes/field-changes.ts";
import { valuesOf, withoutLines } from "../../policy/changes/field-lines.ts";
import type { FieldChanges } from "../../policy/spec.ts";

const ALL_LETTERS = TELLING_LETTERS + AGENT_LETTERS;

export interface Identity {
  /** Whole lines with their CRLF, by the version of the message that they are added to; empty where `via` is off. */
  readonly viaLines: readonly [http10: string, http11: string];
  /** What we are called in Via: by it a loop is found. */
  readonly viaName: string;
  /** What becomes of the fields that name clients; undefined: nothing. */
  readonly manner: "append" | "replace" | "hide" | "anonymous" | undefined;
  /** RFC 7239 §6.3: our name in Forwarded. */
  readonly by: string;
  /** What stands in place of an anonymous client's. */
  readonly userAgent: FieldChanges | undefined;
}

/** `hostName` is what `via.mode: on` calls this machine. */
export function identityOf(
  { via, forwarded, anonymous }: Pick<Config, "via" | "forwarded" | "anonymous">,
  hostName: string,
): Identity {
  const isSilent = via.mode === "off" || anonymous.enabled;
  const viaName = (via.mode === "on" && hostName.replace(/[^\w!#$%&'*+.^`|~-]/g, "_")) || via.pseudonym;
  const { userAgent } = anonymous;
  return {
    viaLines: isSilent ? ["", ""] : [`Via: 1.0 ${viaName}\r\n`, `Via: 1.1 ${viaName}\r\n`],
    viaName,
    manner: anonymous.enabled ? "anonymous" : forwarded === "pass" ? undefined : forwarded,
    by: `_${via.pseudonym.replace(/[^A-Za-z0-9._-]/g, "_")}`,
    userAgent: userAgent === undefined ? undefined : settingOf("User-Agent", userAgent),
  };
}

/** The lines of a request as an upstream is to see them. `asked` is what the client asked for, whatever a rule has made of it. */
export function introduce(identity: Identity, lines: string, client: Address, asked: Origin): string {
  switch (identity.manner) {
    case undefined:
      return lines;
    case "append":
      return withClientAppended(identity, lines, client, asked);
    case "replace":
      return withClientAppended(identity, withoutLines(lines, "fx", isForwardedField), client, asked);
    case "hide":
      return withoutLines(lines, "fx", isForwardedField);
    case "anonymous":
      return anonymised(identity, lines, asked);
  }
}

/** Lists grow; the protocol and the host are said by the first proxy alone, which heard them from the client. */
function withClientAppended({ by }: Identity, lines: string, client: Address, asked: Origin): string {
  const text = isUnspecified(client) ? "unknown" : formatAddress(client);
  const addresses = [...valuesOf(lines, "x-forwarded-for").filter(isSaid), text];
  const node = client.family === 6 && text !== "unknown" ? `"[${text}]"` : text;
  const hops = [
    ...valuesOf(lines, "forwarded").filter((value) => isSaid(value) && endsOutsideQuotes(value)),
    `by=${by};for=${node};host=${quotedIfNeeded(asked.authority)};proto=http`,
  ];
  const others = withoutLines(lines, "fx", isListOfClients);
  const host =
    valuesOf(lines, "x-forwarded-host").length > 0 ? "" : `X-Forwarded-Host: ${asked.authority}\r\n`;
  const protocol = valuesOf(lines, "x-forwarded-proto").length > 0 ? "" : "X-Forwarded-Proto: http\r\n";
  return `${others}X-Forwarded-For: ${addresses.join(", ")}\r\n${host}${protocol}Forwarded: ${hops.join(", ")}\r\n`;
}

/** With underscores too, whose addresses are not taken over: proxies that mean well spell it right. */
function isListOfClients(name: string): boolean {
  const field = hyphenated(name);
  return field === "x-forwarded-for" || field === "forwarded";
}

function anonymised({ userAgent }: Identity, lines: string, { host }: Origin): string {
  const isTelling = (name: string, value: string): boolean =>
    tellsOfClient(name) || (name === "referer" && isAcrossSites(value.trim(), host));
  if (userAgent === undefined) return withoutLines(lines, TELLING_LETTERS, isTelling);

  // User-Agent itself stays for now, so that another takes its place among the lines.
  const kept = withoutLines(
    lines,
    ALL_LETTERS,
    (name, value) => isTelling(name, value) || (name !== "user-agent" && tellsOfAgent(name)),
  );
  return changeFields(kept, [userAgent]);
}

function isSaid(value: string): boolean {
  return value !== "";
}

/** What follows an open quote would be read as a part of it: such a list is malformed, and left out. */
function endsOutsideQuotes(value: string): boolean {
  let isQuoted = false;
  for (let at = 0; at < value.length; at++) {
    if (value[at] === '"') isQuoted = !isQuoted;
    else if (value[at] === "\\" && isQuoted) at++;
  }
  return !isQuoted;
}

/** RFC 7239 §4: a port or brackets make a token no token. */
function quotedIfNeeded(authority: string): string {
  return authority.includes(":") ? `"${authority}"` : authority;
}

function settingOf(name: string, value: string): FieldChanges {
  return { remove: [], set: [{ name, value }], add: [] };
}
