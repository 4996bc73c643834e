/**
 * An origin for the cache's tests: answers whose bodies say what they are, and a
 * count of what it was asked for. A body carries its URL, its version and its own
 * checksum, so that a stale, mixed, cut or altered one shows, wherever it was kept.
 */
import type { Server } from "bun";

export interface Origin extends Disposable {
  /** `127.0.0.1:PORT` */
  readonly authority: string;
  readonly port: number;
  /** How often this path was asked for, by whatever method. */
  asked(path: string): number;
  /** How often anything was. */
  askedInAll(): number;
  /** Every request, in order: `GET /path`. */
  readonly heard: readonly string[];
  /** No further connection is taken, and those that are there are cut. */
  stop(): void;
}

export interface OriginRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
  /** How often this path has been asked for, this one included. */
  readonly count: number;
}

export type OriginHandler = (request: OriginRequest) => Response | Promise<Response>;

/** `port`: that of one that was stopped. */
export function startOrigin(handler: OriginHandler, port = 0): Origin {
  const counts = new Map<string, number>();
  const heard: string[] = [];
  const server: Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port,
    idleTimeout: 60,
    fetch: (request) => {
      const { pathname, search } = new URL(request.url);
      const path = pathname + search;
      const count = (counts.get(path) ?? 0) + 1;
      counts.set(path, count);
      heard.push(`${request.method} ${path}`);
      return handler({ method: request.method, path, headers: request.headers, count });
    },
  });
  const stop = () => void server.stop(true);
  return {
    authority: `127.0.0.1:${server.port}`,
    port: server.port ?? 0,
    asked: (path) => counts.get(path) ?? 0,
    askedInAll: () => heard.length,
    heard,
    stop,
    [Symbol.dispose]: stop,
  };
}

/** An answer of this body, fresh for an hour unless `headers` say otherwise. */
export function fresh(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, { headers: { "cache-control": "max-age=3600", ...headers } });
}

/** A body of `bytes` at least, the same for the same path and version. */
export function checkedBody(path: string, version: number, bytes = 0): Buffer<ArrayBuffer> {
  const title = `${path} ${version}\n`;
  const filler = Math.max(0, bytes - title.length - SUM_DIGITS);
  const body = Buffer.alloc(title.length + filler + SUM_DIGITS);
  body.write(title, "latin1");
  fill(body.subarray(title.length, title.length + filler), Bun.hash.xxHash32(title));
  body.write(sumOf(body.subarray(0, -SUM_DIGITS)), body.length - SUM_DIGITS, "latin1");
  return body;
}

/** What a body says it is. Throws when it is not whole, or not what was written. */
export function readChecked(body: Buffer): { readonly path: string; readonly version: number } {
  const sum = body.subarray(-SUM_DIGITS).toString("latin1");
  if (sum !== sumOf(body.subarray(0, -SUM_DIGITS)))
    throw new Error(`Cannot believe a body of ${body.length} bytes: ${body.toString("latin1", 0, 60)}`);
  const [, path = "", version] = /^(\S+) (\d+)\n/.exec(body.toString("latin1", 0, 1024)) ?? [];
  return { path, version: Number(version) };
}

const SUM_DIGITS = 16;

function sumOf(bytes: Uint8Array): string {
  return Bun.hash.xxHash3(bytes).toString(16).padStart(SUM_DIGITS, "0");
}

/** Not the same anywhere, so that a piece in the wrong place shows. */
function fill(bytes: Buffer, seed: number): void {
  let state = seed | 1;
  for (let at = 0; at < bytes.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[at] = state >>> 24;
  }
}
