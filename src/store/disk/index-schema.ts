/**
 * How the index lies in its database. What the table of slots needs is apart from
 * the texts, 30 bytes a row, or a start would read all of them.
 */
import type { Database, Statement } from "bun:sqlite";

const SCHEMA = 1;

/** Its own pages, in the log before they are brought home; a share of a small disk. */
const LOG_PAGES = { least: 16, most: 1_000 } as const;
const PAGE_BYTES = 4_096;
const LOG_SHARE = 32;

/** Throws when it is of another version, or no database. `size`: bytes of the disk. */
export function setUp(database: Database, size: number): void {
  const pages = Math.floor(size / PAGE_BYTES / LOG_SHARE);
  const logPages = Math.min(Math.max(pages, LOG_PAGES.least), LOG_PAGES.most);
  // Written to by one connection, in one process: the lock stays, and no file of shared memory is needed.
  database.run("PRAGMA locking_mode = EXCLUSIVE");
  database.run("PRAGMA journal_mode = WAL");
  // A crash of the machine may cost the last rows, and never the database.
  database.run("PRAGMA synchronous = NORMAL");
  database.run(`PRAGMA wal_autocheckpoint = ${logPages}`);
  database.run(`PRAGMA journal_size_limit = ${logPages * PAGE_BYTES}`);
  const version = versionOf(database);
  if (version === SCHEMA) return;
  if (version !== 0) throw new Error(`Cannot read the index: its version is ${version}`);
  database.run("BEGIN");
  database.run(
    "CREATE TABLE slots (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, variant INTEGER, version INTEGER, units INTEGER, stored INTEGER, flags INTEGER)",
  );
  database.run("CREATE TABLE names (id INTEGER PRIMARY KEY, key TEXT, name TEXT)");
  database.run("CREATE INDEX names_name ON names (name)");
  database.run("CREATE TABLE tags (tag TEXT, id INTEGER, PRIMARY KEY (tag, id)) WITHOUT ROWID");
  database.run("CREATE INDEX tags_id ON tags (id)");
  database.run("CREATE TABLE facts (name TEXT PRIMARY KEY, value)");
  database.run(`PRAGMA user_version = ${SCHEMA}`);
  database.run("COMMIT");
}

function versionOf(database: Database): unknown {
  const asked = database.prepare("PRAGMA user_version");
  try {
    return asked.values()[0]?.[0];
  } finally {
    asked.finalize();
  }
}

const columns = "id, a, b, variant, version, units, stored, flags";

const SQL = {
  insertSlot: "INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  insertName: "INSERT OR REPLACE INTO names VALUES (?, ?, ?)",
  insertTag: "INSERT OR REPLACE INTO tags VALUES (?, ?)",
  deleteSlot: "DELETE FROM slots WHERE id = ?",
  deleteName: "DELETE FROM names WHERE id = ?",
  deleteTags: "DELETE FROM tags WHERE id = ?",
  freshen: "UPDATE slots SET version = ?, stored = ?, flags = flags & ~1 WHERE id = ?",
  markStale: "UPDATE slots SET flags = flags | 1 WHERE id = ?",
  rowsAfter: `SELECT ${columns} FROM slots WHERE id > ? ORDER BY id LIMIT ?`,
  has: "SELECT 1 FROM slots WHERE id = ?",
  lastId: "SELECT max(id) FROM slots",
  fact: "SELECT value FROM facts WHERE name = ?",
  setFact: "INSERT OR REPLACE INTO facts VALUES (?, ?)",
  named: `SELECT ${columns}, name FROM names JOIN slots USING (id) WHERE (name, id) > (?, ?) AND name < ? ORDER BY name, id LIMIT ?`,
  tagged: `SELECT ${columns} FROM tags JOIN slots USING (id) WHERE tag = ? AND id > ? ORDER BY id LIMIT ?`,
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, Statement>>;

export function prepare(database: Database): Statements {
  const prepared: Partial<Record<keyof typeof SQL, Statement>> = {};
  try {
    for (const name of Object.keys(SQL) as (keyof typeof SQL)[]) prepared[name] = database.prepare(SQL[name]);
    return prepared as Statements;
  } catch (error) {
    finalize(prepared);
    throw error;
  }
}

/** One that is left would keep the file locked. */
export function finalize(statements: Partial<Statements>): void {
  for (const statement of Object.values(statements)) statement.finalize();
}
