/**
 * One question to a status port, and what came of it: an answer, or a line that
 * says why there is none. What the answer means is its asker's to know.
 */
import type { StatusOptions } from "./args-asking.ts";
import { complain, printData, wantsColour } from "./output.ts";

/** Where a command that asks tells what it learned. */
export interface AskerOutput {
  /** False when it could not be written. */
  readonly write: (text: string) => Promise<boolean>;
  /** One line, without its end. */
  readonly complain: (line: string) => Promise<void>;
  readonly colour: boolean;
}

export type Asked =
  | {
      readonly ok: true;
      readonly status: number;
      /** As it came. */
      readonly text: string;
      /** Of JSON, without control characters; undefined where it is no object. */
      readonly body: Readonly<Record<string, unknown>> | undefined;
    }
  | { readonly ok: false; readonly problem: string };

const TIMEOUT_MS = 5000;

/** GET; POST with a `body`. */
export async function ask(
  { url, token }: Pick<StatusOptions, "url" | "token">,
  path: string,
  body?: unknown,
  timeoutMs = TIMEOUT_MS,
): Promise<Asked> {
  const target = URL.parse(path, url);
  if (target === null || !/^https?:$/.test(target.protocol)) {
    return fail("expected a URL such as http://127.0.0.1:8889");
  }
  try {
    const response = await fetch(target, {
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      // The environment of someone who uses Headgate names a proxy: Headgate itself.
      proxy: false,
      // A token must not follow to where it was not meant for.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return readAnswer(response.status, await response.text());
  } catch (error) {
    return fail(reasonOf(error, timeoutMs));
  }
}

export function strangerAnswered(status: number): string {
  return status === 200
    ? "that is no Headgate status port"
    : `that is no Headgate status port, it answered ${status}`;
}

export function processOutput(): AskerOutput {
  return { write: printData, complain, colour: wantsColour(1) };
}

function readAnswer(status: number, text: string): Asked {
  const body = parseObject(text);
  switch (status) {
    case 401:
      return fail(body?.["because"] === "token_wrong" ? "the token is wrong" : "it wants a token");
    case 403:
      return fail(`access refused (${body?.["because"] ?? "it does not say why"})`);
    default:
      return { ok: true, status, text, body };
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text, withoutControls);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Whatever answers at the URL, it must not steer the terminal. */
function withoutControls(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.replace(/[\x00-\x1f\x7f-\x9f]/g, "?") : value;
}

/** Bun's messages ask questions of the reader; the codes are stable. */
function reasonOf(error: unknown, timeoutMs: number): string {
  const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
  if (name === "TimeoutError") return `no answer within ${timeoutMs / 1000} s`;
  switch (code) {
    case "ECONNREFUSED":
      return "nothing is listening there";
    case "ENOTFOUND":
      return "the name is unknown";
    case "ECONNRESET":
      return "the connection was closed without an answer";
    case "Malformed_HTTP_Response":
      return "what answers there does not speak HTTP";
    default:
      return String(code ?? message);
  }
}

function fail(problem: string): Asked {
  return { ok: false, problem };
}
