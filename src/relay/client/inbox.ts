/** What a client has said and nobody has taken: a read's worth or so, since its link is paused meanwhile. */
export class Inbox {
  bytes: Buffer | undefined;
  /** Where what has yet to be taken begins. */
  at = 0;

  get hasMore(): boolean {
    return this.bytes !== undefined && this.at < this.bytes.length;
  }

  add(bytes: Buffer): void {
    this.bytes = this.bytes === undefined ? bytes : Buffer.concat([this.bytes.subarray(this.at), bytes]);
    this.at = 0;
  }

  /** To be called when something was taken. */
  settle(): void {
    if (this.at === this.bytes?.length) this.bytes = undefined;
  }

  /** Hands over all that is left. */
  empty(): Buffer | undefined {
    const rest = this.bytes?.subarray(this.at);
    this.bytes = undefined;
    return rest;
  }
}
