/**
 * The shortest way: a fresh answer in memory to a plain request, in one copy and
 * one write. Whatever needs more goes by `serve.ts`.
 */
import { stored as flag } from "../../cache/facts.ts";
import { ageMs } from "../../cache/using.ts";
import type { CacheWord } from "../../observe/cache-word.ts";
import type { Found } from "../../store/memory/store.ts";
import { reasonOf } from "../message/reasons.ts";
import type { Asked } from "./asked.ts";
import { countSaved } from "./outflow.ts";

/** Of what is written at once, status line and our own fields included. */
const OUT_BYTES = 64 * 1024;
const PREFIX_BYTES_MAX = 2 * 1024;
const out = Buffer.allocUnsafeSlow(OUT_BYTES);

/** `line` is `Cache-Status`. False: not this way, nothing has been written. */
export function serveAtOnce(asked: Asked, found: Found, word: CacheWord, line: string): boolean {
  const { head, passage, request, session, exchange, settings } = asked;
  if (!request.isPlain || passage.effects !== undefined || passage.grant !== undefined) return false;
  const { status, headBytes, bodyBytes } = found;
  // Our own fields go in front here, and what was there before has to stay before them.
  if ((found.flags & (flag.partial | flag.relayed)) !== 0 || status === 204) return false;
  const byteCount = asked.isHead ? headBytes : headBytes + bodyBytes;
  if (byteCount > OUT_BYTES - PREFIX_BYTES_MAX) return false;

  const reason = status === 200 ? "OK" : found.reason() || reasonOf(status);
  const age = Math.max(0, Math.floor(ageMs(found, asked.nowMs) / 1000));
  const { persists } = asked;
  const connection = persists
    ? head.minor === 0
      ? "Connection: keep-alive\r\n"
      : ""
    : "Connection: close\r\n";
  const prefix = `HTTP/1.1 ${status} ${reason}\r\nAge: ${age}\r\n${line}${settings.viaLines[1]}${connection}`;
  if (prefix.length > PREFIX_BYTES_MAX) return false;
  const at = out.latin1Write(prefix, 0);
  if (!found.copy(out, at, 0, byteCount)) return false;
  const end = at + byteCount;
  exchange.cache = word;
  exchange.status = status;
  exchange.bytesOut += end;
  if (!asked.isHead) countSaved(asked, bodyBytes);
  session.link.writeCopy(out, end);
  session.exchangeEnded(persists);
  return true;
}
