/**
 * `headgate cache`: asks a status port what its proxy keeps of answers, or has it
 * forget some. Exit codes: 0 done, 1 it could not be asked, or nothing is kept for
 * the URL, 2 the question is wrong.
 */
import type { EntryReport } from "../admin/cache-listing.ts";
import type { CacheReport } from "../admin/cache-report.ts";
import type { CacheOptions, CacheQuestion } from "./args-asking.ts";
import { type Asked, ask, processOutput, strangerAnswered } from "./ask.ts";
import { renderCache, renderEntries } from "./cache-text.ts";

/** It looks at all that is kept, on disk too. */
const PURGE_TIMEOUT_MS = 60_000;

/** Resolves to the exit code. */
export async function runCache(request: CacheOptions, output = processOutput()): Promise<number> {
  const { url, json, question } = request;
  const asked = await askCache(request);
  if (!asked.ok) {
    await output.complain(`Cannot ask ${url} about its cache: ${asked.problem}`);
    return 1;
  }
  const { status, text, body } = asked;
  const page = status === 200 && body !== undefined ? pageOf(question, body, output.colour) : undefined;
  if (page !== undefined) return (await output.write(json ? `${text}\n` : page)) ? 0 : 1;
  for (const line of refusalOf(asked)) await output.complain(line);
  return status === 400 ? 2 : 1;

  function refusalOf({ status, body }: Extract<Asked, { ok: true }>): string[] {
    const error = body?.["error"];
    if (status === 200 || typeof error !== "string")
      return [`Cannot ask ${url} about its cache: ${strangerAnswered(status)}`];
    const problems = body?.["problems"];
    return [error, ...(Array.isArray(problems) ? problems.map(String) : [])];
  }
}

function askCache(request: CacheOptions): Promise<Asked> {
  const { question } = request;
  switch (question.verb) {
    case "stats":
      return ask(request, "/cache");
    case "show":
      return ask(request, `/cache/entry?url=${encodeURIComponent(question.url)}`);
    case "purge":
      return ask(request, "/cache/purge", { ...question.matches, soft: question.soft }, PURGE_TIMEOUT_MS);
  }
}

/** Undefined: that is no answer of ours. */
function pageOf(
  question: CacheQuestion,
  body: Readonly<Record<string, unknown>>,
  colour: boolean,
): string | undefined {
  switch (question.verb) {
    case "stats":
      return isReport(body) ? renderCache(body, colour) : undefined;
    case "show":
      return isListing(body) ? renderEntries(body.url, body.entries, colour) : undefined;
    case "purge":
      return typeof body["purged"] === "number"
        ? `${body["purged"]} ${question.soft ? "marked as stale" : "purged"}\n`
        : undefined;
  }
}

/** Enough to tell ours from a stranger's. */
function isReport(body: unknown): body is CacheReport {
  const { enabled, requests } = body as Record<string, unknown>;
  return typeof enabled === "boolean" && typeof requests === "object" && requests !== null;
}

function isListing(body: unknown): body is { url: string; entries: EntryReport[] } {
  const { url, entries } = body as Record<string, unknown>;
  const isEntry = (each: unknown) => typeof each === "object" && each !== null && "why" in each;
  return typeof url === "string" && Array.isArray(entries) && entries.every(isEntry);
}
