/** Caches that a trace runs through: the arena itself, and what it is compared with, which is charged for entries alone and has its index for nothing. */
import { entryUnits, headEnd, textBytes } from "../../src/store/memory/entry.ts";
import { UNIT_BYTES } from "../../src/store/memory/layout.ts";
import type { Tuning } from "../../src/store/memory/room.ts";
import { MemoryStore, memoryBuffer } from "../../src/store/memory/store.ts";
import type { NewEntry } from "../../src/store/new-entry.ts";
import { sizeOf } from "./traces.ts";

/** Whether it had the object; it has it afterwards, if it wants. */
export type Cache = (object: number) => boolean;

const LINES =
  'Date: Sat, 21 Nov 2026 09:00:00 GMT\r\nContent-Type: text/html\r\nCache-Control: max-age=600\r\nETag: "5f1b"\r\n';
const SEED = 4_711;

const noVary = () => "";
const content = new Uint8Array(2 ** 20);

export function arenaCache(bytes: number, tuning?: Tuning): Cache {
  const store = new MemoryStore(memoryBuffer(bytes), 0, SEED, tuning);
  return (object) => {
    const entry = entryOf(object);
    if (store.find(entry.key, noVary) !== undefined) return true;
    store.put(entry, store.sequence(entry.key));
    return false;
  };
}

/** `moves`: what is used becomes the youngest (LRU), or keeps its place (FIFO). */
export function queueCache(bytes: number, moves: boolean): Cache {
  const sizes = new Map<number, number>();
  let used = 0;
  return (object) => {
    const known = sizes.get(object);
    if (known !== undefined && !moves) return true;
    if (known !== undefined) {
      sizes.delete(object);
      sizes.set(object, known);
      return true;
    }
    const size = entryBytes(entryOf(object));
    while (used + size > bytes) {
      const [oldest, oldestSize] = sizes.entries().next().value!;
      sizes.delete(oldest);
      used -= oldestSize;
    }
    sizes.set(object, size);
    used += size;
    return false;
  };
}

function entryBytes(entry: NewEntry): number {
  const { bodyBytes } = entry.facts;
  return entryUnits(textBytes(entry), LINES.length + headEnd(200, bodyBytes).length, bodyBytes) * UNIT_BYTES;
}

function entryOf(object: number): NewEntry {
  const bodyBytes = sizeOf(object);
  return {
    key: `http://origin.example/assets/${object}`,
    facts: {
      status: 200,
      flags: 0,
      storedMs: 0,
      initialAgeMs: 0,
      lifetimeMs: 600_000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      lastModifiedMs: Number.NaN,
      bodyBytes,
      rangeFirst: 0,
      wholeBytes: bodyBytes,
    },
    varyNames: "",
    varyKey: "",
    tags: "",
    peer: "192.0.2.1",
    reason: "OK",
    lines: LINES,
    body: [content.subarray(0, bodyBytes)],
  };
}
