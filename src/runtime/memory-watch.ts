/**
 * How much memory the process has left, for all threads to see: the main thread
 * looks now and then, and writes how much has to be shed where workers read it.
 */

import type { Config } from "../config/schema.ts";
import { readMemoryCeiling } from "../limits/memory-ceiling.ts";
import { type ShedLevel, shedLevel } from "../limits/shed.ts";

const LOOK_MS = 250;

export function pressureBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

export class MemoryWatch {
  /** Bytes of resident memory; undefined: nothing is shed. */
  ceiling: number | undefined;
  #level: ShedLevel = 0;
  readonly #cell: Int32Array;
  readonly #onChanged: (level: ShedLevel) => void;
  readonly #timer: NodeJS.Timeout;

  constructor(pressure: SharedArrayBuffer, onChanged: (level: ShedLevel) => void) {
    this.#cell = new Int32Array(pressure);
    this.#onChanged = onChanged;
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  obey(config: Config): void {
    this.ceiling = readMemoryCeiling(config.limits.memory);
  }

  look(residentBytes = process.memoryUsage.rss()): void {
    const level = shedLevel(residentBytes, this.ceiling, this.#level);
    if (level === this.#level) return;
    this.#level = level;
    Atomics.store(this.#cell, 0, level);
    this.#onChanged(level);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
