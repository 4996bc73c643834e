/** What an answer to a question leaves open, and what whoever asked may not have thought of. */
import type { Config } from "../config/schema.ts";
import type { AskedRequest } from "./explain-question.ts";

/** A sentence each, without a period. */
export function notesOn(asked: AskedRequest, config: Config, hasAccounts: boolean): string[] {
  return [...notes(asked, config, hasAccounts)];
}

function* notes(
  { kind, origin, user }: AskedRequest,
  { policy }: Config,
  hasAccounts: boolean,
): Generator<string> {
  if (policy.mode === "audit")
    yield "An audit (policy.mode) reports what rules would refuse, and lets it pass";
  if (user !== undefined && !hasAccounts) {
    yield `Authentication knows nobody, so nobody can log in as "${user.name}"; this is as if somebody could`;
  }
  if (kind === "tunnel") {
    yield "A tunnel shows neither path nor method nor content, so rules that want these do not match it";
    const { sni, ports } = policy.tunnels;
    if (sni !== "off" && ports.some(({ from, to }) => from <= origin.port && origin.port <= to)) {
      yield sni === "enforce"
        ? `The TLS in it must ask for ${origin.host} (policy.tunnels.sni: enforce)`
        : `TLS in it that asks for another name than ${origin.host} is logged (policy.tunnels.sni: log)`;
    }
  }
  if (policy.rules.some(({ headers }) => headers.length > 0)) {
    yield "The question has no header fields, so rules that want some are taken not to match";
  }
  if (policy.limits.length > 0) yield "Limits and bans depend on what else goes on, and are not judged";
}
