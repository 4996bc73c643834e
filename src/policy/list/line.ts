/**
 * One line of a list → the hosts or the range that it names, or why it names
 * none. Each line is told by itself, so that a list may mix the formats:
 *
 *   example.com            that host; `*.example.com` what is below it, `.example.com` both
 *   0.0.0.0 a.com b.com    a hosts file: those hosts. What it says of the machine itself is left out
 *   ||example.com^         AdBlock: the host and what is below it. `@@||…` is an exception
 *   10.0.0.0/8, ::1        a range, or one address
 *   # ! ; [Adblock Plus]   comments and headings
 *
 * A proxy sees hosts, so of AdBlock's rules only those count that are about a
 * whole host. The rest (paths, elements of a page, some kinds of request) is
 * ignored: to refuse the host for it would refuse too much, and an exception
 * would let too much through.
 */
import { type Cidr, parseAddress, parseCidr } from "../address.ts";
import { type HostCover, type ListedHost, parseListedHost } from "./host.ts";

export type ListLine =
  | {
      readonly kind: "hosts";
      readonly names: readonly string[];
      readonly covers: HostCover;
      readonly isException: boolean;
    }
  | { readonly kind: "range"; readonly range: Cidr; readonly isException: boolean }
  /** A comment, a heading, nothing. */
  | { readonly kind: "nothing" }
  /** A rule that is not about a whole host. */
  | { readonly kind: "ignored" }
  | { readonly kind: "problem"; readonly because: string };

const NOTHING: ListLine = { kind: "nothing" };
const IGNORED: ListLine = { kind: "ignored" };

