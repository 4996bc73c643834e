/**
 * The body of an answer as it comes, in the pieces that it came in. Askers read
 * it each at its own pace; what all of them have, and nobody keeps, is dropped.
 */
export class Fill {
  /** Bytes that have come. */
  bytes = 0;
  /** Bytes that are here: less than have come once some were dropped. */
  heldBytes = 0;
  /** Pieces that were dropped: the first that is here has this number. */
  dropped = 0;
  readonly #pieces: Buffer[] = [];

  get pieces(): readonly Buffer[] {
    return this.#pieces;
  }

  get count(): number {
    return this.dropped + this.#pieces.length;
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.bytes += piece.length;
    this.heldBytes += piece.length;
  }

  /** By its number; undefined when it has yet to come, or was dropped. */
  at(number: number): Buffer | undefined {
    return this.#pieces[number - this.dropped];
  }

  /** Those before this number. */
  dropUntil(number: number): void {
    const most = Math.min(number - this.dropped, this.#pieces.length);
    if (most <= 0) return;
    for (const piece of this.#pieces.splice(0, most)) this.heldBytes -= piece.length;
    this.dropped += most;
  }
}
