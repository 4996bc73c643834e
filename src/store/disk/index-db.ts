/**
 * The index of the disk: what is stored, for purges and for the next start. The
 * files say all of what they hold, but a million of them take minutes to read, and
 * what a purge has forgotten must not come back because its file outlived it.
 *
 * A row is written before its object gets its name, and removed after its file has
 * gone: so after kill -9 there may be rows without a file, which cost a miss, and no
 * files without a row.
 */
import type { Database } from "bun:sqlite";
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import type { IndexRow } from "./disk-report.ts";
import { finalize, prepare, type Statements, setUp } from "./index-schema.ts";
import { brokenIndexPath, indexPath, unitsOf } from "./places.ts";
import { nameOf, type PurgeMatches, rangesOf } from "./purge-matches.ts";

export type IndexChange =
  | { readonly do: "insert"; readonly row: IndexRow; readonly key: string; readonly tags: string }
  | { readonly do: "delete"; readonly id: number }
  | { readonly do: "freshen"; readonly id: number; readonly version: number; readonly storedMs: number }
  | { readonly do: "markStale"; readonly id: number };

/** The column after those of a row. */
const NAME = 8;

// Flags.
const STALE = 1;
const SMALL = 2;

export class IndexDb {
  /** Of the keys' hashes. */
  readonly seed: number;
  /** The largest number there was when it was opened; -1 when there was none. */
  readonly lastId: number;
  readonly #database: Database;
  readonly #root: string;
  readonly #statements: Statements;

  private constructor(database: Database, root: string) {
    this.#database = database;
    this.#root = root;
    this.#statements = prepare(database);
    try {
      this.seed = this.#seedOf();
      const lastId = this.#statements.lastId.values()[0]?.[0];
      this.lastId = typeof lastId === "number" ? lastId : -1;
    } catch (error) {
      finalize(this.#statements);
      throw error;
    }
  }

  /** Throws when it can't be read, or is of another version. `size`: bytes of the disk. */
  static open(root: string, size: number): IndexDb {
    const { Database } = require("bun:sqlite") as typeof import("bun:sqlite");
    const database = new Database(indexPath(root), { create: true });
    try {
      setUp(database, size);
      return new IndexDb(database, root);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** What can't be read is kept under another name, the last one only. */
  static setAside(root: string): void {
    if (existsSync(indexPath(root))) renameSync(indexPath(root), brokenIndexPath(root));
    rmSync(`${indexPath(root)}-wal`, { force: true });
    rmSync(`${indexPath(root)}-shm`, { force: true });
  }

  /** All or none of them. */
  apply(changes: readonly IndexChange[]): void {
    this.#database.run("BEGIN IMMEDIATE");
    try {
      for (const change of changes) this.#apply(change);
      this.#database.run("COMMIT");
    } catch (error) {
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      throw error;
    }
  }

  /** In the order of their numbers, those after `id`. A row that makes no sense is left out; `next` is where to go on. */
  rowsAfter(
    id: number,
    limit: number,
  ): { readonly rows: readonly IndexRow[]; readonly next: number | undefined } {
    const values = this.#statements.rowsAfter.values(id, limit);
    return { rows: rowsOf(values), next: lastId(values) };
  }

  /** What matches, a slice at a time; what happens to the index between slices does it no harm. */
  *matching(matches: PurgeMatches, limit: number): Generator<readonly IndexRow[]> {
    const { named, tagged } = this.#statements;
    const { tag } = matches;
    if (tag !== undefined) return yield* slices([-1], ([id]) => tagged.values(tag, id as number, limit));
    for (const { from, to } of rangesOf(matches)) {
      const first = [-1, ...Array(NAME - 1), from];
      yield* slices(first, (last) => named.values(last[NAME] as string, last[0] as number, to, limit));
    }
  }

  has(id: number): boolean {
    return this.#statements.has.values(id).length > 0;
  }

  /** Numbers of what was used, as it was written down last. */
  get used(): Float64Array {
    const bytes = this.#statements.fact.values("used")[0]?.[0];
    return bytes instanceof Uint8Array
      ? new Float64Array(bytes.slice().buffer, 0, bytes.length >> 3)
      : new Float64Array();
  }

  set used(ids: Float64Array) {
    this.#statements.setFact.run("used", new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
  }

  /** Units on the disk: its own, its log's, and those of one that was set aside. */
  get units(): number {
    const path = indexPath(this.#root);
    return [path, `${path}-wal`, brokenIndexPath(this.#root)].reduce(
      (sum, file) => sum + unitsOf(sizeOf(file)),
      0,
    );
  }

  close(): void {
    finalize(this.#statements);
    this.#database.close();
  }

  /** Made once for an index. */
  #seedOf(): number {
    const known = this.#statements.fact.values("seed")[0]?.[0];
    if (typeof known === "number" && Number.isInteger(known)) return known | 0;
    const [seed = 0] = crypto.getRandomValues(new Int32Array(1));
    this.#statements.setFact.run("seed", seed);
    return seed;
  }

  #apply(change: IndexChange): void {
    const { insertSlot, insertName, insertTag, deleteSlot, deleteName, deleteTags, freshen, markStale } =
      this.#statements;
    switch (change.do) {
      case "insert": {
        const { id, a, b, variant, version, units, storedMs, isSmall, isMarkedStale } = change.row;
        const flags = (isMarkedStale ? STALE : 0) | (isSmall ? SMALL : 0);
        insertSlot.run(id, a, b, variant, version, units, storedMs, flags);
        insertName.run(id, change.key, nameOf(change.key));
        for (const tag of new Set(change.tags.split(" "))) if (tag !== "") insertTag.run(tag, id);
        return;
      }
      case "delete":
        deleteSlot.run(change.id);
        deleteName.run(change.id);
        deleteTags.run(change.id);
        return;
      case "freshen":
        freshen.run(change.version, change.storedMs, change.id);
        return;
      case "markStale":
        markStale.run(change.id);
    }
  }
}

/** Whether the database itself is at fault, and not the disk or the machine. */
export function isCorrupt(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return !/^SQLITE_(?:IOERR|CANTOPEN|READONLY|FULL|BUSY|LOCKED|NOMEM|PERM|AUTH)|^E[A-Z]+$/.test(code);
}

/** `next`: what follows a row, which is in the index or before all that are. */
function* slices(
  first: readonly unknown[],
  next: (last: readonly unknown[]) => unknown[][],
): Generator<readonly IndexRow[]> {
  for (let last: readonly unknown[] | undefined = first; last !== undefined; ) {
    const found = next(last);
    yield rowsOf(found);
    last = found.at(-1);
  }
}

function rowsOf(found: readonly (readonly unknown[])[]): IndexRow[] {
  return found.map(rowOf).filter((row) => row !== undefined);
}

function rowOf(values: readonly unknown[]): IndexRow | undefined {
  for (let column = 0; column < NAME; column++) if (!Number.isSafeInteger(values[column])) return undefined;
  const [id, a, b, variant, version, units, storedMs, flags] = values as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (id < 0 || id >= 2 ** 48 || units < 1 || units >= 2 ** 31) return undefined;
  return {
    id,
    a,
    b,
    variant,
    version,
    units,
    storedMs,
    isSmall: (flags & SMALL) !== 0,
    isMarkedStale: (flags & STALE) !== 0,
  };
}

function lastId(values: readonly (readonly unknown[])[]): number | undefined {
  const id = values.at(-1)?.[0];
  return typeof id === "number" ? id : undefined;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
