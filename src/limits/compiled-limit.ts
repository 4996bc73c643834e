/** A limit as the hot path likes it: its shapes, and its own place among the keys of the shared tables. */
import type { LimitSpec, Rate } from "../policy/spec.ts";
import {
  type BucketShape,
  byteRateShape,
  rateShape,
  shapeText,
  type WindowShape,
  windowShape,
} from "./bucket-shape.ts";
import { hashKey, type KeyHash } from "./key-hash.ts";

export interface CompiledLimit {
  readonly name: string;
  readonly by: LimitSpec["by"];
  readonly requests: RateLimit | undefined;
  readonly connections: RateLimit | undefined;
  readonly download: ByteLimit | undefined;
  readonly upload: ByteLimit | undefined;
  readonly budget: Budget | undefined;
  readonly exchanges: Most | undefined;
  /** Connections at once. */
  readonly open: number | undefined;
  /** Something of it lasts as long as the exchange, or counts what passes. */
  readonly needsGrant: boolean;
}

/** What a subject's key is combined with; a shape that changes gets another, and so buckets of its own. */
interface Salted {
  readonly salt: KeyHash;
}

export interface RateLimit extends Salted {
  readonly shape: BucketShape;
  readonly rate: Rate;
}

export interface ByteLimit extends Salted {
  readonly shape: BucketShape;
}

export interface Budget extends Salted {
  readonly shape: WindowShape;
  readonly bytes: number;
  readonly windowMs: number;
  /** What was charged and is less than a count of the shape: whoever is charged next pays for it. */
  restBytes: number;
}

export interface Most extends Salted {
  readonly most: number;
}

export function compileLimit(spec: LimitSpec, seed: number): CompiledLimit {
  const { name, by, burst, download, upload, budget, exchanges, open } = spec;
  const salt = (kind: string, shape: string): KeyHash => hashKey(`${kind} ${shape} ${by} ${name}`, seed);
  const rated = (kind: string, rate: Rate | undefined): RateLimit | undefined => {
    if (rate === undefined) return undefined;
    const shape = rateShape(rate, burst);
    return { shape, rate, salt: salt(kind, shapeText(shape)) };
  };
  const shaped = (kind: string, bytesPerSecond: number | undefined): ByteLimit | undefined => {
    if (bytesPerSecond === undefined) return undefined;
    const shape = byteRateShape(bytesPerSecond);
    return { shape, salt: salt(kind, shapeText(shape)) };
  };
  const budgeted = (): Budget | undefined => {
    if (budget === undefined) return undefined;
    const shape = windowShape(budget.bytes, budget.window);
    return {
      shape,
      bytes: budget.bytes,
      windowMs: budget.window,
      restBytes: 0,
      salt: salt("budget", shapeText(shape)),
    };
  };
  return {
    name,
    by,
    requests: rated("requests", spec.requests),
    connections: rated("connections", spec.connections),
    download: shaped("download", download),
    upload: shaped("upload", upload),
    budget: budgeted(),
    exchanges: exchanges === undefined ? undefined : { most: exchanges, salt: salt("exchanges", "") },
    open,
    needsGrant: [download, upload, budget, exchanges].some((part) => part !== undefined),
  };
}
