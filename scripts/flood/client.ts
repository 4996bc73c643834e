/**
 * The client that behaves: lanes that ask at a steady pace, half of them over a
 * connection that they keep, half over a new one each time, and how long each
 * answer took. A request that is late delays none but those of its own lane.
 */
import { ask } from "../../test/support/ask.ts";
import { get } from "../../test/support/http.ts";
import { RawPeer } from "../../test/support/raw.ts";

export interface Pace {
  readonly port: number;
  readonly authority: string;
  /** A loopback address to come from. */
  readonly from: string;
  /** Whole lines with their CRLF. */
  readonly fields: string;
  readonly lanes: number;
  /** From one request of a lane to its next. */
  readonly everyMs: number;
}

export interface Measured {
  readonly served: number;
  readonly failed: number;
  readonly firstFailure: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export async function measure(pace: Pace, durationMs: number): Promise<Measured> {
  const endsAt = performance.now() + durationMs;
  const latencies: number[] = [];
  const failures: string[] = [];
  const lanes = Array.from({ length: pace.lanes }, async (_, lane) => {
    const visitor = new Visitor(pace, lane % 2 === 0);
    // Side by side, not all at once.
    let nextAt = performance.now() + (pace.everyMs * lane) / pace.lanes;
    for (; nextAt < endsAt; nextAt += pace.everyMs) {
      await Bun.sleep(Math.max(0, nextAt - performance.now()));
      const startedAt = performance.now();
      const failure = await visitor.ask();
      if (failure === undefined) latencies.push(performance.now() - startedAt);
      else failures.push(failure);
    }
    visitor.leave();
  });
  await Promise.all(lanes);
  latencies.sort((one, other) => one - other);
  const at = (part: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? Number.NaN;
  return {
    served: latencies.length,
    failed: failures.length,
    firstFailure: failures[0] ?? "",
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}

class Visitor {
  readonly #pace: Pace;
  readonly #keeps: boolean;
  #peer: RawPeer | undefined;

  constructor(pace: Pace, keeps: boolean) {
    this.#pace = pace;
    this.#keeps = keeps;
  }

  /** What went wrong; undefined: the upstream's answer has come. */
  async ask(): Promise<string | undefined> {
    const { port, from, authority, fields } = this.#pace;
    const request = get(authority, "/", this.#keeps ? fields : `${fields}Connection: close\r\n`);
    try {
      this.#peer ??= await RawPeer.connect(port, "127.0.0.1", from);
      const { status } = await ask(this.#peer, request);
      if (!this.#keeps) this.leave();
      return status === 200 ? undefined : `status ${status}`;
    } catch (error) {
      this.leave();
      return (error as Error).message;
    }
  }

  leave(): void {
    this.#peer?.finish();
    this.#peer = undefined;
  }
}
