/** Where a list comes from, as its keeper sees it. */
import type { ReadList } from "../policy/list/reader.ts";

export type Delivery =
  | { readonly result: "loaded"; readonly list: Extract<ReadList, { ok: true }> }
  /** As it was when it last came. */
  | { readonly result: "unchanged" }
  /** Somebody seems to be writing it: to be looked at again soon. */
  | { readonly result: "unsettled" }
  /** `problem`: `Cannot read /etc/ads.txt: no such file`. */
  | { readonly result: "failed"; readonly problem: string };

export interface ListSource {
  /** Its path or address, without what may be secret. */
  readonly shown: string;
  /** Reads what is new. Never rejects; one call at a time. */
  deliver(signal: AbortSignal): Promise<Delivery>;
}

/** What went wrong, in words; the system's code where there are none. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  return REASONS[code] ?? code;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "a part of its path is no directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOTFOUND: "its host has no address",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was cut",
  EPROTO: "the TLS handshake failed",
};
