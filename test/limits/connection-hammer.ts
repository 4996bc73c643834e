/** A thread that takes places in a connection table and gives them back, as fast as it can, and sees that none is given twice. */
import { type ConnectionLimits, ConnectionTable } from "../../src/limits/connection-table.ts";

export interface HammerOrder {
  readonly buffer: SharedArrayBuffer;
  readonly worker: number;
  readonly seed: number;
  readonly limits: ConnectionLimits;
  /** One cell for all threads: places held now. */
  readonly held: Int32Array;
  readonly most: number;
}

export interface HammerReport {
  readonly admitted: number;
  /** How often there were more than the limit at once. */
  readonly exceeded: number;
}

const ROUNDS = 20_000;
const HELD_MAX = 30;

addEventListener("message", (event: MessageEvent<HammerOrder>) => postMessage(hammer(event.data)));

function hammer({ buffer, worker, seed, limits, held, most }: HammerOrder): HammerReport {
  const table = new ConnectionTable(buffer, worker, seed, limits);
  let [admitted, exceeded, mine] = [0, 0, 0];
  for (let round = 0; round < ROUNDS || admitted === 0; round++) {
    if (mine < HELD_MAX && table.admit("192.0.2.1") === "admitted") {
      admitted++;
      mine++;
      if (Atomics.add(held, 0, 1) + 1 > most) exceeded++;
    } else giveAllBack();
  }
  giveAllBack();
  return { admitted, exceeded };

  function giveAllBack(): void {
    for (; mine > 0; mine--) {
      Atomics.sub(held, 0, 1);
      table.release("192.0.2.1");
    }
  }
}
