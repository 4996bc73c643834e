/**
 * One list, kept up to date: loaded, looked at again when its time has come, and
 * whatever goes wrong, its last good content stays. A change from well to unwell
 * or back is told once.
 */
import { ListBuilder } from "../policy/list/builder.ts";
import { type ListSize, ListTable } from "../policy/list/table.ts";
import type { ListSpec } from "../policy/spec.ts";
import { FileSource } from "./file-source.ts";
import type { Delivery, ListSource } from "./source.ts";
import { PATIENCE, type Patience, UrlSource } from "./url-source.ts";

export interface ListTiming {
  /** Between two looks at a file. */
  readonly lookMs: number;
  /** From the first failure of a URL to the next try; it doubles, up to the list's interval. */
  readonly retryMs: number;
  readonly patience: Patience;
}

export const LIST_TIMING: ListTiming = { lookMs: 1_000, retryMs: 5_000, patience: PATIENCE };

/** Times are milliseconds since the epoch; undefined: never. */
export interface ListState extends ListSize {
  readonly name: string;
  /** Its path or address, without what may be secret. */
  readonly source: string;
  /** Rules that are not about whole hosts. */
  readonly ignored: number;
  /** Lines that can't be read, and the first of them. */
  readonly invalid: number;
  readonly examples: readonly string[];
  readonly loadedAt: number | undefined;
  readonly checkedAt: number | undefined;
  /** Why it is not up to date, and since when. */
  readonly problem: string | undefined;
  readonly problemSince: number | undefined;
}

export interface ListEvents {
  report(message: string): void;
  onSwapped(): void;
}

/** Looks at a file that find it changing, until that is a problem. */
const UNSETTLED_LOOKS_MAX = 10;

/** What a timer can count to. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const EMPTY = { ignored: 0, invalid: 0, examples: [] };

export class KeptList {
  spec: ListSpec;
  /** Empty until it is loaded. */
  table: SharedArrayBuffer = emptyTable();
  #loaded: Pick<ListState, "ignored" | "invalid" | "examples"> = EMPTY;
  #loadedAt: number | undefined;
  #checkedAt: number | undefined;
  #problem: { readonly text: string; readonly since: number } | undefined;
  #isReported = false;
  #failures = 0;
  #unsettledLooks = 0;
  #isLoading = false;
  #isStarted = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #source: ListSource;
  readonly #events: ListEvents;
  readonly #timing: ListTiming;
  readonly #closing = new AbortController();

  constructor(spec: ListSpec, events: ListEvents, timing: ListTiming) {
    this.spec = spec;
    this.#source =
      spec.file === undefined ? new UrlSource(spec.url ?? "", timing.patience) : new FileSource(spec.file);
    this.#events = events;
    this.#timing = timing;
  }

  get isLoaded(): boolean {
    return this.#loadedAt !== undefined;
  }

  /** Resolves to the problem when it has none to offer. */
  async loadFirst(): Promise<string | undefined> {
    await this.#load();
    while (!this.isLoaded && this.#problem === undefined && !this.#closing.signal.aborted) {
      await Bun.sleep(this.#timing.lookMs);
      await this.#load();
    }
    return this.#problem?.text;
  }

  /** In force from now on: looked after, and what goes wrong is told. */
  start(spec: ListSpec): void {
    this.spec = spec;
    this.#isStarted = true;
    this.#tell();
    this.#schedule();
  }

  state(): ListState {
    return {
      name: this.spec.name,
      source: this.#source.shown,
      ...new ListTable(this.table).size,
      ...this.#loaded,
      loadedAt: this.#loadedAt,
      checkedAt: this.#checkedAt,
      problem: this.#problem?.text,
      problemSince: this.#problem?.since,
    };
  }

  close(): void {
    this.#closing.abort("it is wanted no more");
    clearTimeout(this.#timer);
  }

  async #load(): Promise<void> {
    this.#isLoading = true;
    const delivery = await this.#source.deliver(this.#closing.signal);
    this.#isLoading = false;
    if (this.#closing.signal.aborted) return;
    this.#take(delivery);
  }

  #take(delivery: Delivery): void {
    const now = Date.now();
    this.#checkedAt = now;
    switch (delivery.result) {
      case "unsettled":
        if (++this.#unsettledLooks < UNSETTLED_LOOKS_MAX) return;
        return this.#fail(`Cannot read ${this.#source.shown}: it keeps changing`);
      case "failed":
        return this.#fail(delivery.problem);
      case "loaded": {
        const { table, ignored, invalid, examples } = delivery.list;
        this.table = table;
        this.#loaded = { ignored, invalid, examples };
        this.#loadedAt = now;
        break;
      }
      case "unchanged":
        break;
    }
    this.#failures = 0;
    this.#unsettledLooks = 0;
    this.#problem = undefined;
    this.#tell();
    if (delivery.result === "loaded" && this.#isStarted) this.#events.onSwapped();
  }

  #fail(text: string): void {
    this.#failures++;
    this.#problem = { text, since: this.#problem?.since ?? Date.now() };
    this.#tell();
  }

  /** Once for each change. Of one that is not yet in force whoever prepares it tells. */
  #tell(): void {
    const isUnwell = this.#problem !== undefined;
    if (!this.#isStarted || isUnwell === this.#isReported) return;
    this.#isReported = isUnwell;
    const rest = this.isLoaded ? "what it held before stays in force" : "it is empty until that succeeds";
    const { entries, ranges } = new ListTable(this.table).size;
    const news = this.#problem
      ? `${this.#problem.text}; ${rest}`
      : `well again, with ${entries} hosts and ${ranges} ranges`;
    this.#events.report(`list "${this.spec.name}": ${news}`);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closing.signal.aborted || this.#isLoading) return;
    const dueIn = (this.#checkedAt ?? 0) + this.#delayMs() - Date.now();
    const waitMs = Math.min(Math.max(dueIn, 0), TIMER_MS_MAX);
    this.#timer = setTimeout(() => void this.#load().then(() => this.#schedule()), waitMs);
  }

  #delayMs(): number {
    if (this.spec.file !== undefined) return this.#timing.lookMs;
    const { interval } = this.spec;
    return this.#failures === 0
      ? interval
      : Math.min(interval, this.#timing.retryMs * 2 ** (this.#failures - 1));
  }
}

function emptyTable(): SharedArrayBuffer {
  const building = new ListBuilder(0).build(0);
  for (let step = building.next(); ; step = building.next()) {
    if (step.done) return step.value;
  }
}
