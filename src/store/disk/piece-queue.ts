/** Bytes in pieces as they came, none copied before they leave. */
export class PieceQueue {
  bytes = 0;
  readonly #pieces: Uint8Array[] = [];
  /** What has left of the first piece. */
  #gone = 0;

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.bytes += piece.length;
  }

  /** The first bytes leave; there are enough to fill it. */
  take(into: Buffer): void {
    let [filled, used] = [0, 0];
    while (filled < into.length) {
      const piece = this.#pieces[used]!.subarray(this.#gone, this.#gone + into.length - filled);
      into.set(piece, filled);
      filled += piece.length;
      this.#gone += piece.length;
      if (this.#gone < this.#pieces[used]!.length) continue;
      this.#gone = 0;
      used++;
    }
    this.#pieces.splice(0, used);
    this.bytes -= filled;
  }

  /** Nothing leaves; returns how many were copied. */
  copy(at: number, into: Uint8Array): number {
    let skip = at + this.#gone;
    let filled = 0;
    for (const piece of this.#pieces) {
      if (filled === into.length) break;
      const part = piece.subarray(Math.min(skip, piece.length), skip + into.length - filled);
      skip = Math.max(0, skip - piece.length);
      into.set(part, filled);
      filled += part.length;
    }
    return filled;
  }

  /** All of them in one; nothing leaves. */
  all(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.bytes);
    this.copy(0, bytes);
    return bytes;
  }
}
