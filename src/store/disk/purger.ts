/**
 * Takes out what is purged, or marks it stale: what is stored by the index, in
 * slices, and what is on its way by the log of purges.
 */
import { hashKey } from "../../limits/key-hash.ts";
import type { DiskReport, IndexRow } from "./disk-report.ts";
import type { IndexDb } from "./index-db.ts";
import type { KeeperParts } from "./keeper-parts.ts";
import { matchesPurge, type PurgeMatches } from "./purge-matches.ts";
import { Slices } from "./slices.ts";

const ROWS = 200;

/** Changes of the index that may wait; beyond, the purge waits for them. */
const WAITING = 1_000;

type Report<Kind> = Extract<DiskReport, { readonly disk: Kind }>;

export class Purger {
  readonly #parts: KeeperParts;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** First of all: from now on nothing that was fetched before is stored. */
  announce(matches: PurgeMatches, soft: boolean): void {
    const { cells, purges } = this.#parts;
    purges.add({
      sequence: cells.advanceSequence(),
      matches: (key, tags) => matchesPurge(key, tags, matches),
      soft,
    });
  }

  /** How many there were; they are gone, or marked, on the disk too. */
  async purge(index: () => IndexDb, matches: PurgeMatches, soft: boolean): Promise<number> {
    const { queue } = this.#parts;
    // What is on its way into the index may be in the table by the next turn.
    await queue.settled();
    const slices = new Slices();
    let count = 0;
    for (const rows of index().matching(matches, ROWS)) {
      count += soft ? this.#markStale(rows) : await this.#remove(rows);
      if (queue.length >= WAITING) await queue.settled();
      if (slices.isOver) await slices.pass();
    }
    await queue.settled();
    return count;
  }

  /** Workers do not find it any more, or as stale, since it was told. */
  invalidate({ key, soft, sequence }: Report<"invalidated">): void {
    const { cells, table, queue, removals, purges } = this.#parts;
    purges.add({ sequence, matches: (other) => other === key, soft });
    const hash = hashKey(key, cells.seed);
    for (const id of table.idsOf(key)) {
      const row = { id, ...hash };
      if (soft && table.markStale(row)) queue.add({ do: "markStale", id });
      const leaver = soft ? undefined : table.remove(row);
      if (leaver !== undefined) void removals.remove(leaver);
    }
  }

  freshen({ id, key, version, storedMs, since }: Report<"freshened">): void {
    const { cells, table, queue, purges } = this.#parts;
    // A purge that came after it was validated stays in force.
    if (purges.decide(key, "", since) !== "keep") return;
    const row = { id, ...hashKey(key, cells.seed) };
    if (table.freshen(row, version, storedMs)) queue.add({ do: "freshen", id, version, storedMs });
  }

  #markStale(rows: readonly IndexRow[]): number {
    const { table, queue } = this.#parts;
    const marked = rows.filter((row) => table.markStale(row));
    for (const { id } of marked) queue.add({ do: "markStale", id });
    return marked.length;
  }

  async #remove(rows: readonly IndexRow[]): Promise<number> {
    const { table, queue, removals } = this.#parts;
    const leavers = rows.map((row) => table.remove(row)).filter((leaver) => leaver !== undefined);
    const removed = leavers.map(async (leaver) => {
      // A file that stays must not come back with the next start.
      if (!(await removals.remove(leaver))) queue.add({ do: "delete", id: leaver.id });
    });
    await Promise.all(removed);
    return leavers.length;
  }
}
