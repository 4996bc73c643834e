/**
 * A thread that does everything to one arena, as fast as it can, and looks at
 * every answer that it gets. Origins have versions; a purge raises the one that
 * may be found from then on, so that what comes back from before it shows.
 */
import { Dice } from "../../../scripts/fuzz/dice.ts";
import { type Found, MemoryStore } from "../../../src/store/memory/store.ts";
import { answer, facts, findFault, freshened, versionOf } from "./answers.ts";
import { BEGUN, KEYS, type MemoryOrder, type MemoryReport } from "./hammer-order.ts";

const SEED = 4_711;
const VARIANTS = ["", "gzip", "br"];

addEventListener("message", (event: MessageEvent<MemoryOrder>) => {
  postMessage(BEGUN);
  postMessage(new Hammer(event.data).run());
});

class Hammer {
  readonly #store: MemoryStore;
  readonly #origin: Int32Array;
  readonly #dice: Dice;
  readonly #order: MemoryOrder;
  readonly #counts = { hits: 0, stored: 0, purged: 0, freshened: 0 };
  readonly #faults: string[] = [];

  constructor(order: MemoryOrder) {
    this.#order = order;
    this.#store = new MemoryStore(order.buffer, order.thread, SEED);
    this.#origin = new Int32Array(order.versions);
    this.#dice = new Dice(order.thread + 1);
  }

  run(): MemoryReport {
    for (let done = 0; done < this.#order.operations && this.#faults.length < 5; done++) this.#step();
    return { ...this.#counts, faults: this.#faults };
  }

  #step(): void {
    const dice = this.#dice;
    // Some keys are asked for much more than others.
    const number = dice.below(dice.below(KEYS) + 1);
    const turn = dice.below(100);
    if (turn < 55) this.#find(number);
    else if (turn < 85) this.#put(number);
    else if (turn < 93) this.#freshen(number);
    else if (turn < 96) this.#remove(number);
    else if (turn < 99) this.#markStale(number);
    else this.#scan(number);
  }

  #find(number: number): Found | undefined {
    const leastFound = Atomics.load(this.#origin, number * 3 + 1);
    const leastFresh = Atomics.load(this.#origin, number * 3 + 2);
    const wanted = this.#dice.pick(VARIANTS);
    const found = this.#store.find(keyOf(number), () => wanted);
    if (found === undefined) return undefined;
    const lines = found.lines();
    const varyKey = found.varyKey();
    const { isMarkedStale } = found;
    const fault = findFault(found, keyOf(number));
    if (fault === "gone" || found.isGone) return undefined;
    const version = versionOf(lines);
    if (fault !== undefined) this.#faults.push(fault);
    if (found.varyNames() !== "" && varyKey !== wanted && !found.isGone)
      this.#faults.push(`${varyKey} is not ${wanted}`);
    if (version < leastFound) this.#faults.push(`version ${version} was removed: ${leastFound}`);
    if (version < leastFresh && !isMarkedStale)
      this.#faults.push(`version ${version} was marked: ${leastFresh}`);
    this.#counts.hits++;
    return found;
  }

  #put(number: number): void {
    const since = this.#store.sequence(keyOf(number));
    const version = Atomics.load(this.#origin, number * 3) + 1;
    const varyKey = this.#dice.pick(VARIANTS);
    const varyNames = varyKey === "" ? "" : "accept-encoding";
    const bytes = this.#bytes();
    const result = this.#store.put(answer(keyOf(number), bytes, { version, varyKey, varyNames }), since);
    if (result === "stored") this.#counts.stored++;
    else if (result === "purged") this.#counts.purged++;
    else if (result === "too_large") this.#faults.push(`${bytes} bytes are too large`);
  }

  /** Small ones mostly, and none at all now and then. */
  #bytes(): number {
    if (this.#dice.below(20) === 0) return 0;
    return Math.floor(this.#order.bodyBytesMax ** (this.#dice.below(1_001) / 1_000));
  }

  #freshen(number: number): void {
    const since = this.#store.sequence(keyOf(number));
    const found = this.#find(number);
    if (found === undefined) return;
    // To another version no origin would say that it has not changed.
    if (versionOf(found.lines()) !== Atomics.load(this.#origin, number * 3) + 1) return;
    const lines = freshened(found.lines(), this.#dice.below(40));
    const isDone = !found.isGone && this.#store.freshen(found, facts(found.bodyBytes), lines, since);
    if (isDone) this.#counts.freshened++;
  }

  #remove(number: number): void {
    const version = Atomics.add(this.#origin, number * 3, 1) + 2;
    this.#store.remove(keyOf(number));
    this.#raise(number * 3 + 1, version);
  }

  #markStale(number: number): void {
    const version = Atomics.add(this.#origin, number * 3, 1) + 2;
    this.#store.markStale(keyOf(number));
    this.#raise(number * 3 + 2, version);
  }

  #scan(number: number): void {
    const version = Atomics.add(this.#origin, number * 3, 1) + 2;
    this.#store.bumpSequences();
    const steps = this.#store.visit((entry) => {
      const key = entry.key();
      if (!entry.isGone && !key.startsWith("http://origin.example/"))
        this.#faults.push(`a listing has ${key}`);
      const fault = this.#dice.below(8) === 0 && !entry.isGone ? findFault(entry, key) : undefined;
      if (fault !== undefined && fault !== "gone") this.#faults.push(`in a listing, ${fault}`);
      return key === keyOf(number) ? "remove" : undefined;
    });
    for (const _ of steps);
    this.#raise(number * 3 + 1, version);
  }

  #raise(cell: number, version: number): void {
    const before = Atomics.load(this.#origin, cell);
    if (before >= version) return;
    if (Atomics.compareExchange(this.#origin, cell, before, version) !== before) this.#raise(cell, version);
  }
}

function keyOf(number: number): string {
  return `http://origin.example/${"path/".repeat(number % 7)}${number}`;
}
