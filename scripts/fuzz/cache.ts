/**
 * A cache as a worker has it, for cases that come one after the other: one arena
 * for all of them, emptied in between, and a disk that takes its time.
 */

import { HeavyHitters } from "../../src/observe/heavy-hitters.ts";
import { AnswerCache } from "../../src/relay/cache/answer-cache.ts";
import type { DiskTier } from "../../src/store/disk/tier.ts";
import { type Flight, Flights, flightsBuffer } from "../../src/store/memory/flights.ts";
import { MemoryStore, memoryBuffer } from "../../src/store/memory/store.ts";
import type { NewEntry } from "../../src/store/new-entry.ts";
import { FakeDisk } from "../../test/support/fake-disk.ts";

const SEED = 7;
const ARENA_BYTES = 2 ** 20;

/** With a disk, so much goes into memory: small answers go to both. */
const OBJECT_BYTES_BESIDE_DISK = 1_200;

export class FuzzCache {
  answers: AnswerCache;
  disk: SlowDisk | undefined = undefined;
  /** The relay has a `host/path` purged. */
  onPurge: (name: string) => void = () => {};
  /** As another worker has them. */
  readonly others: Flights;
  readonly #memory: MemoryStore;
  readonly #flights: HeldFlights;
  readonly #offline = new Int32Array(new SharedArrayBuffer(4));
  readonly #objectBytesMax: number;

  constructor() {
    const flights = flightsBuffer();
    this.#memory = new MemoryStore(memoryBuffer(ARENA_BYTES), 0, SEED);
    this.#objectBytesMax = this.#memory.objectBytesMax;
    this.#flights = new HeldFlights(flights, 0, SEED);
    this.others = new Flights(flights, 1, SEED);
    this.answers = this.#begin();
  }

  set isOffline(isOffline: boolean) {
    this.#offline[0] = isOffline ? 1 : 0;
  }

  /** Nothing is stored any more, nor known of anything. */
  clear(hasDisk: boolean): void {
    for (const _ of this.#memory.visit(() => "remove"));
    this.#offline[0] = 0;
    this.disk = hasDisk ? new SlowDisk() : undefined;
    const most = hasDisk ? OBJECT_BYTES_BESIDE_DISK : this.#objectBytesMax;
    (this.#memory as { objectBytesMax: number }).objectBytesMax = most;
    this.#flights.held.clear();
    this.answers = this.#begin();
  }

  /** `host/path`, whatever rules of the gate have made of the key. */
  purge(name: string): number {
    const { memory } = this.answers;
    const isNamed = (key: string): boolean => key === name || key.endsWith(` ${name}`);
    memory.bumpSequences();
    let count = 0;
    for (const _ of memory.visit((entry) => {
      if (!isNamed(entry.key())) return undefined;
      count++;
      return "remove";
    }));
    const onDisk = [...(this.disk?.objects.keys() ?? [])].filter(isNamed);
    for (const key of [name, ...onDisk]) count += this.disk?.remove(key) ?? 0;
    return count;
  }

  markStale(name: string): void {
    this.answers.markStale(name);
  }

  /** What should be gone when everybody is; undefined when it is. */
  get left(): string | undefined {
    const { fetches, deadlines, copiedBytes, filledBytes, orphans } = this.answers;
    const books = {
      fetches: fetches.size,
      deadlines: deadlines.size,
      copiedBytes,
      filledBytes,
      orphans,
      flights: this.#flights.held.size,
      files: this.disk?.files ?? 0,
    };
    const open = Object.entries(books).filter(([, count]) => count !== 0);
    return open.length === 0 ? undefined : open.map(([name, count]) => `${name}: ${count}`).join(", ");
  }

  #begin(): AnswerCache {
    return new AnswerCache({
      memory: this.#memory,
      disk: this.disk as unknown as DiskTier | undefined,
      flights: this.#flights,
      offline: this.#offline,
      missing: new HeavyHitters(64),
      purge: (url) => {
        const name = url.slice("http://".length);
        this.onPurge(name);
        return Promise.resolve(this.purge(name));
      },
    });
  }
}

class HeldFlights extends Flights {
  readonly held = new Set<string>();

  override begin(key: string): Flight {
    const flight = super.begin(key);
    if (flight === "mine") this.held.add(key);
    return flight;
  }

  override end(key: string): void {
    super.end(key);
    this.held.delete(key);
  }
}

type Writer = NonNullable<ReturnType<FakeDisk["begin"]>>;

/** Answers when it is told to. */
class SlowDisk extends FakeDisk {
  readonly #waiting: (() => void)[] = [];
  readonly #writers: Writer[] = [];

  /** Everything that was asked of it so far. */
  answers(): void {
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  fills(): void {
    for (const writer of this.#writers) writer.isFull = true;
  }

  drains(): void {
    for (const writer of this.#writers) if (writer.isFull) writer.drains();
  }

  fails(): void {
    for (const writer of this.#writers) writer.failed = true;
    this.drains();
  }

  override async open(key: string, varyKeyFor: (names: string) => string) {
    await this.#turn();
    const entry = await super.open(key, varyKeyFor);
    if (entry === undefined) return undefined;
    const read = entry.read.bind(entry);
    entry.read = async (at, into) => {
      await this.#turn();
      return read(at, into);
    };
    return entry;
  }

  override begin(
    entry: Omit<NewEntry, "body">,
    bodyBytes: number | undefined,
    since: number,
  ): Writer | undefined {
    const writer = super.begin(entry, bodyBytes, since);
    if (writer === undefined) return undefined;
    this.#writers.push(writer);
    const [read, commit] = [writer.read.bind(writer), writer.commit.bind(writer)];
    writer.read = async (at, into) => {
      await this.#turn();
      return writer.failed ? -1 : read(at, into);
    };
    writer.commit = async () => {
      await this.#turn();
      if (!writer.failed) return commit();
      writer.abort();
      return false;
    };
    return writer;
  }

  #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }
}
