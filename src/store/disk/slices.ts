/** Work of the main thread that takes long, in slices, so that it can answer in between. */

const SLICE_MS = 3;

/** Call it often: now and then it lets others have their turn. */
export class Slices {
  #endMs = performance.now() + SLICE_MS;

  get isOver(): boolean {
    return performance.now() >= this.#endMs;
  }

  async pass(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#endMs = performance.now() + SLICE_MS;
  }
}
