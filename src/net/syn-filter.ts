/**
 * Stops new connections at the kernel's door while the listener still accepts
 * those that are through it: a socket filter (BPF) that drops SYN segments and
 * nothing else. A client that comes now retries in a second, and finds another
 * process on the port, or nobody. Linux only; elsewhere closing a listener may
 * reset what arrives in that very moment.
 */
import { FFIType, ptr } from "bun:ffi";
import { openLibc } from "./libc.ts";

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

/** `struct sock_filter`: code, jump if true, jump if false, constant. The packet begins at the TCP header. */
const DROP_SYN = [
  [0x30, 0, 0, 13], // load byte 13: the flags
  [0x54, 0, 0, 0x12], // keep SYN and ACK
  [0x15, 0, 1, 0x02], // SYN alone?
  [0x06, 0, 0, 0], // drop
  [0x06, 0, 0, 0xffff_ffff], // pass
] as const;

const { i32, u32, ptr: pointer } = FFIType;
const CALLS = { setsockopt: { args: [i32, i32, i32, pointer, u32], returns: i32 } } as const;

/** Returns false where it can't be done. */
export function refuseNewHandshakes(listener: object): boolean {
  const fd = "fd" in listener && typeof listener.fd === "number" ? listener.fd : -1;
  if (fd < 0) return false;
  const program = new Uint8Array(DROP_SYN.length * 8);
  const view = new DataView(program.buffer);
  for (const [index, [code, whenTrue, whenFalse, constant]] of DROP_SYN.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, whenTrue);
    view.setUint8(index * 8 + 3, whenFalse);
    view.setUint32(index * 8 + 4, constant, true);
  }
  // `struct sock_fprog`: a count, padding, a pointer.
  const header = new DataView(new ArrayBuffer(16));
  header.setUint16(0, DROP_SYN.length, true);
  header.setBigUint64(8, BigInt(ptr(program)), true);
  const libc = openLibc(CALLS);
  if (libc === undefined) return false;
  return libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, ptr(new Uint8Array(header.buffer)), 16) === 0;
}
