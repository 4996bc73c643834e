/** What a client did wrong, counted until it is banned for a while. */
import type { BanCause } from "../../limits/ban-table.ts";
import { cells } from "../../observe/cells.ts";
import { epochNow, type RelayContext } from "../context.ts";
import type { ClientFacts } from "./client-facts.ts";

/** True when the client is banned: by this strike, or since another. */
export function strike(context: RelayContext, client: ClientFacts, cause: BanCause): boolean {
  const nowMs = epochNow(context);
  const ban = context.bans.strike(client.address, cause, nowMs);
  if (ban !== undefined) context.counters.add(cells.bans[cause]);
  return ban !== undefined || context.bans.find(client.address, nowMs) !== undefined;
}
