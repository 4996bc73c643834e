/**
 * `headgate status`: asks a status port what its proxy is doing and prints it, for
 * people or, with `json`, as it came. Whatever goes wrong is one line on stderr.
 */
import type { StatusOptions } from "./args.ts";
import { complain, printData, wantsColour } from "./output.ts";
import { type AnyStatusReport, renderStatus } from "./status-text.ts";

export interface StatusOutput {
  /** False when it could not be written. */
  readonly write: (text: string) => Promise<boolean>;
  /** One line, without its end. */
  readonly complain: (line: string) => Promise<void>;
  readonly colour: boolean;
}

const TIMEOUT_MS = 5000;

/** Resolves to the exit code. */
export async function runStatus(request: StatusOptions, output = processOutput()): Promise<number> {
  const answer = await askStatus(request);
  if (!answer.ok) {
    await output.complain(`Cannot read the status from ${request.url}: ${answer.problem}`);
    return 1;
  }
  const text = request.json ? answer.text : renderStatus(answer.report, output.colour);
  return (await output.write(text)) ? 0 : 1;
}

type Answer =
  | { readonly ok: true; readonly text: string; readonly report: AnyStatusReport }
  | { readonly ok: false; readonly problem: string };

async function askStatus({ url, token }: StatusOptions): Promise<Answer> {
  const target = URL.parse("/status", url);
  if (target === null || !/^https?:$/.test(target.protocol)) {
    return fail("expected a URL such as http://127.0.0.1:8889");
  }
  try {
    const response = await fetch(target, {
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      // The environment of someone who uses Headgate names a proxy: Headgate itself.
      proxy: false,
      // A token must not follow to where it was not meant for.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return readAnswer(response.status, await response.text());
  } catch (error) {
    return fail(reasonOf(error));
  }
}

function readAnswer(status: number, text: string): Answer {
  const body = parseObject(text);
  switch (status) {
    case 200:
      return isReport(body)
        ? { ok: true, text: `${text}\n`, report: body }
        : fail("that is no Headgate status port");
    case 401:
      return fail(body?.["because"] === "token_wrong" ? "the token is wrong" : "it wants a token");
    case 403:
      return fail(`access refused (${body?.["because"] ?? "it does not say why"})`);
    default:
      return fail(`that is no Headgate status port, it answered ${status}`);
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

const sections = ["listeners", "workers", "totals", "latency", "upstream", "dns", "limits", "memory", "log"];

/** Enough to tell ours from a stranger's: one of our ports answers all of `AnyStatusReport`. */
function isReport(body: unknown): body is AnyStatusReport {
  const report = body as Record<string, unknown> | undefined;
  return (
    typeof report?.["version"] === "string" && sections.every((name) => typeof report[name] === "object")
  );
}

/** Bun's messages ask questions of the reader; the codes are stable. */
function reasonOf(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
  if (name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
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

function fail(problem: string): Answer {
  return { ok: false, problem };
}

function processOutput(): StatusOutput {
  return { write: printData, complain, colour: wantsColour(1) };
}
