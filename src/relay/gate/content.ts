/** What the policy says of the content of an exchange, told as failures. The bodies themselves are watched in `message/body-pipe.ts`. */
import type { ResponseHead } from "../../http1/head.ts";
import { BodyGauge, judgeAnswer } from "../../policy/changes/content.ts";
import type { Effects } from "../../policy/decision.ts";
import type { RelayContext, Settings } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Failure } from "../failure.ts";
import type { BodyWatch } from "../message/body-pipe.ts";
import { isAudited, tellAudited } from "./audit.ts";
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
  const gauge = which === "request" ? passage.requestWatch : passage.answerWatch;
  if (!(gauge instanceof BodyGauge)) throw new Error(`Cannot tell what cut the ${which}: nothing watches it`);
  return refusedByContent(gauge.rule, gauge.refusal);
}

/** Who watches the body; undefined when nobody has to. */
export function watchFor(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  specs: Effects["content"],
  which: "requestBytes" | "answerBytes",
): BodyWatch | undefined {
  const gauge = BodyGauge.of(specs, which);
  const isAudit = gauge !== undefined && settings.config.policy.mode === "audit";
  return isAudit ? new AuditedBody(context, exchange, gauge) : gauge;
}

/** Lets all of a body pass, and tells when it would not have. */
class AuditedBody implements BodyWatch {
  readonly #context: RelayContext;
  readonly #exchange: Exchange;
  readonly #gauge: BodyGauge;

  constructor(context: RelayContext, exchange: Exchange, gauge: BodyGauge) {
    this.#context = context;
    this.#exchange = exchange;
    this.#gauge = gauge;
  }

  sees(bytes: Uint8Array, from: number, to: number): boolean {
    const gauge = this.#gauge;
    // Told once: its head may have said so already.
    if (!gauge.sees(bytes, from, to) && !this.#exchange.wouldDeny) {
      tellAudited(this.#context, this.#exchange, refusedByContent(gauge.rule, gauge.refusal));
    }
    return true;
  }
}
