/**
 * Files on their way out, a few at a time. Room is given back when a file has gone,
 * and only then is its row removed. What can't be removed is tried again: until then
 * its room is taken.
 */
import type { DiskCells } from "./disk-shared.ts";
import { codeOf, type FileCalls } from "./file-calls.ts";
import type { Leaver } from "./object-table.ts";
import { objectPath } from "./places.ts";

/** Workers wait for the same few threads that files are removed by. */
const AT_ONCE = 4;
const RETRY_MS = 10_000;

interface Removal extends Leaver {
  readonly done: (isGone: boolean) => void;
}

export class Removals {
  /** Units that will be free when all of them have gone. */
  units = 0;
  readonly #root: string;
  readonly #calls: FileCalls;
  readonly #cells: DiskCells;
  readonly #onGone: (id: number) => void;
  readonly #onFailed: (code: string) => void;
  readonly #waiting: Removal[] = [];
  readonly #failed: Removal[] = [];
  #underWay = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    root: string,
    calls: FileCalls,
    cells: DiskCells,
    onGone: (id: number) => void,
    onFailed: (code: string) => void,
  ) {
    this.#root = root;
    this.#calls = calls;
    this.#cells = cells;
    this.#onGone = onGone;
    this.#onFailed = onFailed;
  }

  /** Resolves when it was tried once: false when it is still there. */
  remove({ id, units }: Leaver): Promise<boolean> {
    this.units += units;
    return new Promise((done) => {
      this.#waiting.push({ id, units, done });
      this.#next();
    });
  }

  /** Resolves when none is under way. Those that wait stay where they are. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const { done } of this.#waiting.splice(0)) done(false);
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #next(): void {
    if (this.#isClosed && this.#underWay === 0) this.#onIdle?.();
    if (this.#isClosed || this.#underWay >= AT_ONCE) return;
    const removal = this.#waiting.shift();
    if (removal === undefined) return;
    this.#underWay++;
    void this.#remove(removal).then((isGone) => {
      this.#underWay--;
      removal.done(isGone);
      this.#next();
    });
  }

  async #remove(removal: Removal): Promise<boolean> {
    const { id, units } = removal;
    try {
      await this.#calls.remove(objectPath(this.#root, id));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") {
        this.#failed.push(removal);
        this.#onFailed(codeOf(error));
        this.#tryAgainLater();
        return false;
      }
    }
    this.units -= units;
    this.#cells.giveBack(units);
    this.#onGone(id);
    return true;
  }

  #tryAgainLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#waiting.push(...this.#failed.splice(0));
      for (let index = 0; index < AT_ONCE; index++) this.#next();
    }, RETRY_MS).unref();
  }
}
