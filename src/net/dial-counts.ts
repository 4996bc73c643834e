/**
 * Connects under way, in all and for each peer. Bun can't abort one: when nobody
 * waits for it any more it lasts until the kernel gives up, two minutes with the
 * defaults of Linux. So those abandoned are counted by themselves, or one dead
 * host that is asked for often would use up everybody's dials.
 */

/** When Linux sends its SYN again: a peer that is there and near has answered by then. */
const QUIET_MS = 1_000;

export class DialCounts {
  /** Somebody waits for these. */
  waitedFor = 0;
  abandoned = 0;
  readonly #now: () => number;
  readonly #peers = new Map<string, PeerCounts>();

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /**
   * A peer that has this many unanswered, and has been quiet for a while, gets
   * one at a time: that finds out when it is back. The while is what keeps a
   * client that hangs up at once, again and again, from making a peer that is
   * well look dead to all others.
   */
  static readonly ABANDONED_PER_PEER_MAX = 8;

  isSilent(peer: string): boolean {
    const counts = this.#peers.get(peer);
    if (counts === undefined || counts.waitedFor === 0) return false;
    return (
      counts.abandoned >= DialCounts.ABANDONED_PER_PEER_MAX && this.#now() - counts.quietSince >= QUIET_MS
    );
  }

  began(peer: string): void {
    const counts = this.#peers.get(peer);
    if (counts === undefined) this.#peers.set(peer, { waitedFor: 1, abandoned: 0, quietSince: this.#now() });
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
    counts.quietSince = this.#now();
    this[kind]--;
    if (counts.waitedFor === 0 && counts.abandoned === 0) this.#peers.delete(peer);
  }
}

interface PeerCounts {
  waitedFor: number;
  abandoned: number;
  /** When a connect last ended, or the first of these began. */
  quietSince: number;
}
