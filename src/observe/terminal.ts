/**
 * Is there a person at a terminal, and how do figures and colours look to one? The
 * pretty log line and `headgate status` share it.
 */
import { fstatSync } from "node:fs";

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

/** Whether a descriptor is a terminal. node:tty takes 7 MB to be loaded: so only for what might be one. */
export function isTerminal(descriptor: number): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  return (require("node:tty") as typeof import("node:tty")).isatty(descriptor);
}

export function paint(text: string, colour: keyof typeof codes, wanted: boolean): string {
  return wanted ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text;
}

/** Three digits and a unit: "850us", "12.3ms", "4.50s", "12m03s", "3h05m", "2d04h". */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)}us`;
  if (ms < 999.5) return `${toDigits(ms)}ms`;
  if (ms < 59_950) return `${toDigits(ms / 1000)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(seconds, 60, "m", "s");
  if (seconds < 86_400) return pair(Math.floor(seconds / 60), 60, "h", "m");
  return pair(Math.floor(seconds / 3600), 24, "d", "h");
}

/** In powers of 1024: "0B", "1.50KiB", "64.0MiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1023.5 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : toDigits(value)}${units[unit]}`;
}

function toDigits(value: number): string {
  if (value < 9.995) return value.toFixed(2);
  return value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}

function pair(value: number, base: number, large: string, small: string): string {
  return `${Math.floor(value / base)}${large}${String(value % base).padStart(2, "0")}${small}`;
}
