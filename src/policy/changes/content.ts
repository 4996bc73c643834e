/**
 * What a message may carry, as far as it tells of it: the extension in a path or
 * of a file that an answer is to be saved as, the media type, the declared size.
 * What a body really is, is counted as it passes.
 *
 * The rules, in order; the first that applies decides:
 *   1. the extension is refused     403
 *   2. the media type is refused    403, answers alone
 *   3. it declares too many bytes   413
 */

import type { ContentSpec } from "../spec.ts";
import { valuesOf } from "./field-lines.ts";
import { decodePercent, utf8Bytes } from "./percent.ts";

const DOT = 0x2e;

export interface ContentRefusal {
  readonly because: "content_extension" | "content_type" | "content_size";
  readonly status: 403 | 413;
  readonly detail: string;
}

export function judgeRequest(
  spec: ContentSpec,
  /** The path may have its query; the length is -1 when none is declared. */
  facts: { readonly path: string; readonly contentLength: number },
): ContentRefusal | undefined {
  const { extensions, requestBytes } = spec;
  const refusal = extensions.length > 0 ? judgeName(extensions, fileOf(withoutQuery(facts.path))) : undefined;
  return refusal ?? judgeSize(requestBytes, facts.contentLength);
}

export function judgeAnswer(
  spec: ContentSpec,
  /** Whole lines with their CRLF; the length is -1 when none is declared. */
  facts: { readonly fieldLines: string; readonly contentLength: number },
): ContentRefusal | undefined {
  const { fieldLines, contentLength } = facts;
  const { extensions, mediaTypes, answerBytes } = spec;
  if (extensions.length > 0) {
    for (const name of valuesOf(fieldLines, "content-disposition").flatMap(savedAs)) {
      const refusal = judgeName(extensions, name);
      if (refusal !== undefined) return refusal;
    }
  }
  if (mediaTypes.length > 0) {
    for (const type of valuesOf(fieldLines, "content-type").flatMap(typesIn)) {
      const refused = byText(mediaTypes);
      const pattern = refused.get(type) ?? refused.get(type.replace(/\/.*/, "/*"));
      if (pattern !== undefined) return refuse("content_type", 403, `media type ${pattern}`);
    }
  }
  if (answerBytes === undefined) return undefined;
  return judgeSize(answerBytes, Math.max(contentLength, ...wholeLengths(fieldLines)));
}

/** Counts a body as it passes. */
export class BodyGauge {
  readonly limitBytes: number;
  /** The rule whose limit it is. */
  readonly rule: string;
  bytes = 0;

  constructor(limitBytes: number, rule: string) {
    this.limitBytes = limitBytes;
    this.rule = rule;
  }

  /** For the least of what some rules allow; undefined when none of them says how much. */
  static of(
    specs: readonly (ContentSpec & { readonly rule: string })[],
    which: "requestBytes" | "answerBytes",
  ): BodyGauge | undefined {
    let gauge: BodyGauge | undefined;
    for (const spec of specs) {
      const bytes = spec[which];
      if (bytes !== undefined && (gauge === undefined || bytes < gauge.limitBytes)) {
        gauge = new BodyGauge(bytes, spec.rule);
      }
    }
    return gauge;
  }

  /** False when the piece makes the body too large: it must not pass. */
  sees(_bytes: Uint8Array, from: number, to: number): boolean {
    this.bytes += to - from;
    return this.bytes <= this.limitBytes;
  }

  get refusal(): ContentRefusal {
    return refuseSize(this.limitBytes);
  }
}

function withoutQuery(path: string): string {
  const at = path.indexOf("?");
  return at < 0 ? path : path.slice(0, at);
}

/** The last segment that names something, decoded once, dot segments left out. */
function fileOf(path: string): string {
  const end = path.lastIndexOf("/") + 1;
  if (end < path.length && !/[%\\]/.test(path) && path.charCodeAt(end) !== DOT) return path.slice(end);
  const segments = decodePercent(path).split(/[/\\]/);
  return segments.findLast((segment) => !/^\.{0,2}$/.test(segment)) ?? "";
}

/** Where names are cut, "" for not at all. */
const MARKS = ["", ";", ":", "\0"] as const;

/**
 * Upstreams and file systems cut names at different places, so each is looked
 * at: `a.exe;v=1`, `a.exe%00.txt`, `a.exe::$DATA`, `a.exe.`, and the whole.
 */
function judgeName(extensions: readonly string[], file: string): ContentRefusal | undefined {
  const refused = byText(extensions);
  for (const mark of MARKS) {
    const at = mark === "" ? file.length : file.indexOf(mark);
    if (at < 0) continue;
    const name = withoutTail(file.slice(0, at));
    const last = name.lastIndexOf(".");
    const lastButOne = last < 1 ? -1 : name.lastIndexOf(".", last - 1);
    const extension = refused.get(extensionAt(name, last)) ?? refused.get(extensionAt(name, lastButOne));
    if (extension !== undefined) return refuse("content_extension", 403, `extension .${extension}`);
  }
  return undefined;
}

/** Dots and spaces at its end are nothing to some file systems. */
function withoutTail(name: string): string {
  let end = name.length;
  while (name[end - 1] === "." || name[end - 1] === " ") end--;
  return name.slice(0, end);
}

function extensionAt(name: string, dot: number): string {
  return dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** What is looked for, by how it is found in a message; kept as long as the spec is. */
const known = new WeakMap<readonly string[], ReadonlyMap<string, string>>();

function byText(texts: readonly string[]): ReadonlyMap<string, string> {
  const before = known.get(texts);
  if (before !== undefined) return before;
  const made = new Map(texts.map((text) => [utf8Bytes(text).toLowerCase(), text]));
  known.set(texts, made);
  return made;
}

/** RFC 6266 §4.1: `filename` and `filename*`, which clients are free to prefer; read as loosely as they do. */
function savedAs(disposition: string): string[] {
  const parameter = /\bfilename\*?[ \t]*=[ \t]*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^;]*))/gi;
  return [...disposition.matchAll(parameter)].map(([, quoted, bare = ""]) =>
    fileOf((quoted?.replace(/\\(.)/g, "$1") ?? bare).trim()),
  );
}

/** Lower case, without parameters; a list, which is malformed, counts as each of its members. */
function typesIn(value: string): string[] {
  return value
    .toLowerCase()
    .replace(/"[^"]*"?/g, "")
    .split(",")
    .map((type) => (type.split(";", 1)[0] ?? "").trim());
}

/** RFC 9110 §14.4: of a part, how long the whole is; a client could fetch it part by part. */
function wholeLengths(fieldLines: string): number[] {
  return valuesOf(fieldLines, "content-range").map((range) =>
    Number(/\/([0-9]{1,15})$/.exec(range)?.[1] ?? -1),
  );
}

function judgeSize(limitBytes: number | undefined, declared: number): ContentRefusal | undefined {
  return limitBytes !== undefined && declared > limitBytes ? refuseSize(limitBytes) : undefined;
}

function refuseSize(limitBytes: number): ContentRefusal {
  return refuse("content_size", 413, `more than ${limitBytes} bytes`);
}

function refuse(because: ContentRefusal["because"], status: 403 | 413, detail: string): ContentRefusal {
  return { because, status, detail };
}
