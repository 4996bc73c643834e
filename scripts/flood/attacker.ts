/** A thread of attackers, so that they do not hold up whom they attack: floods as it is told, until it is told to stop. */
import { Flood, type FloodOptions } from "../../test/support/flood.ts";

export type AttackerOrder =
  | { readonly order: "flood"; readonly floods: readonly FloodOptions[] }
  | { readonly order: "stop" };

/** Connections that the attackers have made. */
export interface AttackerReport {
  readonly connections: number;
}

let floods: readonly Flood[] = [];

addEventListener("message", async ({ data }: MessageEvent<AttackerOrder>) => {
  if (data.order === "flood") {
    floods = data.floods.map((options) => new Flood(options));
    return;
  }
  await Promise.all(floods.map((flood) => flood.stop()));
  const connections = floods.reduce((sum, flood) => sum + flood.connections, 0);
  postMessage({ connections } satisfies AttackerReport);
});
