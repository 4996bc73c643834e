/**
 * `headgate status`: asks a status port what its proxy is doing and prints it, for
 * people or, with `json`, as it came. Whatever goes wrong is one line on stderr.
 */
import type { StatusOptions } from "./args-asking.ts";
import { ask, processOutput, strangerAnswered } from "./ask.ts";
import { type AnyStatusReport, renderStatus } from "./status-text.ts";

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

async function askStatus(request: StatusOptions): Promise<Answer> {
  const asked = await ask(request, "/status");
  if (!asked.ok) return asked;
  const { status, text, body } = asked;
  return status === 200 && isReport(body)
    ? { ok: true, text: `${text}\n`, report: body }
    : { ok: false, problem: strangerAnswered(status) };
}

const sections = ["listeners", "workers", "totals", "latency", "upstream", "dns", "limits", "memory", "log"];

/** Enough to tell ours from a stranger's: one of our ports answers all of `AnyStatusReport`. */
function isReport(body: unknown): body is AnyStatusReport {
  const report = body as Record<string, unknown> | undefined;
  return (
    typeof report?.["version"] === "string" && sections.every((name) => typeof report[name] === "object")
  );
}
