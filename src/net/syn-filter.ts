/**
 * Stops new connections at the kernel's door while the listener still accepts
 * those that are through it: a socket filter (BPF) that drops SYN segments and
 * nothing else. A client that comes now retries in a second, and finds another
 * process on the port, or nobody. Linux only; elsewhere closing a listener may
 * reset what arrives in that very moment.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";

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

/** Returns false where it can't be done. */
export function refuseNewHandshakes(listener: object): boolean {
  const fd = "fd" in listener && typeof listener.fd === "number" ? listener.fd : -1;
  if (process.platform !== "linux" || fd < 0) return false;
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
  const setsockopt = openSetsockopt();
  if (setsockopt === undefined) return false;
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, ptr(new Uint8Array(header.buffer)), 16) === 0;
}

type Setsockopt = (
  fd: number,
  level: number,
  option: number,
  value: ReturnType<typeof ptr>,
  length: number,
) => number;

function openSetsockopt(): Setsockopt | undefined {
  for (const name of ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]) {
    try {
      const { symbols } = dlopen(name, {
        setsockopt: {
          args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
          returns: FFIType.i32,
        },
      });
      return symbols.setsockopt;
    } catch {
      // The other C library, then.
    }
  }
  return undefined;
}
