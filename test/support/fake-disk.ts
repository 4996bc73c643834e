/** A disk that is a map: what of `DiskTier` the relay uses. Its files are counted, and can be damaged. */
import { type StoredFacts, stored } from "../../src/cache/facts.ts";
import type { NewEntry } from "../../src/store/new-entry.ts";

type Head = Omit<NewEntry, "body">;

export interface FakeObject extends Head {
  readonly body: Buffer;
  readonly isMarkedStale: boolean;
}

export class FakeDisk {
  readonly objects = new Map<string, FakeObject[]>();
  /** Being read or written. */
  files = 0;
  hasRoom = true;
  sequence = 0;
  /** Something is to be there that then is not. */
  isForgetful = false;
  /** The last that began. */
  writer: FakeWriter | undefined = undefined;
  /** From this position on nothing can be read. */
  brokenFrom = Number.POSITIVE_INFINITY;

  mayHave(key: string): boolean {
    return this.objects.has(key) || this.isForgetful;
  }

  async open(key: string, varyKeyFor: (names: string) => string): Promise<FakeEntry | undefined> {
    const found = this.objects
      .get(key)
      ?.find(({ varyNames, varyKey }) => varyNames === "" || varyKeyFor(varyNames) === varyKey);
    return found && new FakeEntry(this, found);
  }

  begin(entry: Head, bodyBytes: number | undefined, since: number): FakeWriter | undefined {
    if (!this.hasRoom) return undefined;
    this.writer = new FakeWriter(this, entry, bodyBytes, since);
    return this.writer;
  }

  async freshen({ object }: FakeEntry, facts: StoredFacts, lines: string): Promise<boolean> {
    this.put({ ...object, facts, lines, isMarkedStale: false });
    return true;
  }

  remove(key: string): number {
    this.sequence++;
    const count = this.objects.get(key)?.length ?? 0;
    this.objects.delete(key);
    return count;
  }

  markStale(key: string): number {
    this.sequence++;
    const objects = this.objects.get(key) ?? [];
    for (const object of objects) this.put({ ...object, isMarkedStale: true });
    return objects.length;
  }

  /** In place of the one with the same variant. */
  put(object: FakeObject): void {
    const others = this.objects.get(object.key) ?? [];
    const { varyNames, varyKey } = object;
    this.objects.set(object.key, [
      object,
      ...others.filter((each) => each.varyNames !== varyNames || each.varyKey !== varyKey),
    ]);
  }
}

class FakeEntry {
  readonly object: FakeObject;
  readonly #disk: FakeDisk;
  #isClosed = false;

  constructor(disk: FakeDisk, object: FakeObject) {
    this.#disk = disk;
    this.object = object;
    disk.files++;
    Object.assign(this, object);
  }

  async read(at: number, into: Uint8Array): Promise<number> {
    if (this.#isClosed) return -1;
    const { body } = this.object;
    const end = Math.min(body.length, at + into.length);
    if (end > this.#disk.brokenFrom) return -1;
    return body.copy(into, 0, at, end);
  }

  placeOf(): undefined {}

  close(): void {
    if (this.#isClosed) throw new Error(`Cannot close ${this.object.key}: it was closed already`);
    this.#isClosed = true;
    this.#disk.files--;
  }
}

export class FakeWriter {
  onDrain: (() => void) | undefined = undefined;
  isFull = false;
  failed = false;
  readonly pieces: Uint8Array[] = [];
  /** Taken before the fetch began. */
  readonly since: number;
  readonly #disk: FakeDisk;
  readonly #entry: Head;
  readonly #bodyBytes: number | undefined;
  #isOver = false;
  #wasRead = false;
  #isClosed = false;
  #isGone = false;

  constructor(disk: FakeDisk, entry: Head, bodyBytes: number | undefined, since: number) {
    this.#disk = disk;
    this.#entry = entry;
    this.#bodyBytes = bodyBytes;
    this.since = since;
    disk.files++;
  }

  get bytes(): number {
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  write(bytes: Uint8Array): boolean {
    this.pieces.push(Buffer.from(bytes));
    return !this.isFull;
  }

  drains(): void {
    this.isFull = false;
    this.onDrain?.();
  }

  async commit(): Promise<boolean> {
    this.#end();
    const body = Buffer.concat(this.pieces);
    const isWhole = this.#bodyBytes === undefined || this.#bodyBytes === body.length;
    if (!isWhole || this.since !== this.#disk.sequence) return false;
    const isPart = (this.#entry.facts.flags & stored.partial) !== 0;
    const wholeBytes = isPart ? this.#entry.facts.wholeBytes : body.length;
    const facts = { ...this.#entry.facts, bodyBytes: body.length, wholeBytes };
    this.#disk.put({ ...this.#entry, facts, body, isMarkedStale: false });
    return true;
  }

  abort(): void {
    this.#end();
    this.close();
  }

  async read(at: number, into: Uint8Array): Promise<number> {
    this.#wasRead = true;
    const body = Buffer.concat(this.pieces);
    return at > body.length ? 0 : body.copy(into, 0, at);
  }

  keepOpen(): void {}

  /** May be called before it has ended. */
  close(): void {
    this.#isClosed = true;
    this.#letGo();
  }

  #end(): void {
    if (this.#isOver) throw new Error(`Cannot end a draft of ${this.#entry.key}: it has ended already`);
    this.#isOver = true;
    this.#letGo();
  }

  /** Who has read it closes it. */
  #letGo(): void {
    if (!this.#isOver || (this.#wasRead && !this.#isClosed) || this.#isGone) return;
    this.#isGone = true;
    this.#disk.files--;
  }
}
