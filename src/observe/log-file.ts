/**
 * Where log text ends: stdout, or a file that is appended to and that only its
 * owner and group may read. Bytes and descriptors only; what a failed write means
 * is decided in `log-writer.ts`.
 */
import { close, open, write } from "node:fs";

export interface LogFile {
  /** Resolves to how many of `bytes` were taken, at least one; rejects when none can be. */
  append(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Wait before asking again where stdout is non-blocking and its reader slow. */
const RETRY_MS = 20;

export function openLogFile(path: string): Promise<LogFile> {
  return new Promise((resolve, reject) => {
    open(path, "a", 0o640, (error, fd) => {
      if (error) reject(error);
      else resolve({ append: (bytes) => append(fd, bytes), close: () => close(fd, () => {}) });
    });
  });
}

/** Not ours to close. */
export function stdoutLogFile(): LogFile {
  return { append: (bytes) => append(1, bytes), close: () => {} };
}

function append(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const attempt = () => {
      write(fd, bytes, 0, bytes.length, null, (error, written) => {
        if (error?.code === "EAGAIN") setTimeout(attempt, RETRY_MS);
        else if (error) reject(error);
        else resolve(written);
      });
    };
    attempt();
  });
}
