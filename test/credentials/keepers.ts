/** A keeper that looks only when it is told to, what it tells, and files of its own. */
import { expect, onTestFinished } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "../../src/credentials/account.ts";
import type { AuthenticationSpec } from "../../src/credentials/accounts.ts";
import { AccountKeeper } from "../../src/credentials/keeper.ts";

export const HASH = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
export const nobody: AuthenticationSpec = { users: [], groups: [], tokens: [] };

export function keeperOfNobody(now = 1_000) {
  const told: string[] = [];
  const changed: string[][] = [];
  const keeper = new AccountKeeper(
    (message) => told.push(message),
    (accounts) => changed.push(namesOf(accounts)),
    { lookMs: 2 ** 30, now: () => now },
  );
  onTestFinished(() => keeper.close());
  return { keeper, told, changed };
}

export async function keeperOf(text: string) {
  const kept = keeperOfNobody();
  const path = await fileOf(text);
  await commit(kept.keeper, { ...nobody, htpasswd: path });
  return { ...kept, path };
}

export async function commit(keeper: AccountKeeper, spec: AuthenticationSpec): Promise<void> {
  const prepared = await keeper.prepare(spec);
  expect(prepared).toMatchObject({ ok: true });
  if (prepared.ok) prepared.commit();
}

export async function looks(keeper: AccountKeeper, count: number): Promise<void> {
  for (let time = 0; time < count; time++) await keeper.look();
}

/** In a folder that goes with the test. */
export async function fileOf(content: string | Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "credentials-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "users");
  await writeFile(path, content);
  return path;
}

export function namesOf(accounts: readonly Account[]): string[] {
  return accounts.map(({ name }) => name);
}
