/** Questions about a config as a file would have it, asked where a few names have addresses. */
import { accountsOf } from "../../src/credentials/accounts.ts";
import type { Resolution } from "../../src/net/resolve.ts";
import { type Explanation, explainQuestion } from "../../src/runtime/explain.ts";
import { configOf } from "./configs.ts";

export type Input = Readonly<Record<string, unknown>>;

const names: Readonly<Record<string, readonly string[]>> = {
  "public.example": ["1.0.2.1"],
  "private.example": ["10.1.2.3"],
  "mixed.example": ["10.1.2.3", "1.0.2.1"],
  "metadata.example": ["169.254.169.254"],
  "ours.example": ["10.1.2.3", "127.0.0.1"],
};

export function policy(input: Input): Input {
  return { policy: input };
}

export function rules(...given: Input[]): Input {
  return policy({ rules: given });
}

export function deny(...given: Input[]): Input {
  return policy({ default: "deny", rules: given });
}

export function allow(matchers: Input): Input {
  return { name: "yes", action: "allow", ...matchers };
}

export function nothing() {
  return { lists: new Map(), accounts: [], hasAccounts: false, own: { listening: [], interfaces: [] } };
}

export function found(addresses: readonly string[]): Resolution {
  return addresses.length > 0
    ? { ok: true, addresses }
    : { ok: false, failure: "dns_error", detail: "ENOTFOUND" };
}

/** Of `http://a.example/`, which resolves, unless the question says otherwise. */
export async function explain(input: Input, question: Input, resolve = resolveNames): Promise<Explanation> {
  const config = configOf(input);
  const accounts = accountsOf(config.authentication);
  const using = {
    ...nothing(),
    accounts,
    hasAccounts: accounts.length > 0,
    own: { listening: config.listeners.map(({ address }) => address), interfaces: [] },
  };
  const answer = await explainQuestion({ url: "http://a.example/", ...question }, config, using, resolve);
  if (!answer.ok) throw new Error(answer.problems.join());
  return answer.explanation;
}

async function resolveNames(host: string): Promise<Resolution> {
  return found(names[host] ?? (host === "a.example" ? ["1.0.2.1"] : []));
}
