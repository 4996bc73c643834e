/**
 * Drafts that workers have finished, on their way to be objects: into the index,
 * then to their name, then into the table, where all workers find them. What was
 * purged since it was fetched goes no further, at whatever step it is.
 */
import { dirname } from "node:path";
import type { StoredReport } from "./disk-report.ts";
import { codeOf } from "./file-calls.ts";
import type { IndexChange } from "./index-db.ts";
import type { KeeperParts } from "./keeper-parts.ts";
import { draftPath, objectPath } from "./places.ts";

export class Intake {
  stored = 0;
  readonly #parts: KeeperParts;
  /** By number: reported, and not in the table yet. */
  readonly #underWay = new Map<number, StoredReport>();
  #onIdle: (() => void) | undefined;
  #willRing = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  has(id: number): boolean {
    return this.#underWay.has(id);
  }

  /** The draft and its room are the main thread's from now on. */
  take(report: StoredReport): void {
    const { cells, queue } = this.#parts;
    cells.adopt(report.units, report.thread);
    this.#underWay.set(report.id, report);
    if (this.#decide(report) === "drop") this.#dropDraft(report);
    else queue.add({ do: "insert", row: report, key: report.key, tags: report.tags });
  }

  onIndexed(changes: readonly IndexChange[]): void {
    for (const change of changes) {
      const report = change.do === "insert" ? this.#underWay.get(change.row.id) : undefined;
      if (report !== undefined) void this.#name(report);
    }
  }

  onRefused(changes: readonly IndexChange[]): void {
    for (const change of changes) {
      const report = change.do === "insert" ? this.#underWay.get(change.row.id) : undefined;
      if (report !== undefined) this.#dropDraft(report);
    }
  }

  /** The index is gone, and what waited for it. */
  dropAll(): void {
    for (const report of this.#underWay.values()) this.#dropDraft(report);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    if (this.#underWay.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  async #name(report: StoredReport): Promise<void> {
    const { cells, table, queue, removals, trouble } = this.#parts;
    const { id, units } = report;
    try {
      await this.#rename(report);
    } catch (error) {
      trouble.failed("rename", codeOf(error));
      queue.add({ do: "delete", id });
      return this.#dropDraft(report);
    }
    const decision = this.#decide(report);
    if (decision === "drop") {
      void removals.remove({ id, units });
      cells.settle(id);
      return this.#over(report);
    }
    const isMarkedStale = decision === "markStale";
    const leaver = table.add({ ...report, isMarkedStale });
    cells.settle(id);
    if (isMarkedStale) queue.add({ do: "markStale", id });
    if (leaver !== undefined) void removals.remove(leaver);
    this.stored++;
    trouble.worked();
    this.#over(report);
  }

  async #rename({ id, thread }: StoredReport): Promise<void> {
    const { root, calls } = this.#parts;
    const [from, to] = [draftPath(root, id, thread), objectPath(root, id)];
    try {
      await calls.rename(from, to);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      await calls.makeFolder(dirname(to));
      await calls.rename(from, to);
    }
  }

  #decide({ key, tags, since }: StoredReport): "keep" | "markStale" | "drop" {
    return this.#parts.purges.decide(key, tags, since);
  }

  #dropDraft(report: StoredReport): void {
    const { root, calls, cells } = this.#parts;
    cells.settle(report.id);
    this.#over(report);
    void calls
      .remove(draftPath(root, report.id, report.thread))
      .catch(() => undefined)
      .then(() => cells.giveBack(report.units));
  }

  #over(report: StoredReport): void {
    this.#underWay.delete(report.id);
    this.#ringSoon();
    if (this.#underWay.size > 0) return;
    this.#onIdle?.();
    this.#onIdle = undefined;
  }

  /** Once for all that came of one turn: who waits looks for all of its own. */
  #ringSoon(): void {
    if (this.#willRing) return;
    this.#willRing = true;
    setImmediate(() => {
      this.#willRing = false;
      this.#parts.cells.ring();
    });
  }
}
