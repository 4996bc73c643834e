/** What the policy says of the content of an exchange, told as failures. The bodies themselves are watched in `body-pipe.ts`. */
import type { ResponseHead } from "../http1/head.ts";
import { judgeAnswer } from "../policy/content.ts";
import { isAudited } from "./audit.ts";
import type { RelayContext, Settings } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import type { Passage } from "./passage.ts";
import { refusedByContent } from "./refusal.ts";

/** Why an answer may not pass, by its head; undefined when it may, as far as that tells. */
export function answerRefusal(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  passage: Passage,
  head: ResponseHead,
): Failure | undefined {
  const specs = passage.effects?.content;
  if (specs === undefined || specs.length === 0) return undefined;
  for (const spec of specs) {
    const because = judgeAnswer(spec, {
      fieldLines: head.fields.forwarded,
      contentLength: head.fields.contentLength,
    });
    if (because === undefined) continue;
    const failure = refusedByContent(spec.rule, because);
    if (isAudited(context, settings, exchange, failure)) continue;
    return failure;
  }
  return undefined;
}

/** A body that turned out larger than it may be. Its declared size, or none, had passed. */
export function tooLarge(passage: Passage, which: "request" | "answer"): Failure {
  const gauge = which === "request" ? passage.requestGauge : passage.answerGauge;
  if (gauge === undefined) throw new Error(`Cannot tell what cut the ${which}: nothing watches it`);
  return refusedByContent(gauge.rule, gauge.refusal);
}
