/** Writes down how an evaluation went, rule by rule, while it goes. */
import type { TraceStep } from "../decision.ts";
import { type Asked, explainMatch, explainMismatch } from "./explain.ts";
import type { Rule } from "./rule.ts";

export class Tracer {
  readonly #steps: TraceStep[];
  readonly #rules: readonly Rule[];
  readonly #asked: Asked;
  #next: number;

  /** `from`: the first rule that the evaluation looks at. */
  constructor(steps: TraceStep[], rules: readonly Rule[], asked: Asked, from: number) {
    this.#steps = steps;
    this.#rules = rules;
    this.#asked = asked;
    this.#next = from;
  }

  /** What became of a rule; those before it that nothing was told of did not match. */
  tell(rule: Rule, outcome: TraceStep["outcome"], more?: string, list?: string): void {
    this.#skipTo(rule.index);
    const because = explainMatch(rule, { ...this.#asked, list });
    this.#push(rule, outcome, more === undefined ? because : `${because}; ${more}`);
    this.#next = rule.index + 1;
  }

  /** The rule that decided, or the default when none did. */
  tellEnd(rule: Rule | undefined, fallback: "allow" | "deny", list?: string): void {
    if (rule !== undefined) this.tell(rule, "decided", undefined, list);
    else {
      this.#skipTo(this.#rules.length);
      const because = `no rule decided, and the default is ${fallback}`;
      this.#steps.push({ rule: "default", action: "default", outcome: "decided", because });
    }
  }

  #skipTo(end: number): void {
    for (const rule of this.#rules.slice(this.#next, end)) {
      // Of an address only rules that decide are asked: the others had their turn.
      if (this.#asked.address !== undefined && !rule.decides) continue;
      this.#push(rule, "did_not_match", explainMismatch(rule, this.#asked));
    }
    this.#next = Math.max(this.#next, end);
  }

  #push({ name, action }: Rule, outcome: TraceStep["outcome"], because: string): void {
    this.#steps.push({ rule: name, action, outcome, because });
  }
}
