import { describe, expect, test } from "bun:test";
import { type BanCause, type BanSettings, BanTable } from "../../src/limits/ban-table.ts";
import { clearWorker, limitsBuffers } from "../../src/limits/limits-memory.ts";
import { MAIN_THREAD } from "../../src/limits/lock.ts";
import { type Address, parseAddress } from "../../src/policy/address.ts";

const NOW = Date.UTC(2026, 10, 21);
const MINUTE = 60_000;
const SETTINGS: BanSettings = {
  time: 10 * MINUTE,
  window: MINUTE,
  slow: 3,
  connections: 3,
  errors: 1,
  credentials: 2,
  exempt: ["192.0.2.128/25", "::1"],
};
const CLIENT = address("192.0.2.1");

test("so many strikes within the window are a ban, for as long as it lasts, and for all workers", () => {
  const [first, second] = tables();

  expect(first.strike(CLIENT, "slow", NOW)).toBeUndefined();
  expect(second.strike(CLIENT, "slow", NOW + 1_000)).toBeUndefined();
  expect(second.find(CLIENT, NOW + 1_000)).toBeUndefined();
  const ban = { client: "192.0.2.1", cause: "slow", untilMs: NOW + 2_000 + 10 * MINUTE } as const;
  expect(first.strike(CLIENT, "slow", NOW + 2_000)).toEqual(ban);

  expect(second.find(CLIENT, NOW + 2_000)).toEqual(ban);
  expect(second.find(address("192.0.2.2"), NOW + 2_000)).toBeUndefined();
  expect(second.find(CLIENT, ban.untilMs - 1)).toEqual(ban);
  expect(second.find(CLIENT, ban.untilMs)).toBeUndefined();
  expect(second.list(ban.untilMs)).toEqual([]);
});

test("strikes of different causes, and of different windows, do not add up", () => {
  const [table] = tables();

  const causes: BanCause[] = ["slow", "slow", "connections", "connections", "credentials"];
  expect(causes.map((cause) => table.strike(CLIENT, cause, NOW))).toEqual(Array(5).fill(undefined));
  expect(table.strike(CLIENT, "slow", NOW + 2 * MINUTE)).toBeUndefined();
  expect(table.strike(CLIENT, "slow", NOW + 2 * MINUTE)).toBeUndefined();
  expect(table.strike(CLIENT, "slow", NOW + 2 * MINUTE)).toBeDefined();
});

test("who is banned already is banned once, and begins anew afterwards", () => {
  const [table] = tables({ ...SETTINGS, window: 60 * MINUTE });
  for (let times = 0; times < 3; times++) table.strike(CLIENT, "slow", NOW);
  expect([1, 2, 3].map(() => table.strike(CLIENT, "slow", NOW))).toEqual(Array(3).fill(undefined));

  const later = NOW + 11 * MINUTE;
  expect(table.strike(CLIENT, "credentials", later)).toBeUndefined();
  expect(table.find(CLIENT, later)).toBeUndefined();
  expect(table.strike(CLIENT, "credentials", later)).toBeDefined();
});

describe("nobody is banned", () => {
  // Each row: why | settings | who.
  test.each([
    ["by a cause that is off", { ...SETTINGS, errors: 0 }, "192.0.2.1"],
    ["who is exempt", SETTINGS, "192.0.2.200"],
    ["who is exempt, in IPv6", SETTINGS, "::1"],
    ["who is exempt, in IPv4 that is written as IPv6", SETTINGS, "::ffff:192.0.2.200"],
  ])("%s", (_, settings, client) => {
    const [table] = tables(settings);

    for (let times = 0; times < 100; times++) {
      expect(table.strike(address(client), "errors", NOW)).toBeUndefined();
    }
    expect(table.find(address(client), NOW)).toBeUndefined();
  });
});

test("of IPv6 a ban is for the /64", () => {
  const [table] = tables();

  expect(table.strike(address("2001:db8:0:1::5"), "errors", NOW)?.client).toBe("2001:db8:0:1::/64");
  expect(table.find(address("2001:db8:0:1:ffff::6"), NOW)).toBeDefined();
  expect(table.find(address("2001:db8:0:2::5"), NOW)).toBeUndefined();
});

