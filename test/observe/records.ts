/** An exchange that went well, with what a test wants otherwise. */
import type { ExchangeRecord } from "../../src/observe/record.ts";

export function recordOf(changes: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    kind: "forward",
    listener: 0,
    client: "192.0.2.7",
    user: undefined,
    method: "GET",
    target: "http://example.com/index.html?q=1",
    status: 200,
    bytesIn: 210,
    bytesOut: 1536,
    startedAt: Date.UTC(2026, 2, 4, 5, 6, 7, 89),
    durationMs: 12.3456,
    firstByteMs: 8.5,
    upstream: "198.51.100.4:80",
    reused: true,
    cache: undefined,
    failure: undefined,
    rule: undefined,
    reason: undefined,
    list: undefined,
    tags: [],
    wouldDeny: false,
    rewritten: undefined,
    ...changes,
  };
}
