/**
 * Is what was forwarded the message that came? It is when the start is the
 * same, every field of the ends is there, in its order and as it was spelled,
 * no field of one hop is, one Via was added, and the body is the same bytes.
 */
import { type Field, type Framing, type Head, valuesOf } from "./strict-reader.ts";

interface Content {
  readonly head: Head;
  readonly framing: Framing | undefined;
}

/** What is wrong, in words; undefined when nothing is. The body is compared by who knows how much of it came. */
export function differenceOfRequests(came: Content, went: Content): string | undefined {
  const [method, target, version] = came.head.first;
  const [wentMethod, wentTarget, wentVersion] = went.head.first;
  const { authority, path } = splitTarget(method, target);
  if (wentMethod !== method) return `the method became ${wentMethod}`;
  if (wentTarget !== path) return `the target became ${wentTarget}`;
  if (wentVersion !== "HTTP/1.1") return `the version became ${wentVersion}`;
  const hosts = valuesOf(went.head, "host");
  if (hosts.length !== 1) return `there are ${hosts.length} Hosts`;
  if (hostOf(hosts[0] ?? "") !== hostOf(authority)) return `Host became ${hosts[0]}`;
  if (went.framing !== came.framing) return `the framing became ${went.framing}`;
  const counted = method === "TRACE" || method === "OPTIONS" ? ["max-forwards"] : [];
  return differenceOfFields(came.head, went.head, version, [...counted, "host", "proxy-status"]);
}

/** `went` may be framed otherwise: HTTP/1.0 has no chunks, and HTTP/1.1 is spared the end of the connection. */
export function differenceOfResponses(came: Content, went: Content): string | undefined {
  const [version, status, reason] = came.head.first;
  const [wentVersion, wentStatus, wentReason] = went.head.first;
  if (wentVersion !== "HTTP/1.1") return `the version became ${wentVersion}`;
  if (wentStatus !== status) return `the status became ${wentStatus}`;
  if (wentReason !== reason) return `the reason became ${wentReason}`;
  return differenceOfFields(came.head, went.head, version, []);
}

export function differenceOfTrailers(came: readonly Field[], went: readonly Field[]): string | undefined {
  let next = 0;
  for (const field of went) {
    while (next < came.length && !sameField(came[next], field)) next++;
    if (next++ === came.length) return `a trailer came up: ${field.name}`;
    if (IN_HEAD_ONLY.has(field.name.toLowerCase()))
      return `a trailer that belongs in the head: ${field.name}`;
  }
  return undefined;
}

function differenceOfFields(
  came: Head,
  went: Head,
  version: string,
  ignored: readonly string[],
): string | undefined {
  const mayTravel = endToEnd(came, ignored);
  const travelled = endToEnd(went, ignored).filter((field) => !isOurCacheStatus(field));
  const ours = travelled.pop();
  const via = `Via: ${version.slice(5)} headgate`;
  if (`${ours?.name}:${ours?.value}` !== via) return `the last field is ${ours?.name}, and not our Via`;
  if (mayTravel.length !== travelled.length) return `${mayTravel.length} fields became ${travelled.length}`;
  const changed = mayTravel.find((field, index) => !sameField(field, travelled[index]));
  if (changed !== undefined) return `${changed.name} was changed`;
  return strayHopField(went);
}

/** RFC 9211: with a cache, each answer says what that did. */
function isOurCacheStatus({ name, value }: Field): boolean {
  return name === "Cache-Status" && value.startsWith(" headgate; fwd=");
}

/** What only belongs to our own hop, and may not be there unless we wrote it. */
function strayHopField(went: Head): string | undefined {
  const stray = went.fields.find(({ name }) => {
    const lower = name.toLowerCase();
    return lower === "keep-alive" || (lower.startsWith("proxy-") && lower !== "proxy-status");
  });
  if (stray !== undefined) return `${stray.name} belongs to one hop`;
  const options = valuesOf(went, "connection").flatMap((value) => value.split(", "));
  const foreign = options.find((option) => !["upgrade", "TE", "close", "keep-alive"].includes(option));
  if (foreign !== undefined) return `Connection has ${foreign}`;
  if (valuesOf(went, "te").some((value) => value !== "trailers")) return "TE has more than trailers";
  const hasUpgrade = valuesOf(went, "upgrade").length > 0;
  return hasUpgrade === options.includes("upgrade") ? undefined : "Upgrade and Connection disagree";
}

/** RFC 9110 §7.6.1, without what each hop writes anew. */
function endToEnd(head: Head, ignored: readonly string[]): Field[] {
  const nominated = [...valuesOf(head, "connection"), ...valuesOf(head, "proxy-connection")]
    .flatMap((value) => value.split(","))
    .map((option) => option.replace(/^[ \t]+|[ \t]+$/g, "").toLowerCase())
    .filter((option) => option !== "via");
  const gone = new Set([...OF_ONE_HOP, ...nominated, ...ignored]);
  return head.fields.filter(({ name }) => {
    const lower = name.toLowerCase();
    return !gone.has(lower) && (!lower.startsWith("proxy-") || lower === "proxy-status");
  });
}

function sameField(one: Field | undefined, other: Field | undefined): boolean {
  return one?.name === other?.name && one?.value === other?.value;
}

/** RFC 9112 §3.2.2; what is not in absolute form goes nowhere. */
function splitTarget(method: string, target: string): { authority: string; path: string } {
  const [, authority = "", rest = ""] = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(target) ?? [];
  if (rest === "") return { authority, path: method === "OPTIONS" ? "*" : "/" };
  return { authority, path: rest.startsWith("?") ? `/${rest}` : rest };
}

/** As the platform's own URL reads it; what it can't read is compared as text. */
function hostOf(authority: string): string {
  return URL.parse(`http://${authority}`)?.host ?? authority.toLowerCase();
}

const OF_ONE_HOP = [
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
];

const IN_HEAD_ONLY: ReadonlySet<string> = new Set([
  ...OF_ONE_HOP,
  "host",
  "authorization",
  "cookie",
  "set-cookie",
]);
