/**
 * What rules do on the way to a decision, and the decision with it. Requests
 * take the same few ways, so a way is kept: a tree whose branches are the rules
 * that took effect, with the decisions that were made at its ends. A request that
 * goes where others went before makes no object.
 */
import type { Decision, Effects } from "../decision.ts";
import type { Rule } from "./rule.ts";

/** Which rules take effect is up to the client (by headers, say), so the tree must not grow for ever. */
const WAYS_MAX = 1_000;

export class Way {
  readonly effects: Effects | undefined;
  readonly #root: Way;
  /** By rule. */
  readonly #next: (Way | undefined)[] = [];
  /** By rule, behind the default: what was decided there last. */
  readonly #decisions: (Decision | undefined)[] = [];
  #count = 1;

  constructor(effects?: Effects, root?: Way) {
    this.effects = effects;
    this.#root = root ?? this;
  }

  /** The way on, after `rule` took effect. A rewrite says what it has made. */
  with(rule: Rule, target?: Effects["target"]): Way {
    const known = target === undefined ? this.#next[rule.index] : undefined;
    if (known !== undefined) return known;

    const way = new Way(withRule(this.effects ?? NONE, rule, target), this.#root);
    // What leads away from a rewritten target is for this request alone.
    if (way.effects?.target === undefined && this.#root.#count < WAYS_MAX) {
      this.#root.#count++;
      this.#next[rule.index] = way;
    }
    return way;
  }

  decide(verdict: Decision["verdict"], rule: Rule | undefined, list?: string, wouldDeny = false): Decision {
    const ruleIndex = rule?.index ?? -1;
    const known = this.#decisions[ruleIndex + 1];
    if (known?.verdict === verdict && known.list === list && known.wouldDeny === wouldDeny) return known;

    const { effects } = this;
    const name = rule?.name ?? "default";
    const made: Decision = {
      verdict,
      rule: name,
      ruleIndex,
      list,
      wouldDeny,
      redirect: undefined,
      effects,
    };
    this.#decisions[ruleIndex + 1] = made;
    return made;
  }
}

const NONE: Effects = {
  rules: [],
  tags: [],
  limits: [],
  request: [],
  response: [],
  content: [],
  target: undefined,
};

function withRule(before: Effects, rule: Rule, target: Effects["target"]): Effects {
  const { name, spec } = rule;
  return {
    rules: [...before.rules, rule.index],
    tags: rule.action === "tag" ? [...new Set([...before.tags, ...spec.tags])] : before.tags,
    limits: spec.limit === undefined ? before.limits : [...before.limits, { limit: spec.limit, rule: name }],
    request: spec.request === undefined ? before.request : [...before.request, spec.request],
    response: spec.response === undefined ? before.response : [...before.response, spec.response],
    content:
      spec.content === undefined ? before.content : [...before.content, { ...spec.content, rule: name }],
    target: target ?? before.target,
  };
}
