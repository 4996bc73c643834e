/** What both caches of the property test are given, and in which words they say what they do. */

export type Fields = readonly (readonly [name: string, value: string])[];

export interface Asking {
  readonly method: string;
  readonly uri: string;
  readonly fields: Fields;
}

/** What an origin says. Every representation has `WHOLE_BYTES`. */
export interface Telling {
  readonly status: number;
  readonly fields: Fields;
  /** A name for the bytes that came. */
  readonly body: string;
}

export interface Times {
  readonly requestMs: number;
  readonly responseMs: number;
}

/** What a cache does about a request; both caches say it in the same words. */
export interface Plan<Kept> {
  readonly does: "serve" | "validate" | "complete" | "forward" | "504";
  readonly text: string;
  /** What is served, validated or completed; or what the answer to a HEAD is compared with. */
  readonly kept: Kept | undefined;
}

export const WHOLE_BYTES = 10;
