/**
 * The answers that the proxy gives itself: a status, `Proxy-Status` (RFC 9209)
 * and a short body, in JSON for who accepts that and in plain text for people.
 */
import type { FailureWord } from "../../observe/failure-word.ts";
import { type Failure, type Refusal, statusOf } from "../failure.ts";
import { reasonOf } from "./reasons.ts";

export interface Reply {
  readonly status: number;
  /** Why, by the word of RFC 9209; undefined where nothing failed. */
  readonly word: FailureWord | undefined;
  readonly detail: string;
  /** Whole lines with their CRLF. */
  readonly fields: string;
  /** Text for people; undefined makes one of status and detail. */
  readonly text: string | undefined;
  readonly refusal: Refusal | undefined;
}

export interface ReplyOptions {
  readonly pseudonym: string;
  readonly wantsJson: boolean;
  readonly isHead: boolean;
  readonly connection: "close" | "keep-alive" | "implied";
  /** A whole line with its CRLF. */
  readonly dateLine: string;
}

export function replyTo(failure: Failure): Reply {
  const { word, detail, refusal } = failure;
  return {
    status: statusOf(failure),
    word,
    detail,
    fields: refusal?.fields ?? "",
    text: undefined,
    refusal,
  };
}

/** An answer that tells of no failure, such as ours to OPTIONS. */
export function plainReply(status: number, text: string, fields = ""): Reply {
  return { status, word: undefined, detail: "", fields, text, refusal: undefined };
}

/** The whole message, latin1. */
export function serializeReply(reply: Reply, options: ReplyOptions): string {
  const body = bodyOf(reply, options.wantsJson);
  const type = options.wantsJson ? "application/json" : "text/plain; charset=utf-8";
  const hasType = body !== "" && !reply.fields.startsWith("Content-Type:");
  return [
    `HTTP/1.1 ${reply.status} ${reasonOf(reply.status)}\r\n`,
    options.dateLine,
    reply.fields,
    reply.word === undefined
      ? ""
      : `Proxy-Status: ${options.pseudonym}; error=${reply.word}; details=${quoted(reply.detail)}\r\n`,
    hasType ? `Content-Type: ${type}\r\n` : "",
    `Content-Length: ${body.length}\r\n`,
    reply.word === undefined ? "" : "Cache-Control: no-store\r\n",
    options.connection === "implied" ? "" : `Connection: ${options.connection}\r\n`,
    "\r\n",
    options.isHead ? "" : body,
  ].join("");
}

/** Whether the field lines of a request ask for JSON in so many words, and no less than for text (RFC 9110 §12.5.1). */
export function wantsJson(fieldLines: string): boolean {
  const accept = /(?:^|\r\n)accept:([^\r]*)/i.exec(fieldLines)?.[1] ?? "";
  let json = 0;
  let text = 0;
  for (const range of accept.toLowerCase().split(",")) {
    const type = range.split(";", 1)[0]?.trim() ?? "";
    const quality = Number(/;[ \t]*q=([01](?:\.[0-9]{0,3})?)/.exec(range)?.[1] ?? 1);
    if (/^application\/(?:[a-z.+-]+\+)?json$/.test(type)) json = Math.max(json, quality);
    else if (type === "text/plain" || type === "text/*") text = Math.max(text, quality);
  }
  return json > 0 && json >= text;
}

function bodyOf(reply: Reply, json: boolean): string {
  const { status, word, detail, refusal } = reply;
  if (reply.text !== undefined) return reply.text;
  if (json) {
    const { rule, reason, mayRetry: retry } = refusal ?? {};
    return `${JSON.stringify({ status, error: word, detail, rule, reason, retry })}\n`;
  }
  const advice = refusal?.mayRetry === false ? "Do not retry: the answer will be the same.\n" : "";
  return `${status} ${reasonOf(status)}: ${detail}.\n${advice}`;
}

/** RFC 8941 §3.3.3: printable ASCII, quotes and backslashes escaped. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
}
