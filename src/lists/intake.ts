/**
 * What a source delivers → a list's memory, a slice at a time. The event loop
 * turns between slices, so that the thread which reads a million lines still
 * answers everybody else.
 */
import { ListReader, type ReadList } from "../policy/list/reader.ts";

/** Decompressed. The largest public lists are a tenth of it. */
export const LIST_BYTES_MAX = 256 * 1024 * 1024;

/** Some three milliseconds of reading. */
const SLICE_BYTES = 64 * 1024;

export const TOO_LARGE = `larger than ${LIST_BYTES_MAX / 1024 / 1024} MiB`;

/**
 * A list that loses everything at once was more often cut off than meant so (a
 * full disk, a script that failed), and a rule that denies by it would deny
 * nothing any more.
 */
const EMPTIED = "it is empty now; a list that is meant to be empty has a comment line";

/**
 * Rejects when `pieces` does. A piece may be used again once the next is asked
 * for. `hadEntries`: what stands in force is not to become nothing.
 */
export async function takeIn(pieces: AsyncIterable<Uint8Array>, hadEntries: boolean): Promise<ReadList> {
  const reader = new ListReader();
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > LIST_BYTES_MAX) return { ok: false, problem: TOO_LARGE };
    for (let at = 0; at < piece.length; at += SLICE_BYTES) {
      const problem = reader.take(piece.subarray(at, at + SLICE_BYTES));
      if (problem !== undefined) return { ok: false, problem };
      await turn();
    }
  }
  const finishing = reader.finish(randomSeed());
  for (let step = finishing.next(); ; step = finishing.next()) {
    if (step.done) return hadEntries ? unlessEmptied(step.value) : step.value;
    await turn();
  }
}

function unlessEmptied(list: ReadList): ReadList {
  return list.ok && list.holds === "nothing" ? { ok: false, problem: EMPTIED } : list;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
