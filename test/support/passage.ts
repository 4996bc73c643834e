/** Did it really come through the proxy? A server that was asked directly answers just as well. */
import { expect } from "bun:test";
import type { RunningProxy } from "./proxy.ts";
import type { WebServer } from "./servers/web.ts";

/** The access log is written in batches, and a tunnel's line only when it ends. */
const LOG_MS_MAX = 5_000;

export function expectForwarded(server: WebServer): void {
  const vias = server.seen.map(({ headers }) => headers.get("via") ?? "");
  expect(vias).not.toBeEmpty();
  expect(vias.filter((via) => !via.includes("headgate"))).toEqual([]);
}

/** And no byte of what was in the tunnel was touched. */
export async function expectTunnelled(proxy: RunningProxy, server: WebServer): Promise<void> {
  const deadline = Date.now() + LOG_MS_MAX;
  while (!tunnelsOf(proxy).includes(server.authority) && Date.now() < deadline) await Bun.sleep(20);
  expect(tunnelsOf(proxy)).toContain(server.authority);
  expect(server.seen).not.toBeEmpty();
  expect(server.seen.filter(({ headers }) => headers.has("via"))).toEqual([]);
}

function tunnelsOf(proxy: RunningProxy): unknown[] {
  return proxy.accessLog().flatMap((line) => (line["method"] === "CONNECT" ? [line["target"]] : []));
}
