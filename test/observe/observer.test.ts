import { expect, test } from "bun:test";
import { cacheWords } from "../../src/observe/cache-word.ts";
import { cells } from "../../src/observe/cells.ts";
import { Counters, countersBuffer } from "../../src/observe/counters.ts";
import { Observer } from "../../src/observe/observer.ts";
import type { ExchangeRecord } from "../../src/observe/record.ts";
import { recordOf } from "./records.ts";

// Each row: what it shows | the exchange | the cell that counts it.
const counted: [string, Partial<ExchangeRecord>, number][] = [
  ["a forwarded 200", {}, cells.exchanges.forward + 2],
  ["a tunnel", { kind: "tunnel" }, cells.exchanges.tunnel + 2],
  ["an upgrade", { kind: "upgrade", status: 101 }, cells.exchanges.upgrade + 1],
  ["an answer of ours", { kind: "own", status: 599 }, cells.exchanges.own + 5],
  ["a client that left before any status", { status: 0 }, cells.exchanges.forward],
  ["a status that is none", { status: 600 }, cells.exchanges.forward],
];

test.each(counted)("%s is counted by kind and class", (_, changes, cell) => {
  const { observer, counters } = observing();

  observer.exchangeEnded(recordOf(changes));

  expect(counters.read(cell)).toBe(1);
});

test("bytes and the failure's word are counted", () => {
  const { observer, counters } = observing();

  observer.exchangeEnded(recordOf({ bytesIn: 10, bytesOut: 20, failure: "connection_refused" }));
  observer.exchangeEnded(recordOf({ bytesIn: 1, bytesOut: 2 }));

  expect(counters.read(cells.bytesFromClients)).toBe(11);
  expect(counters.read(cells.bytesToClients)).toBe(22);
  expect(counters.read(cells.failures.connection_refused)).toBe(1);
});

test.each([...cacheWords])("what the cache did is counted by its word: %s", (cache) => {
  const { observer, counters } = observing();

  observer.exchangeEnded(recordOf({ cache }));
  observer.exchangeEnded(recordOf({ cache: undefined }));

  expect(cacheWords.map((word) => counters.read(cells.cacheRequests[word]))).toEqual(
    cacheWords.map((word) => (word === cache ? 1 : 0)),
  );
});

test("a tunnel's length is no latency", () => {
  const { observer, counters } = observing();

  observer.exchangeEnded(recordOf({ kind: "tunnel", durationMs: 3_000_000, firstByteMs: 4 }));
  observer.exchangeEnded(recordOf({ durationMs: 7, firstByteMs: undefined }));

  expect(counters.exchange.sumMs).toBe(7);
  expect(counters.firstByte.sumMs).toBe(4);
});

test("the log hears of every exchange while there is a log", () => {
  const { observer, logged } = observing();

  observer.exchangeEnded(recordOf());
  observer.log = undefined;
  observer.exchangeEnded(recordOf());

  expect(logged).toEqual([recordOf()]);
});

function observing() {
  const logged: ExchangeRecord[] = [];
  const counters = new Counters(countersBuffer(1), 0);
  const observer = new Observer(counters, (record) => logged.push(record));
  return { observer, counters, logged };
}
