/** What a client did wrong, counted until it is banned for a while. */
import type { BanCause } from "../../limits/ban-table.ts";
import { cells } from "../../observe/cells.ts";
import { epochNow, type RelayContext } from "../context.ts";
import type { ClientFacts } from "./client-facts.ts";

/** True when that was one too many. */
export function strike(context: RelayContext, client: ClientFacts, cause: BanCause): boolean {
  const ban = context.bans.strike(client.address, cause, epochNow(context));
  if (ban === undefined) return false;
  context.counters.add(cells.bans[cause]);
  return true;
}
