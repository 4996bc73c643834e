/** What a program has used, read from /proc: all its threads and all its children. Linux only. */
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ, fixed at 100 on every Linux that this runs on. */
const TICKS_PER_SECOND = 100;

/**
 * CPU seconds since the start. `stat` counts in ticks of 10 ms and knows threads
 * that have ended; `schedstat` counts in nanoseconds and does not. Where no
 * thread has ended the second is the larger one, and exact.
 */
export function cpuSeconds(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + Math.max(statSeconds(each), schedstatSeconds(each)), 0);
}

export function rssBytes(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + 1024 * Number(statusField(each, "VmRSS")), 0);
}

export function openDescriptors(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + list(`/proc/${each}/fd`).length, 0);
}

function statSeconds(pid: number): number {
  const text = read(`/proc/${pid}/stat`);
  // The second field is a name in parentheses and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

function schedstatSeconds(pid: number): number {
  const nanoseconds = list(`/proc/${pid}/task`).map((task) =>
    Number.parseInt(read(`/proc/${pid}/task/${task}/schedstat`) || "0", 10),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
}

function statusField(pid: number, name: string): string {
  return new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(read(`/proc/${pid}/status`))?.[1] ?? "0";
}

function treeOf(pid: number): number[] {
  const children = list(`/proc/${pid}/task`).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(treeOf)];
}

/** A thread or process may end between being listed and being read. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
