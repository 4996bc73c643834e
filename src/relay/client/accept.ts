/**
 * A client has connected: may it stay? In this order:
 *
 *   1. its address is not among the listener's clients    reset
 *   2. it is banned                                       reset
 *   3. the event loop lags                                it waits for its turn, as long as a head may
 *                                                         take, or is reset; then 2 is asked again
 *   4. memory is short                                    503
 *   5. too many connections: in all, from it, from its
 *      prefix, or too fast                                503, 429
 */
import type { Scope } from "../../limits/client-network.ts";
import type { Admitted } from "../../limits/connection-table.ts";
import type { LimitRefusal } from "../../limits/limit-refusal.ts";
import type { Link, LinkOwner } from "../../net/link.ts";
import { cells } from "../../observe/cells.ts";
import { type Address, type Cidr, cidrContains, parseAddress } from "../../policy/address.ts";
import type { Reach } from "../../policy/destination.ts";
import { deadlineIn, epochNow, type RelayContext } from "../context.ts";
import type { Failure } from "../failure.ts";
import { ClientFacts } from "../gate/client-facts.ts";
import { countLimit } from "../gate/counts.ts";
import { overloaded, refusedByLimit } from "../gate/refusal.ts";
import { Session } from "./session.ts";

/** Whom it is held against that there are too many connections. */
const SCOPES = {
  connections: undefined,
  connections_per_client: "client",
  connections_per_prefix: "prefix",
} as const;

/** What a listener is to those who connect to it. */
export interface ListenerFacts {
  /** Which of the listeners' cells it counts in. */
  readonly place: number;
  /** Empty lets everyone in. */
  readonly clients: readonly Cidr[];
  readonly reach: Reach;
}

/** The new owner of the link; undefined when it was turned away without a word. */
export function acceptClient(
  context: RelayContext,
  listener: ListenerFacts,
  link: Link,
): LinkOwner | undefined {
  const client = link.remoteAddress;
  const address = parseAddress(client);
  if (!isAllowed(address, listener.clients)) return reset(context, link, "client_range");
  if (isBanned(context, address)) return reset(context, link, "banned");
  const deadlineAt = deadlineIn(context, context.settings.config.timeouts.head);
  const turn = {
    isOverdue: () => context.now >= deadlineAt,
    takeIn: () => {
      // It may have earned that since.
      if (isBanned(context, address)) reset(context, link, "banned");
      else takeIn(context, listener, link, client);
    },
    giveUp: () => void reset(context, link, "pace"),
  };
  switch (context.acceptQueue.offer(link, turn)) {
    case "now":
      return takeIn(context, listener, link, client);
    case "later":
      return link.owner;
    case "never":
      return reset(context, link, "pace");
  }
}

function takeIn(
  context: RelayContext,
  listener: ListenerFacts,
  link: Link,
  client: string,
): LinkOwner | undefined {
  const { counters } = context;
  if (context.shedLevel > 0) {
    counters.add(cells.connectionsRefused.overload);
    return turnAway(context, listener, link, client, overloaded());
  }
  const admitted = context.admission.admit(client);
  if (admitted !== "admitted") {
    counters.add(cells.connectionsRefused[admitted]);
    return refuseMany(context, listener, link, client, tooMany(admitted, client), SCOPES[admitted]);
  }
  const refusal = limitRefusal(context, client);
  if (refusal !== undefined) {
    context.admission.release(client);
    counters.add(cells.connectionsRefused[refusalWord(refusal)]);
    const scope = refusal.by === "client" ? "client" : undefined;
    return refuseMany(context, listener, link, client, refusedByLimit(refusal), scope);
  }
  counters.add(cells.connections + listener.place);
  counters.add(cells.connectionsOpen + listener.place);
  const facts = new ClientFacts(client, listener.place, listener.reach);
  link.onGone = () => {
    context.held.release(link);
    clientLeft(context, facts);
  };
  link.owner = new Session(context, link, facts);
  return link.owner;
}

/** An audit only tells of it. */
function limitRefusal(context: RelayContext, client: string): LimitRefusal | undefined {
  const { limiter, settings } = context;
  const refusal = limiter.admitConnection(client, epochNow(context));
  if (refusal === undefined) return undefined;
  countLimit(context, settings, refusal);
  return settings.config.policy.mode === "enforce" ? refusal : undefined;
}

/** Takes a client out of the counts; once for every client that was taken in. */
function clientLeft({ admission, limiter, counters }: RelayContext, client: ClientFacts): void {
  admission.release(client.text);
  client.releaseUser(limiter);
  counters.add(cells.connectionsOpen + client.listener, -1);
}

/** Once too often, and it is banned: not for what is everybody's doing, or a flood would have us ban its victims. */
function refuseMany(
  context: RelayContext,
  listener: ListenerFacts,
  link: Link,
  client: string,
  failure: Failure,
  scope: Scope | undefined,
): LinkOwner | undefined {
  const address = parseAddress(client);
  const ban =
    address === undefined || scope === undefined
      ? undefined
      : context.bans.strike(address, "connections", epochNow(context), scope);
  if (ban === undefined) return turnAway(context, listener, link, client, failure);
  context.counters.add(cells.bans.connections);
  link.destroy();
  return undefined;
}

/** It is told why, and nothing of it is read. */
function turnAway(
  context: RelayContext,
  listener: ListenerFacts,
  link: Link,
  client: string,
  failure: Failure,
): LinkOwner {
  context.refusedOpen++;
  link.onGone = () => void context.refusedOpen--;
  const session = new Session(context, link, new ClientFacts(client, listener.place, listener.reach));
  // It may end the link at once, and has to hear of that.
  link.owner = session;
  session.turnAway(failure);
  return link.owner;
}

function tooMany(admitted: Exclude<Admitted, "admitted">, client: string): Failure {
  const details = {
    connections: "Too many connections",
    connections_per_client: `Too many connections from ${client}`,
    connections_per_prefix: `Too many connections from the network of ${client}`,
  };
  return { word: "connection_limit_reached", detail: details[admitted] };
}

function refusalWord({ what }: LimitRefusal): "connection_rate" | "open_per_client" {
  return what === "connections" ? "connection_rate" : "open_per_client";
}

function reset(context: RelayContext, link: Link, why: "client_range" | "banned" | "pace"): undefined {
  context.counters.add(cells.connectionsRefused[why]);
  link.destroy();
  return undefined;
}

function isBanned(context: RelayContext, address: Address | undefined): boolean {
  return address !== undefined && context.bans.find(address, epochNow(context)) !== undefined;
}

function isAllowed(address: Address | undefined, ranges: readonly Cidr[]): boolean {
  if (ranges.length === 0) return true;
  return address !== undefined && ranges.some((range) => cidrContains(range, address));
}
