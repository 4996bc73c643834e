/**
 * What becomes of a request, from its head on: an answer of ours, a question who
 * is asking, a refusal of the gate, or somebody who handles it.
 */
import type { RequestHead } from "../http1/head.ts";
import { checkHost, parseTarget, type Target } from "../http1/target.ts";
import { answerByCache } from "./cache/by-cache.ts";
import { tellMissing } from "./cache/missing.ts";
import type { Settings } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import { Forward } from "./forward.ts";
import { enter, refusedEarly } from "./gate/gate.ts";
import { LogIn, logIn } from "./gate/log-in.ts";
import type { Passage } from "./gate/passage.ts";
import type { ClientSide, Handler } from "./handler.ts";
import { answerOurselves, canPersist } from "./own-answer.ts";
import { servedTarget } from "./routing.ts";
import { TunnelSetup } from "./tunnel-setup.ts";

/** Undefined: it is answered already. Throws `ProtocolError` for a target that can't be read. */
export function begin(
  session: ClientSide,
  settings: Settings,
  exchange: Exchange,
  head: RequestHead,
): Handler | undefined {
  const asked = parseTarget(head.method, head.target);
  const listener = settings.listeners[session.client.listener];
  const isServer = listener?.mode === "reverse";
  const target = isServer ? servedTarget(head, asked, listener.address) : asked;
  checkHost(head.fields.host, head.minor, target);
  const own = answerOurselves(head, target, settings, isServer);
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
  // A server's clients know of no proxy that they could log in to.
  const loggedIn = isServer ? "in" : logIn(session.context, settings, session.client, head);
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
      return passed(session, settings, exchange, head, entry);
    case "refused":
      session.fail(entry.failure, head, canPersist(head));
      return undefined;
    case "redirected":
      session.reply(entry.reply, head, canPersist(head));
      return undefined;
  }
}

function passed(
  session: ClientSide,
  settings: Settings,
  exchange: Exchange,
  head: RequestHead,
  passage: Passage,
): Handler | undefined {
  if (passage.listener?.mode === "reverse") {
    const routed = settings.routing.pick(passage.host, passage.path);
    if (routed === undefined) {
      session.fail(noRoute(passage), head, canPersist(head));
      return undefined;
    }
    passage.routeTo(routed.upstream, routed.endpoint);
  }
  const { cache } = session.context;
  if (passage.kind === "tunnel") {
    return cache?.isOffline === true
      ? tellMissing(session, exchange, settings, cache, head, passage)
      : new TunnelSetup(session, exchange, settings, head, passage);
  }
  return cache === undefined || settings.caching === undefined
    ? new Forward(session, exchange, settings, head, passage)
    : answerByCache(session, exchange, settings, cache, head, passage);
}

function noRoute({ asked, path }: Passage): Failure {
  return {
    word: "destination_not_found",
    detail: `No route leads from http://${asked.authority}${path} to an upstream`,
    status: 404,
  };
}

function kindOf(target: Target): "tunnel" | "forward" {
  return target.form === "authority" ? "tunnel" : "forward";
}
