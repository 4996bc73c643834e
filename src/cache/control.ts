/**
 * What Cache-Control says (RFC 9111 §5.2), of a request and of an answer.
 *
 * Names are found in any case, arguments are taken with quotes and without. What
 * is not known is ignored. Of a directive that comes twice the first one counts
 * (§4.2.1). A lifetime that is no number of seconds is 0: stale (§4.2.1); where a
 * number would allow something, one that is malformed allows nothing.
 */
import { eachDirective } from "./directives.ts";
import { Recall } from "./recall.ts";

export interface RequestControl {
  readonly noCache: boolean;
  readonly noStore: boolean;
  readonly onlyIfCached: boolean;
  readonly noTransform: boolean;
  readonly maxAgeMs: number | undefined;
  /** Infinity for a `max-stale` without a number. */
  readonly maxStaleMs: number | undefined;
  readonly minFreshMs: number | undefined;
  /** RFC 5861 §4. */
  readonly staleIfErrorMs: number | undefined;
}

export interface ResponseControl {
  readonly isPublic: boolean;
  /** `private` without field names. */
  readonly isPrivate: boolean;
  readonly noStore: boolean;
  /** `no-cache` without field names. */
  readonly noCache: boolean;
  /** Lower case: the fields that `private="…"` and `no-cache="…"` name. */
  readonly withheldFields: readonly string[];
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly immutable: boolean;
  readonly maxAgeMs: number | undefined;
  readonly sMaxAgeMs: number | undefined;
  readonly staleWhileRevalidateMs: number | undefined;
  readonly staleIfErrorMs: number | undefined;
}

/** While it is being read. */
export type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

/** Larger ones count as this many (RFC 9111 §1.2.2). */
const SECONDS_MAX = 2_147_483_648;

/** Of a request without Cache-Control and without Pragma. */
export const silentRequest: RequestControl = emptyRequest();

/** Of an answer without Cache-Control. */
export const silentAnswer: ResponseControl = emptyAnswer();

/** Origins say the same few things over and over. */
const recall = new Recall((list) => {
  const control = emptyAnswer();
  eachDirective(list, (name, argument) => addToAnswer(control, name, argument));
  return control as ResponseControl;
});

/** `list` is Cache-Control's; `Pragma: no-cache` counts where there is none (RFC 9111 §5.4). */
export function parseRequestControl(list: string | undefined, pragma: string | undefined): RequestControl {
  const control = emptyRequest();
  if (list !== undefined) eachDirective(list, (name, argument) => addToRequest(control, name, argument));
  else if (pragma !== undefined) {
    eachDirective(pragma, (name) => {
      if (name === "no-cache") control.noCache = true;
    });
  }
  return control;
}

export function parseResponseControl(list: string): ResponseControl {
  return recall.of(list);
}

/** RFC 9111 §1.2.2; undefined for what is no number: a sign, a fraction, a letter, nothing. */
export function parseDeltaMs(argument: string | undefined): number | undefined {
  if (argument === undefined || argument === "") return undefined;
  for (let i = 0; i < argument.length; i++) {
    const code = argument.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return undefined;
  }
  return Math.min(Number(argument), SECONDS_MAX) * 1000;
}

function addToRequest(control: Changing<RequestControl>, name: string, argument: string | undefined): void {
  switch (name) {
    case "no-cache":
      control.noCache = true;
      return;
    case "no-store":
      control.noStore = true;
      return;
    case "only-if-cached":
      control.onlyIfCached = true;
      return;
    case "no-transform":
      control.noTransform = true;
      return;
    case "max-age":
      control.maxAgeMs ??= parseDeltaMs(argument) ?? 0;
      return;
    case "max-stale":
      control.maxStaleMs ??= argument === undefined ? Number.POSITIVE_INFINITY : parseDeltaMs(argument);
      return;
    case "min-fresh":
      control.minFreshMs ??= parseDeltaMs(argument);
      return;
    case "stale-if-error":
      control.staleIfErrorMs ??= parseDeltaMs(argument);
      return;
  }
}

/** Nothing said yet: for who adds directives one by one. */
export function startAnswerControl(): Changing<ResponseControl> {
  return emptyAnswer();
}

/** A yes-or-no directive with an argument still says yes: what restricts is not to be lost by a slip. */
export function addToAnswer(
  control: Changing<ResponseControl>,
  name: string,
  argument: string | undefined,
): void {
  switch (name) {
    case "public":
      control.isPublic = true;
      return;
    case "private":
      if (!withholds(control, argument)) control.isPrivate = true;
      return;
    case "no-store":
      control.noStore = true;
      return;
    case "no-cache":
      if (!withholds(control, argument)) control.noCache = true;
      return;
    case "must-revalidate":
      control.mustRevalidate = true;
      return;
    case "proxy-revalidate":
      control.proxyRevalidate = true;
      return;
    case "must-understand":
      control.mustUnderstand = true;
      return;
    case "immutable":
      control.immutable = true;
      return;
    case "max-age":
      control.maxAgeMs ??= parseDeltaMs(argument) ?? 0;
      return;
    case "s-maxage":
      control.sMaxAgeMs ??= parseDeltaMs(argument) ?? 0;
      return;
    case "stale-while-revalidate":
      control.staleWhileRevalidateMs ??= parseDeltaMs(argument) ?? 0;
      return;
    case "stale-if-error":
      control.staleIfErrorMs ??= parseDeltaMs(argument) ?? 0;
      return;
  }
}

/** Whether the argument is a list of field names; else the directive is about the whole answer. */
function withholds(control: Changing<ResponseControl>, argument: string | undefined): boolean {
  const names = argument === undefined ? [] : parseFieldNames(argument);
  if (names.length === 0) return false;
  control.withheldFields = [...control.withheldFields, ...names];
  return true;
}

/** `#field-name` (RFC 9111 §5.2.2.4, §5.2.2.7), lower case; empty when one of them is no name. */
function parseFieldNames(argument: string): readonly string[] {
  const names = argument
    .toLowerCase()
    .split(",")
    .map((name) => name.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((name) => name !== "");
  return names.every((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) && !argument.startsWith(" ")
    ? names
    : [];
}

function emptyRequest(): Changing<RequestControl> {
  return {
    noCache: false,
    noStore: false,
    onlyIfCached: false,
    noTransform: false,
    maxAgeMs: undefined,
    maxStaleMs: undefined,
    minFreshMs: undefined,
    staleIfErrorMs: undefined,
  };
}

function emptyAnswer(): Changing<ResponseControl> {
  return {
    isPublic: false,
    isPrivate: false,
    noStore: false,
    noCache: false,
    withheldFields: [],
    mustRevalidate: false,
    proxyRevalidate: false,
    mustUnderstand: false,
    immutable: false,
    maxAgeMs: undefined,
    sMaxAgeMs: undefined,
    staleWhileRevalidateMs: undefined,
    staleIfErrorMs: undefined,
  };
}
