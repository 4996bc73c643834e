/** What leaves memory, on its way to the disk: a few at a time, and no more waiting than is bearable. */
import type { NewEntry } from "../new-entry.ts";
import type { DiskWriter } from "./disk-writer.ts";

const AT_ONCE = 4;
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

/** What an entry costs beside its body, about. */
const ENTRY_BYTES = 1_024;

interface Storing {
  begin(entry: Omit<NewEntry, "body">, bodyBytes: number, since: number): DiskWriter | undefined;
}

interface Waiting {
  readonly entry: NewEntry;
  readonly since: number;
  readonly done: (isStored: boolean) => void;
}

export class SpillQueue {
  readonly #disk: Storing;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #underWay = 0;

  constructor(disk: Storing) {
    this.#disk = disk;
  }

  add(entry: NewEntry, since: number): Promise<boolean> {
    const bytes = bytesOf(entry);
    if (this.#waitingBytes + bytes > WAITING_BYTES_MAX) return Promise.resolve(false);
    this.#waitingBytes += bytes;
    return new Promise((done) => {
      this.#waiting.push({ entry, since, done });
      this.#next();
    });
  }

  #next(): void {
    if (this.#underWay >= AT_ONCE) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#underWay++;
    void this.#store(next).then((isStored) => {
      this.#underWay--;
      this.#waitingBytes -= bytesOf(next.entry);
      next.done(isStored);
      this.#next();
    });
  }

  async #store({ entry, since }: Waiting): Promise<boolean> {
    const writer = this.#disk.begin(entry, entry.facts.bodyBytes, since);
    if (writer === undefined) return false;
    for (const piece of entry.body) writer.write(piece);
    return writer.commit();
  }
}

function bytesOf({ facts }: NewEntry): number {
  return facts.bodyBytes + ENTRY_BYTES;
}
