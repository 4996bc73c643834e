/**
 * The shared memory as a thread sees it, and where the rings of its shards
 * begin and end. A position is a word: the ring in the sign (negative: main),
 * units counted on from lap to lap in the rest.
 */
import {
  type Layout,
  MAIN_HEAD,
  MAIN_TAIL,
  planLayout,
  SMALL_HEAD,
  SMALL_TAIL,
  UNIT_BYTES,
  UNIT_CELLS,
} from "./layout.ts";

/** Of an entry that is just being moved. */
export const NOWHERE = 0x7fff_ffff;

const COUNT = 0x7fff_ffff;
const MAIN = -0x8000_0000;

/** Which ring; cells are counted from the shard's. */
export interface Ring {
  readonly isMain: boolean;
  readonly tail: number;
  readonly head: number;
  readonly data: number;
  readonly units: number;
  /** Where positions begin anew: a multiple of `units`, so that a lap always begins at the ring's first byte. */
  readonly span: number;
}

export class Arena {
  readonly layout: Layout;
  readonly thread: number;
  readonly cells: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;
  readonly small: Ring;
  readonly main: Ring;
  readonly #own = new Int32Array(1);

  /** `thread`: the worker's number, or `MAIN_THREAD`. */
  constructor(buffer: SharedArrayBuffer, thread: number, layout = planLayout(buffer.byteLength)) {
    this.layout = layout;
    this.thread = thread;
    this.cells = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
    this.doubles = new Float64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
    this.bytes = Buffer.from(buffer);
    const { smallAt, smallUnits, mainAt, mainUnits } = layout;
    this.small = ring(false, SMALL_TAIL, SMALL_HEAD, smallAt, smallUnits);
    this.main = ring(true, MAIN_TAIL, MAIN_HEAD, mainAt, mainUnits);
  }

  /** Whether what stands at this position is what was written there. Ask after reading, too: after `settle`. */
  isLive(shard: number, position: number): boolean {
    const ring = position < 0 ? this.main : this.small;
    const ahead = (position & COUNT) - Atomics.load(this.cells, shard + ring.tail);
    return (ahead < 0 ? ahead + ring.span : ahead) < ring.units;
  }

  /** What was read before it was read before what is read after it: processors may do it otherwise. */
  settle(): void {
    Atomics.store(this.#own, 0, 0);
  }

  /** Of the entry's first word. */
  cellOf(shard: number, position: number): number {
    const ring = position < 0 ? this.main : this.small;
    return shard + ring.data + ((position & COUNT) % ring.units) * UNIT_CELLS;
  }

  tail(shard: number, ring: Ring): number {
    return Atomics.load(this.cells, shard + ring.tail);
  }

  head(shard: number, ring: Ring): number {
    return Atomics.load(this.cells, shard + ring.head);
  }

  /** Units that are written, dead ones too. */
  used(shard: number, ring: Ring): number {
    return distance(ring, this.tail(shard, ring), this.head(shard, ring));
  }

  /** Units from `count` to the ring's end, where an entry has to be in one piece. */
  toEnd(ring: Ring, count: number): number {
    return ring.units - (count % ring.units);
  }

  moveHead(shard: number, ring: Ring, units: number): void {
    const head = this.head(shard, ring) + units;
    Atomics.store(this.cells, shard + ring.head, head >= ring.span ? head - ring.span : head);
  }

  /** Nothing that is written after it is written before it: the load sees to that. */
  moveTail(shard: number, ring: Ring, units: number): void {
    const tail = this.tail(shard, ring) + units;
    Atomics.store(this.cells, shard + ring.tail, tail >= ring.span ? tail - ring.span : tail);
    Atomics.load(this.cells, shard + ring.tail);
  }

  /** Between entries of one arena; they may overlap. */
  copyUnits(fromCell: number, toCell: number, units: number): void {
    this.bytes.copyWithin(toCell * 4, fromCell * 4, fromCell * 4 + units * UNIT_BYTES);
  }
}

export function positionAt(ring: Ring, count: number): number {
  return ring.isMain ? count | MAIN : count;
}

/** Units from one count to a later one. */
export function distance(ring: Ring, from: number, to: number): number {
  return to < from ? to - from + ring.span : to - from;
}

function ring(isMain: boolean, tail: number, head: number, data: number, units: number): Ring {
  // A lap less, so that no count is NOWHERE.
  const span = (Math.floor(2 ** 31 / units) - 1) * units;
  return { isMain, tail, head, data, units, span };
}
