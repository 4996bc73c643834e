/**
 * What goes when memory runs short, in this order; each level does what the ones
 * before it do:
 *
 *   1  new clients are turned away           (accept.ts)
 *   2  no exchange begins                    (gate.ts), and idle connections are closed
 *   3  exchanges are cut, newest first, and tunnels when there is nothing else
 *
 * At level 3 a part goes at a time, with a while in between (`limits/shed-pace.ts`):
 * memory comes back late, and all at once would be more than it needs.
 */
import { cells } from "../../observe/cells.ts";
import type { RelayContext } from "../context.ts";

/** Of what there is to cut, a fifth goes at a time. */
const PART = 5;

/** Once a tick, by the level of that tick. */
export function shedLoad(context: RelayContext): void {
  if (context.shedLevel < 2) return;
  const clients = [...context.deadlines];
  for (const client of clients) {
    if (client.stage !== "idle") continue;
    context.counters.add(cells.limitReached.memory);
    client.leave();
  }
  if (context.shedLevel < 3) return;
  const exchanges = clients.filter(({ stage }) => stage === "exchange");
  const rest = exchanges.length > 0 ? exchanges : clients.filter(({ stage }) => stage === "tunnel");
  rest.sort((one, other) => other.beganAtMs - one.beganAtMs);
  for (const client of rest.slice(0, Math.ceil(rest.length / PART))) {
    context.counters.add(cells.limitReached.memory);
    client.cut();
  }
}
