/**
 * Nobody gets from the cache what the gate keeps it from: what was fetched from an
 * address for one client is for those only who may be led there.
 */
import type { ListenerSettings } from "../context.ts";
import type { Passage } from "../gate/passage.ts";
import type { Asked } from "./asked.ts";

/** By the listener for whose clients they were judged: another config has other listeners. */
const open = new WeakMap<ListenerSettings, Set<string>>();

/** For each listener. */
const OPEN_MAX = 4_096;

/** `peer` is `address:port`. */
export function mayBeGiven({ passage }: Asked, peer: string): boolean {
  // The config names its endpoints.
  if (passage.upstream !== undefined) return true;
  const { listener } = passage;
  if (listener === undefined) return false;
  if (passage.decision.verdict === "by-address") return isLedTo(passage, peer);
  let known = open.get(listener);
  if (known?.has(peer) === true) return true;
  if (passage.judge(addressOf(peer)).failure !== undefined) return false;
  if (known === undefined || known.size >= OPEN_MAX) {
    known = new Set();
    open.set(listener, known);
  }
  known.add(peer);
  return true;
}

/** A rule has to see the address, and what it says is what became of the request. */
function isLedTo(passage: Passage, peer: string): boolean {
  const judged = passage.judge(addressOf(peer));
  if (judged.failure === undefined) passage.settle(judged);
  return judged.failure === undefined;
}

function addressOf(peer: string): string {
  const address = peer.slice(0, peer.lastIndexOf(":"));
  return address.startsWith("[") ? address.slice(1, -1) : address;
}
