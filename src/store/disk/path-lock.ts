/**
 * One Headgate to a path. A database that is never written to is opened for
 * exclusive use, so the lock is the kernel's and ends with the process, even one
 * that was killed; a file with a number in it would outlive it.
 */
import type { Database } from "bun:sqlite";
import { lockPath } from "./places.ts";

export class PathLock {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Undefined: somebody else has it. Throws when there can't be a file. */
  static take(root: string): PathLock | undefined {
    const { Database } = require("bun:sqlite") as typeof import("bun:sqlite");
    const database = new Database(lockPath(root), { create: true });
    try {
      database.run("PRAGMA locking_mode = EXCLUSIVE");
      database.run("PRAGMA journal_mode = MEMORY");
      database.run("BEGIN EXCLUSIVE");
      return new PathLock(database);
    } catch (error) {
      database.close();
      if (error instanceof Error && "code" in error && error.code === "SQLITE_BUSY") return undefined;
      throw error;
    }
  }

  release(): void {
    this.#database.close();
  }
}
