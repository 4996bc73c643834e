import { expect, test } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { Counters, countersBuffer } from "../../src/observe/counters.ts";
import { LogBatch } from "../../src/observe/log-batch.ts";

test("lines wait for a flush and go as one text", () => {
  const { batch, delivered } = batching();

  batch.push("a\n");
  batch.push("b\n");
  expect(delivered).toEqual([]);
  batch.flush();
  batch.flush();

  expect(delivered).toEqual([["a\nb\n", 2]]);
});

test("64 KiB go without a flush", () => {
  const { batch, delivered } = batching(1 << 20);

  for (let i = 0; i < 64; i++) batch.push(`${"x".repeat(1023)}\n`);

  expect(delivered.map(([text, lines]) => [text.length, lines])).toEqual([[65_536, 64]]);
});

test("beyond the buffer lines are dropped until the main thread has written", () => {
  const { batch, delivered, counters } = batching(10);

  batch.push("12345\n");
  batch.flush();
  batch.push("6789\n");
  batch.push("ab\n");
  batch.flush();
  counters.add(cells.logBytesAcknowledged, 6);
  batch.push("6789\n");
  batch.flush();

  expect(delivered.map(([text]) => text)).toEqual(["12345\n", "ab\n", "6789\n"]);
  expect(counters.read(cells.logLinesDropped)).toBe(1);
  expect(counters.read(cells.logBytesInFlight)).toBe(8);
});

test("a buffer made smaller while text is in flight takes that into account", () => {
  const { batch, counters } = batching(100);
  batch.push("12345678\n");
  batch.flush();

  batch.bufferBytes = 10;
  batch.push("ab\n");
  counters.add(cells.logBytesAcknowledged, 9);
  batch.push("ab\n");
  batch.flush();

  expect(counters.read(cells.logLinesDropped)).toBe(1);
  expect(counters.read(cells.logBytesInFlight)).toBe(3);
});

test("a worker that follows a dead one has the whole buffer", () => {
  const { batch, counters, next } = batching(10);
  batch.push("12345678\n");
  batch.flush();

  const successor = next();
  successor.push("12345678\n");
  successor.flush();

  expect(counters.read(cells.logLinesDropped)).toBe(0);
  expect(counters.read(cells.logBytesInFlight)).toBe(9);
});

function batching(bufferBytes = 100) {
  const delivered: [string, number][] = [];
  const counters = new Counters(countersBuffer(1), 0);
  const next = () => new LogBatch(counters, bufferBytes, (text, lines) => delivered.push([text, lines]));
  return { batch: next(), next, delivered, counters };
}
