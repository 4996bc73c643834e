/**
 * Connects under way, in all and for each peer. Bun can't abort one: when nobody
 * waits for it any more it lasts until the kernel gives up, two minutes with the
 * defaults of Linux. So those abandoned are counted by themselves, or one dead
 * host that is asked for often would use up everybody's dials.
 */
export class DialCounts {
  /** Somebody waits for these. */
  waitedFor = 0;
  abandoned = 0;
  readonly #peers = new Map<string, { waitedFor: number; abandoned: number }>();

  /**
   * A peer that has let this many connects run into their deadline, and has not
   * answered them since, gets one at a time: that finds out when it is back.
   */
  static readonly ABANDONED_PER_PEER_MAX = 8;

  isSilent(peer: string): boolean {
    const counts = this.#peers.get(peer);
    return (
      counts !== undefined && counts.abandoned >= DialCounts.ABANDONED_PER_PEER_MAX && counts.waitedFor > 0
    );
  }

  began(peer: string): void {
    const counts = this.#peers.get(peer);
    if (counts === undefined) this.#peers.set(peer, { waitedFor: 1, abandoned: 0 });
    else counts.waitedFor++;
    this.waitedFor++;
  }

  gaveUp(peer: string): void {
    const counts = this.#peers.get(peer);
    if (counts === undefined) return;
    counts.waitedFor--;
    counts.abandoned++;
    this.waitedFor--;
    this.abandoned++;
  }

  ended(peer: string, wasAbandoned: boolean): void {
    const counts = this.#peers.get(peer);
    if (counts === undefined) return;
    const kind = wasAbandoned ? "abandoned" : "waitedFor";
    counts[kind]--;
    this[kind]--;
    if (counts.waitedFor === 0 && counts.abandoned === 0) this.#peers.delete(peer);
  }
}
