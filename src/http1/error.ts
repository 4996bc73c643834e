/** A peer broke the protocol: what was wrong, and what the client is told (400 unless said otherwise). */
export class ProtocolError extends Error {
  readonly status: number;
  /** The limit that was hit, by its name in `limits`; undefined when the message is wrong at any size. */
  readonly limit: LimitName | undefined;

  constructor(message: string, status = 400, limit?: LimitName) {
    super(message);
    this.status = status;
    this.limit = limit;
  }
}

export type LimitName = "headBytes" | "uriBytes" | "headerCount";
