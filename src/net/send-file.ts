/**
 * Bytes from a file to a socket within the kernel: what is stored on a disk need not
 * come through here to be sent, once it is known to be what was written. Linux only.
 */
import { FFIType, ptr } from "bun:ffi";
import { openLibc } from "./libc.ts";

const POSIX_FADV_WILLNEED = 3;

/** Asked for ahead of what is sent, so that the disk is seldom waited for. */
const AHEAD_BYTES = 4 * 1024 * 1024;

const { i32, i64, ptr: pointer, u64 } = FFIType;
const CALLS = {
  sendfile: { args: [i32, i32, pointer, u64], returns: i64 },
  pread: { args: [i32, pointer, u64, i64], returns: i64 },
  posix_fadvise: { args: [i32, i64, i64, i32], returns: i32 },
} as const;

type Libc = NonNullable<ReturnType<typeof openLibc<typeof CALLS>>>;

let libc: Libc | undefined;
let hasTried = false;
const offset = new BigInt64Array(1);

/** Opened with the first file: most processes send none. */
function calls(): Libc | undefined {
  if (!hasTried) libc = openLibc(CALLS);
  hasTried = true;
  return libc;
}

export function canSendFiles(): boolean {
  return calls() !== undefined;
}

/** How many bytes the kernel took; 0 when it takes none now. */
export function sendFile(socket: number, file: number, at: number, count: number): number {
  const symbols = calls();
  if (symbols === undefined) return 0;
  // Not each time: the kernel looks at every page of what it is told.
  if (at % AHEAD_BYTES < count) symbols.posix_fadvise(file, at, 2 * AHEAD_BYTES, POSIX_FADV_WILLNEED);
  offset[0] = BigInt(at);
  const sent = Number(symbols.sendfile(socket, file, ptr(offset), count));
  return Math.max(0, sent);
}

/** Waits for the disk, so for little that was just read. How many bytes came; 0 at the file's end, or when it fails. */
export function readAt(file: number, into: Uint8Array, at: number): number {
  const symbols = calls();
  return symbols === undefined ? 0 : Math.max(0, Number(symbols.pread(file, ptr(into), into.length, at)));
}