describe("a prefix that is struck", () => {
  // Each row: who | a neighbour | somebody else | what is banned.
  test.each([
    ["192.0.2.1", "192.0.2.99", "192.0.3.1", "192.0.2.0/24"],
    ["2001:db8:1:2::3", "2001:db8:1:ffff::1", "2001:db8:2::1", "2001:db8:1::/48"],
  ])("is banned with all in it: %s", (client, neighbour, other, banned) => {
    const [table] = tables();
    const strikes = [1, 2, 3].map(() => table.strike(address(client), "connections", NOW, "prefix"));

    expect(strikes.map((ban) => ban?.client)).toEqual([undefined, undefined, banned]);
    expect(table.find(address(neighbour), NOW)?.client).toBe(banned);
    expect(table.find(address(other), NOW)).toBeUndefined();
  });

  test("is not banned for those in it that are exempt", () => {
    const [table] = tables();
    for (let times = 0; times < 3; times++) table.strike(CLIENT, "connections", NOW, "prefix");

    expect(table.find(address("192.0.2.127"), NOW)).toBeDefined();
    expect(table.find(address("192.0.2.128"), NOW)).toBeUndefined();
  });
});

describe("lifting", () => {
  // Each row: who is banned | what is lifted | whether there was such a ban.
  test.each([
    ["192.0.2.1", "192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["192.0.2.1", "192.0.2.0/24", false],
    ["192.0.2.1", "192.0.2.1/32", false],
    ["2001:db8::1", "2001:db8::/64", true],
    ["2001:db8::1", "2001:DB8::/64", true],
    ["2001:db8::1", "2001:db8::77", true],
    ["2001:db8::1", "2001:db8::/65", false],
    ["192.0.2.1", "example.com", false],
    ["192.0.2.1", "", false],
  ])("%s as %s: %p", (client, text, isLifted) => {
    const [worker, main] = tables();
    worker.strike(address(client), "errors", NOW);

    expect(main.lift(text)).toBe(isLifted);
    expect(worker.find(address(client), NOW) === undefined).toBe(isLifted);
    expect(main.lift(text)).toBe(false);
  });
});

test("bans are listed with the last to run out first, by the main thread too", () => {
  const [worker, main] = tables();
  worker.strike(address("192.0.2.1"), "errors", NOW);
  worker.strike(address("192.0.2.2"), "errors", NOW + 5_000);
  worker.strike(address("2001:db8::1"), "errors", NOW + 2_000);

  expect(main.list(NOW + 6_000).map(({ client }) => client)).toEqual([
    "192.0.2.2",
    "2001:db8::/64",
    "192.0.2.1",
  ]);
  expect(main.list(NOW + 10 * MINUTE + 1_000).length).toBe(2);
});

test("there are never more than 4,096 bans, and the oldest of a set leave first", () => {
  const [table] = tables();
  for (let index = 0; index < 20_000; index++) {
    table.strike(address(`10.1.${index >> 8}.${index & 255}`), "errors", NOW + index * 10);
  }

  const now = NOW + 200_000;
  expect(table.list(now).length).toBeLessThanOrEqual(4_096);
  expect(table.list(now).length).toBeGreaterThan(4_000);
  expect(table.find(address("10.1.78.31"), now)).toBeDefined();
  expect(table.find(address("10.1.0.0"), now)).toBeUndefined();
});

test("a look at the list by a clock that is ahead takes no ban away from others", () => {
  const [worker, main] = tables();
  const untilMs = worker.strike(CLIENT, "errors", NOW)?.untilMs ?? 0;
  worker.strike(address("198.51.100.9"), "errors", NOW + 60_000);

  expect(main.list(untilMs + 3_000).length).toBe(1);
  expect(worker.find(CLIENT, untilMs - 500)).toBeDefined();
});

test("a worker that died with the lock leaves it open, and half a ban is none", () => {
  const memory = limitsBuffers(2);
  const cells = new Int32Array(memory.bans);
  const living = new BanTable(memory, 1, 7, SETTINGS);
  cells[0] = 0 + 1;
  expect(living.strike(CLIENT, "errors", NOW)).toBeUndefined();
  clearWorker(memory, 0);
  expect(living.strike(CLIENT, "errors", NOW)).toBeDefined();

  const slot = cells.indexOf(CLIENT.w3 | 0) - 4;
  cells[slot] = (cells[slot] ?? 0) + 1;
  expect(living.find(CLIENT, NOW)).toBeUndefined();
  expect(living.strike(CLIENT, "errors", NOW)).toBeDefined();
  expect(living.find(CLIENT, NOW)).toBeDefined();
});

function tables(settings = SETTINGS): [worker: BanTable, other: BanTable] {
  const memory = limitsBuffers(1);
  return [new BanTable(memory, 0, 7, settings), new BanTable(memory, MAIN_THREAD, 7, settings)];
}

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}
