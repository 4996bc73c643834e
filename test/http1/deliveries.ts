/**
 * The ways in which TCP may deliver the same bytes: whole, one by one, and cut
 * in two at every position. A parser that needs kind packets is not a parser.
 * Each delivery is a copy, because whoever takes the bytes may change them.
 */
export interface Delivery {
  readonly name: string;
  readonly pieces: readonly Buffer[];
}

export function* deliveriesOf(wire: string): Generator<Delivery> {
  yield { name: "whole", pieces: [bytesOf(wire)] };
  yield { name: "byte by byte", pieces: Array.from(wire, bytesOf) };
  for (let at = 1; at < wire.length; at++) {
    yield { name: `cut at ${at}`, pieces: [bytesOf(wire.slice(0, at)), bytesOf(wire.slice(at))] };
  }
}

/** Runs `read` on every delivery; the outcome must be the same, a refusal included, and comes back once. */
export function readEveryWay<T>(wire: string, read: (pieces: readonly Buffer[]) => T): T {
  let first: Outcome<T> | undefined;
  for (const { name, pieces } of deliveriesOf(wire)) {
    const outcome = outcomeOf(() => read(pieces));
    first ??= outcome;
    if (!Bun.deepEquals(outcome, first)) {
      throw new Error(`Delivered ${name}: ${describe(outcome)}, but whole: ${describe(first)}`);
    }
  }
  if (first === undefined) throw new Error("Cannot deliver nothing");
  if ("error" in first) throw first.error;
  return first.value;
}

/** One character, one byte. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

function outcomeOf<T>(run: () => T): Outcome<T> {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}

function describe(outcome: Outcome<unknown>): string {
  return "error" in outcome ? String(outcome.error) : JSON.stringify(outcome.value);
}
