/** A thread that does with flights what it is told, one order after the other. */
import { type Flight, Flights, type Landing } from "../../../src/store/memory/flights.ts";

export interface FlightSetup {
  readonly buffer: SharedArrayBuffer;
  readonly thread: number;
}

export interface FlightOrder {
  readonly id: number;
  readonly does: "begin" | "giveUp" | "end" | "wait" | "race";
  readonly key: string;
  readonly timeoutMs?: number;
}

export interface FlightReport {
  readonly id: number;
  readonly said: Flight | Landing | number | undefined;
}

let flights: Flights | undefined;

addEventListener("message", async ({ data }: MessageEvent<FlightSetup | FlightOrder>) => {
  if ("buffer" in data) flights = new Flights(data.buffer, data.thread, 1);
  else if (flights !== undefined)
    postMessage({ id: data.id, said: await perform(flights, data) } satisfies FlightReport);
});

async function perform(
  flights: Flights,
  { does, key, timeoutMs = 10_000 }: FlightOrder,
): Promise<FlightReport["said"]> {
  if (does === "begin") return flights.begin(key);
  if (does === "wait") return flights.wait(key, timeoutMs);
  if (does === "race") return race(flights, key);
  if (does === "end") flights.end(key);
  else flights.giveUp(key);
  return undefined;
}

/** Fetches many keys, or waits for who does: how many it has fetched itself. */
async function race(flights: Flights, key: string): Promise<number> {
  let mine = 0;
  for (let number = 0; number < 300; number++) {
    const flight = flights.begin(`${key}/${number}`);
    if (flight === "mine") {
      mine++;
      await new Promise((resolve) => setImmediate(resolve));
      flights.end(`${key}/${number}`);
    } else if ((await flights.wait(`${key}/${number}`, 10_000)) === "late") return Number.NaN;
  }
  return mine;
}
