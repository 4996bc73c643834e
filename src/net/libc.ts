/** Calls of the C library that Bun has no name for. Undefined where there is no such library: not on Linux. */
import { dlopen, type FFIFunction } from "bun:ffi";

export function openLibc<const Calls extends Record<string, FFIFunction>>(calls: Calls) {
  if (process.platform !== "linux") return undefined;
  for (const name of ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]) {
    try {
      return dlopen(name, calls).symbols;
    } catch {
      // The other C library, then.
    }
  }
  return undefined;
}
