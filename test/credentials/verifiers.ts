/** Accounts, and a verifier of them whose hashes take no time. */
import { type Account, digestOf } from "../../src/credentials/account.ts";
import { type Checked, Verifier } from "../../src/credentials/verifier.ts";

export const NOW = 1_000_000;
export const CACHE_MS = 300_000;

export const ann: Account = account("ann", { kind: "hash", text: "hash of ann's" });
export const bob: Account = account("bob", { kind: "hash", text: "hash of bob's" });
export const ci: Account = {
  ...account("ci", { kind: "digest", sha256: digestOf("token") }),
  groups: ["machines"],
  expires: NOW + 1_000,
};
export const dan: Account = account("dan", { kind: "digest", sha256: digestOf("pass:word") });

/** Its hashes are `hash of` the password. */
export function verifierOf(accounts: readonly Account[], verify = isHashOf) {
  const asked: string[] = [];
  const verifier = new Verifier((password, hash) => {
    asked.push(`${password} against ${hash}`);
    return verify(password, hash);
  });
  verifier.accounts = accounts;
  verifier.cacheMs = CACHE_MS;
  return { verifier, asked };
}

async function isHashOf(password: string, hash: string): Promise<boolean> {
  return hash === `hash of ${password}`;
}

export function account(name: string, secret: Account["secret"]): Account {
  return { name, groups: [], expires: undefined, secret };
}

export function userOf(checked: Checked): unknown {
  return checked.result === "user" ? checked.user : checked;
}

export function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString("base64")}`;
}
