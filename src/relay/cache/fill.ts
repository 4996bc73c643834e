/**
 * The body of an answer as it comes, in the pieces that it came in. Askers read
 * it each at its own pace; what all of them have, and nobody keeps, is dropped.
 */

/** Of a piece, beside its bytes: the objects around them. */
const PIECE_COST_BYTES = 256;

/** `bytes[from..to)`: no view of it is made, since that costs as much as reading a head. */
export interface Piece {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Bytes held by all fills of a worker. */
interface FillCount {
  filledBytes: number;
}

export class Fill {
  /** Bytes that have come. */
  bytes = 0;
  /** Bytes that are here: less than have come once some were dropped. */
  heldBytes = 0;
  /** About what holding all that came costs. */
  cost = 0;
  /** Pieces that were dropped: the first that is here has this number. */
  dropped = 0;
  private readonly held: Piece[] = [];
  private readonly total: FillCount;

  constructor(total: FillCount) {
    this.total = total;
  }

  get count(): number {
    return this.dropped + this.held.length;
  }

  /** What is here, for the store. */
  views(): Buffer[] {
    return this.held.map(viewOf);
  }

  add(piece: Piece): void {
    const byteCount = piece.to - piece.from;
    this.held.push(piece);
    this.bytes += byteCount;
    this.cost += byteCount + PIECE_COST_BYTES;
    this.heldBytes += byteCount;
    this.total.filledBytes += byteCount;
  }

  /** By its number; undefined when it has yet to come, or was dropped. */
  at(number: number): Piece | undefined {
    return this.held[number - this.dropped];
  }

  /** The oldest, until so much is here. Who has not had them finds them elsewhere. */
  dropBeyond(bytes: number): void {
    let [left, number] = [this.heldBytes, 0];
    while (left > bytes && number < this.held.length) {
      const piece = this.held[number++];
      if (piece !== undefined) left -= piece.to - piece.from;
    }
    this.dropUntil(this.dropped + number);
  }

  /** Those before this number. */
  dropUntil(number: number): void {
    const most = Math.min(number - this.dropped, this.held.length);
    if (most <= 0) return;
    let byteCount = 0;
    for (const { from, to } of this.held.splice(0, most)) byteCount += to - from;
    this.heldBytes -= byteCount;
    this.total.filledBytes -= byteCount;
    this.dropped += most;
  }
}

export function viewOf({ bytes, from, to }: Piece): Buffer {
  return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
}
