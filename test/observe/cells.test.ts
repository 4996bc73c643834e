import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";
import { banCauses } from "../../src/limits/ban-table.ts";
import {
  banCauses as bans,
  CELL_COUNT,
  cells,
  cellTable,
  LIMITS_MAX,
  LISTENERS_MAX,
  LISTS_MAX,
  RULES_MAX,
  TAGS_MAX,
  USERS_MAX,
} from "../../src/observe/cells.ts";
import { Counters, countersBuffer, mainCounters, workersOf } from "../../src/observe/counters.ts";

test("no two metrics share a cell", () => {
  const used = cellTable.flatMap(({ cells, run }) => [
    ...cells.map(({ cell }) => cell),
    ...(run === undefined ? [] : Array.from({ length: run.count }, (_, place) => run.first + place)),
  ]);

  expect(new Set(used).size).toBe(used.length);
  expect(Math.max(...used)).toBeLessThan(CELL_COUNT);
});

test("every listener that a config may have has cells of its own", () => {
  const listeners = Array.from({ length: LISTENERS_MAX }, () => ({ address: "127.0.0.1:0" }));

  expect(parseConfig({ listeners }, {}).ok).toBe(true);
  expect(parseConfig({ listeners: [...listeners, { address: "127.0.0.1:0" }] }, {}).ok).toBe(false);
});

// Each row: what is counted | its first cell | how many places there are.
const runs = [
  ["rules", cells.ruleMatches, RULES_MAX],
  ["rules that an audit let pass", cells.ruleWouldDeny, RULES_MAX],
  ["lists", cells.listHits, LISTS_MAX],
  ["users", cells.userExchanges, USERS_MAX],
  ["tags", cells.tagExchanges, TAGS_MAX],
  ["limits", cells.limitRefusals, LIMITS_MAX],
] as const;

test.each(runs)("%s have a cell for each place", (_, first, count) => {
  expect(cellTable.find(({ run }) => run?.first === first)?.run?.count).toBe(count);
});

test("every cause of a ban has a cell", () => {
  expect([...bans]).toEqual([...banCauses]);
});

test("a row stays below 48 KiB, for each worker has one", () => {
  expect(countersBuffer(1).byteLength / 2).toBeLessThan(48 * 1024);
});

test("counters end in _total and gauges do not", () => {
  for (const { name, type } of cellTable)
    expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
});

test("a row belongs to one worker alone", () => {
  const buffer = countersBuffer(2);
  const rows = [new Counters(buffer, 0), new Counters(buffer, 1), mainCounters(buffer)];

  rows.forEach((row, i) => {
    row.row.fill(i + 1);
  });

  expect(workersOf(buffer)).toBe(2);
  expect(rows.map((row) => new Set(row.row).size)).toEqual([1, 1, 1]);
  expect(rows.map((row) => row.row.byteOffset % 128)).toEqual([0, 0, 0]);
});

test("histograms do not touch the cells before them", () => {
  const counters = new Counters(countersBuffer(1), 0);

  counters.firstByte.record(5);
  counters.exchange.record(4_000_000);

  expect(counters.row.subarray(0, CELL_COUNT).every((value) => value === 0)).toBe(true);
  expect(counters.firstByte.count).toBe(1);
  expect(counters.exchange.count).toBe(1);
});

test("a dead worker's gauges go back to zero and its counters stay", () => {
  const counters = new Counters(countersBuffer(1), 0);
  counters.add(cells.exchangesInFlight, 3);
  counters.add(cells.connectionsOpen + LISTENERS_MAX - 1, 2);
  counters.add(cells.connections + LISTENERS_MAX - 1, 9);

  counters.clearGauges();

  expect(counters.read(cells.exchangesInFlight)).toBe(0);
  expect(counters.read(cells.connectionsOpen + LISTENERS_MAX - 1)).toBe(0);
  expect(counters.read(cells.connections + LISTENERS_MAX - 1)).toBe(9);
});
