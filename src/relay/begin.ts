/**
 * What becomes of a request, from its head on: an answer of ours, a question who
 * is asking, a refusal of the gate, or somebody who handles it.
 */
import type { RequestHead } from "../http1/head.ts";
import { checkHost, parseTarget, type Target } from "../http1/target.ts";
import type { Settings } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { Forward } from "./forward.ts";
import { enter, refusedEarly } from "./gate/gate.ts";
import { LogIn, logIn } from "./gate/log-in.ts";
import type { ClientSide, Handler } from "./handler.ts";
import { answerOurselves, canPersist } from "./own-answer.ts";
import { TunnelSetup } from "./tunnel-setup.ts";

/** Undefined: it is answered already. Throws `ProtocolError` for a target that can't be read. */
export function begin(
  session: ClientSide,
  settings: Settings,
  exchange: Exchange,
  head: RequestHead,
): Handler | undefined {
  const target = parseTarget(head.method, head.target);
  checkHost(head.fields.host, head.minor, target);
  const own = answerOurselves(head, target, settings);
  if (own !== undefined) {
    session.reply(own.reply, head, own.persists);
    return undefined;
  }
  const early = refusedEarly(session.context, session.client);
  if (early !== undefined) {
    exchange.kind = kindOf(target);
    // Idle connections are closed while memory is short, so the client had better know.
    session.fail(early, head, false);
    return undefined;
  }
  const loggedIn = logIn(session.context, settings, session.client, head);
  if (loggedIn === "in") return enterGate(session, settings, exchange, head, target);
  exchange.kind = kindOf(target);
  // Read before anybody waits: what can't be framed is told at once.
  const persists = canPersist(head);
  if (loggedIn instanceof Promise || "late" in loggedIn) {
    return new LogIn(session, settings, head, target, persists, loggedIn);
  }
  session.fail(loggedIn, head, persists);
  return undefined;
}

/** For a client whose user is known. Undefined: it is answered already. */
export function enterGate(
  session: ClientSide,
  settings: Settings,
  exchange: Exchange,
  head: RequestHead,
  target: Target,
): Handler | undefined {
  if (target.form !== "authority" && target.form !== "absolute")
    throw new Error(`Cannot forward ${target.form}-form: it has an answer of ours`);
  exchange.kind = kindOf(target);
  const entry = enter(session.context, settings, exchange, session.client, head, target);
  switch (entry.result) {
    case "passed":
      return entry.kind === "tunnel"
        ? new TunnelSetup(session, exchange, settings, head, entry)
        : new Forward(session, exchange, settings, head, entry);
    case "refused":
      session.fail(entry.failure, head, canPersist(head));
      return undefined;
    case "redirected":
      session.reply(entry.reply, head, canPersist(head));
      return undefined;
  }
}

function kindOf(target: Target): "tunnel" | "forward" {
  return target.form === "authority" ? "tunnel" : "forward";
}
