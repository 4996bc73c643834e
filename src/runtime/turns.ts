/** Work that is done one piece after the other, in the order in which it was handed in. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Begins when all that was handed in before has ended, however it did. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}
