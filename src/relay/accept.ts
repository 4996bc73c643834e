/** A client has connected: may it stay? And when a client has gone: what that frees. */
import type { Link, LinkOwner } from "../net/link.ts";
import { cells } from "../observe/cells.ts";
import { type Cidr, cidrContains, parseAddress } from "../policy/address.ts";
import type { RelayContext } from "./context.ts";
import { Session } from "./session.ts";

/** What a listener is to those who connect to it. */
export interface ListenerFacts {
  /** Which of the listeners' cells it counts in. */
  readonly place: number;
  /** Empty lets everyone in. */
  readonly clients: readonly Cidr[];
}

/** The new owner of the link; undefined when it was turned away without a word. */
export function acceptClient(
  context: RelayContext,
  listener: ListenerFacts,
  link: Link,
): LinkOwner | undefined {
  const { counters } = context;
  const client = link.remoteAddress;
  if (!isAllowed(client, listener.clients)) {
    counters.add(cells.connectionsRefused.client_range);
    link.destroy();
    return undefined;
  }
  const admission = context.admission.admit(client);
  if (admission !== "admitted") {
    counters.add(cells.connectionsRefused[admission]);
    const session = new Session(context, link, client, listener.place, false);
    // It may end the link at once, and has to hear of that.
    link.owner = session;
    session.turnAway({
      word: "connection_limit_reached",
      detail: admission === "connections" ? "Too many connections" : `Too many connections from ${client}`,
    });
    return session;
  }
  counters.add(cells.connections + listener.place);
  counters.add(cells.connectionsOpen + listener.place);
  return new Session(context, link, client, listener.place, true);
}

function isAllowed(client: string, ranges: readonly Cidr[]): boolean {
  if (ranges.length === 0) return true;
  const address = parseAddress(client);
  return address !== undefined && ranges.some((range) => cidrContains(range, address));
}
