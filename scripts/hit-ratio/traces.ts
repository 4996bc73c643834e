/**
 * Requests as caches see them, made by dice: few objects are asked for often and
 * most hardly ever (Zipf), some only once. An object's size follows from its
 * number: log-normal, 10 KB on average.
 */
import { Dice } from "../fuzz/dice.ts";

export interface Trace {
  readonly name: string;
  /** Numbers of objects, in order. */
  readonly requests: Uint32Array;
}

export interface TraceShape {
  readonly name: string;
  /** How steep popularity is. */
  readonly alpha: number;
  readonly objects: number;
  /** Of 100 requests, for objects that nobody asks for again. */
  readonly once?: number;
  /** Of 100 requests, by somebody who reads all of a long list in order, again and again. */
  readonly scans?: number;
  /** After so many requests an object of the most popular tenth changes places with any other. */
  readonly driftEvery?: number;
}

const SIZE_MEAN_BYTES = 10 * 1_024;
const SIZE_SIGMA = 1.4;
const SIZE_MAX_BYTES = 2 ** 20;

/** What is read in order; objects that are asked for once come after. */
const SCANNED_OBJECTS = 50_000;

export function makeTrace(shape: TraceShape, count: number, seed: number): Trace {
  const { name, alpha, objects, once = 0, scans = 0, driftEvery = Infinity } = shape;
  const dice = new Dice(seed);
  const shares = cumulativeShares(objects, alpha);
  const ranks = shuffled(objects, dice);
  const requests = new Uint32Array(count);
  let [scanned, fresh] = [0, 0];
  for (let index = 0; index < count; index++) {
    if (index % driftEvery === driftEvery - 1) swap(ranks, dice.below(objects / 10), dice.below(objects));
    const turn = dice.below(100);
    if (turn < once) requests[index] = objects + SCANNED_OBJECTS + fresh++;
    else if (turn < once + scans) requests[index] = objects + (scanned++ % SCANNED_OBJECTS);
    else requests[index] = ranks[rankOf(shares, dice.below(2 ** 32) / 2 ** 32)]!;
  }
  return { name, requests };
}

/** The same for the same object, whoever asks. */
export function sizeOf(object: number): number {
  const dice = new Dice(object);
  const [first, second] = [(dice.below(2 ** 32) + 1) / 2 ** 32, dice.below(2 ** 32) / 2 ** 32];
  const normal = Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second);
  const bytes = SIZE_MEAN_BYTES * Math.exp(SIZE_SIGMA * normal - SIZE_SIGMA ** 2 / 2);
  return Math.min(SIZE_MAX_BYTES, Math.max(1, Math.round(bytes)));
}

function cumulativeShares(objects: number, alpha: number): Float64Array {
  const shares = new Float64Array(objects);
  let sum = 0;
  for (let rank = 0; rank < objects; rank++) shares[rank] = sum += 1 / (rank + 1) ** alpha;
  return shares.map((share) => share / sum);
}

/** The first rank whose share is above what was rolled. */
function rankOf(shares: Float64Array, rolled: number): number {
  let [low, high] = [0, shares.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shares[middle]! > rolled) high = middle;
    else low = middle + 1;
  }
  return low;
}

function shuffled(count: number, dice: Dice): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) swap(numbers, index, dice.below(index + 1));
  return numbers;
}

function swap(numbers: Uint32Array, one: number, other: number): void {
  [numbers[one], numbers[other]] = [numbers[other]!, numbers[one]!];
}