/** The element rules of AdBlock: `example.com##.ad`, `#@#`, `#?#`, `#$#`, `#%#` and what is made of them. */
const ELEMENT_RULE = /^[^\s#]*#@?[?$%]{0,2}#\S/;

/** What only a rule about a part of a URL has; and what none of them has, but a web page and JSON. */
const URL_MARK = /[/*^|$=?&~]/;
const NO_URL = /[\s<>{}"]/;

export function parseListLine(text: string): ListLine {
  const line = text.trim();
  switch (line.charCodeAt(0)) {
    case 0x21: // !
    case 0x23: // #
    case 0x3b: // ;
      return NOTHING;
    case 0x5b: // [
      return parseHeading(line);
    case 0x7c: // |
      return parseRule(line, false);
    case 0x40: // @
      return line.startsWith("@@") ? parseRule(line.slice(2), true) : problem("no host or address");
    default:
      return line === "" ? NOTHING : parsePlain(line);
  }
}

/** `[Adblock Plus 2.0]`, and an address in brackets. */
function parseHeading(line: string): ListLine {
  if (!line.endsWith("]")) return line.startsWith("[$") ? IGNORED : problem("a bracket that does not close");
  const address = parseAddress(line.slice(1, -1));
  return address?.family === 6 ? rangeOf(line.slice(1, -1), false) : NOTHING;
}

/** A line without AdBlock's marks at its front. */
function parsePlain(line: string): ListLine {
  const hash = line.indexOf("#");
  if (hash > 0 && ELEMENT_RULE.test(line)) return IGNORED;
  const semicolon = line.indexOf(";");
  const end = hash < 0 ? semicolon : semicolon < 0 ? hash : Math.min(hash, semicolon);
  const content = end < 0 ? line : line.slice(0, end).trimEnd();

  const words = /\s/.test(content) ? content.split(/\s+/) : undefined;
  if (words !== undefined) return parseHostsLine(words);
  if (mayBeAddress(content)) {
    const range = parseCidr(content);
    if (range !== undefined) return { kind: "range", range, isException: false };
    if (/^[\d.]+\/\d+$|^[\da-f.]*:[\da-f.:]*(\/\d+)?$/i.test(content)) return problem(whyNoRange(content));
  }
  const host = parseListedHost(content);
  if (host !== undefined) return hostsOf(host, false);
  return URL_MARK.test(content) && !NO_URL.test(content) ? IGNORED : problem("no host or address");
}

/** Whether it begins as an address may, so that most names are spared the parser. */
function mayBeAddress(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return (last >= 0x30 && last <= 0x39) || text.includes(":");
}

/** What the hosts file of a system says of that system, and copies of it repeat. */
const BOILERPLATE = /^(?:localhost(?:\.localdomain|6(?:\.localdomain6)?)?|local|broadcasthost|ip6-.*)$/i;

/** The address itself does not matter: it says where the names are sent, not which. */
function parseHostsLine([first = "", ...names]: readonly string[]): ListLine {
  if (parseAddress(first.replace(/%.*$/, "")) === undefined)
    return problem("several words, the first no address");
  const hosts: string[] = [];
  for (const name of names) {
    if (BOILERPLATE.test(name) || parseAddress(name) !== undefined) continue;
    const host = parseListedHost(name);
    if (host?.covers !== "exact") return problem(`"${shorten(name)}" is no host`);
    hosts.push(host.name);
  }
  return hosts.length === 0 ? NOTHING : { kind: "hosts", names: hosts, covers: "exact", isException: false };
}

/** `||host^` and `||host^$options`, after `@@` when it is an exception. */
const HOST_RULE = /^\|\|([^\s^$/|]+)(\^?)(?:\$([^\s]*))?$/;

function parseRule(rule: string, isException: boolean): ListLine {
  const [, host, mark, options] = HOST_RULE.exec(rule) ?? [];
  if (host === undefined) return IGNORED;
  if (options !== undefined && !isAboutWholeHost(options)) return IGNORED;

  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (parseAddress(bare) !== undefined) return rangeOf(bare, isException);
  // Without the mark at its end it is the front of a name: `||ads.` is no host.
  if ((host.endsWith(".") && mark === "") || (host.includes("*") && !host.startsWith("*."))) return IGNORED;
  const listed = parseListedHost(host);
  if (listed === undefined) return problem(`"${shorten(host)}" is no host`);
  return hostsOf(listed.covers === "exact" ? { ...listed, covers: "both" } : listed, isException);
}

/** Change nothing in what the rule is about. */
const HARMLESS = /^(?:important|match-case|_+)$/;
/** Kinds of request. Only with a page itself among them the whole host is meant. */
const WHOLE_PAGE = /^(?:all|document|doc)$/;
const KINDS =
  /^(?:script|image|stylesheet|css|font|media|object|subdocument|frame|xmlhttprequest|xhr|websocket|webrtc|ping|beacon|popup|popunder|other)$/;

/**
 * False when the options narrow the rule to what a proxy can't tell: who asks
 * (`third-party`, `domain=…`, `client=…`), or some kinds of request without the
 * page itself (`script,image`; `popup`). So `||host^$third-party` does not refuse
 * the host to whoever goes there.
 */
function isAboutWholeHost(options: string): boolean {
  const words = options.split(",").filter((word) => !HARMLESS.test(word));
  if (words.length === 0) return true;
  return (
    words.some((word) => WHOLE_PAGE.test(word)) &&
    words.every((word) => WHOLE_PAGE.test(word) || KINDS.test(word))
  );
}

function hostsOf({ name, covers }: ListedHost, isException: boolean): ListLine {
  return { kind: "hosts", names: [name], covers, isException };
}

function rangeOf(text: string, isException: boolean): ListLine {
  const range = parseCidr(text);
  return range === undefined ? problem(whyNoRange(text)) : { kind: "range", range, isException };
}

function whyNoRange(text: string): string {
  const isAddress = parseAddress(text.replace(/\/\d+$/, "")) !== undefined;
  return isAddress ? "bits behind its prefix, or a prefix too long" : "no address";
}

function problem(because: string): ListLine {
  return { kind: "problem", because };
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
