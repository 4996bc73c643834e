import { expect, test } from "bun:test";
import { Grant } from "../../src/limits/grant.ts";
import { Limiter } from "../../src/limits/limiter.ts";
import { limitsBuffers } from "../../src/limits/limits-memory.ts";
import type { LimitSpec } from "../../src/policy/spec.ts";
import { limit, NO_CONNECTIONS } from "./limit-specs.ts";

const NOW = Date.UTC(2026, 10, 21);
const KIB = 1_024;
const MIB = 1_024 ** 2;

test("each direction has a rate of its own, and the other is not held", () => {
  const { grant } = granted([limit({ download: 100 * KIB, upload: 10 * KIB })]);

  expect(grant().charge("down", 100 * KIB, NOW)).toBe(0);
  expect(grant().charge("down", 50 * KIB, NOW)).toBeCloseTo(500, 0);
  expect(grant().charge("up", 10 * KIB, NOW)).toBe(0);
  expect(grant().charge("up", 5 * KIB, NOW)).toBeCloseTo(500, -1);
});

test("exchanges of one client share what it may send", () => {
  const { grant } = granted([limit({ download: 100 * KIB })]);
  grant().charge("down", 150 * KIB, NOW);

  expect(grant().charge("down", 50 * KIB, NOW)).toBeCloseTo(1_000, 0);
});

test("of several limits the slowest holds, and all are charged", () => {
  const { grant, limiter } = granted([
    limit({ name: "fast", download: 100 * KIB }),
    limit({ name: "slow", download: 50 * KIB }),
  ]);

  expect(grant().charge("down", 150 * KIB, NOW)).toBeCloseTo(2_000, -1);
  limiter.policy = { limits: [limit({ name: "fast", download: 100 * KIB })], rules: [] };
  expect(grant().charge("down", 0, NOW)).toBeCloseTo(500, -1);
});

test("held as long as it is told, a sender gets its rate in the long run", () => {
  const { grant } = granted([limit({ download: MIB })]);
  const own = grant();
  let [now, bytes] = [NOW, 0];
  while (now < NOW + 60_000) {
    bytes += 200 * KIB;
    // The worker's clock ticks ten times a second.
    now += Math.ceil(own.charge("down", 200 * KIB, now) / 100) * 100 + 1;
  }

  expect(bytes / MIB).toBeGreaterThan(58);
  expect(bytes / MIB).toBeLessThan(62);
});

test("a budget is for both directions, and cuts what goes beyond it", () => {
  const { grant, ask } = granted([
    limit({ name: "daily", budget: { bytes: 10 * MIB, window: 86_400_000 } }),
    limit({ name: "rate", download: 100 * MIB }),
  ]);
  const own = grant();

  expect(own.charge("down", 6 * MIB, NOW)).toBe(0);
  expect(own.charge("up", 4 * MIB, NOW)).toBe(0);
  expect(own.charge("up", 1, NOW + 1_000)).toBe(-1);
  expect(own.exhausted(NOW + 1_000)).toMatchObject({
    limit: "daily",
    what: "budget",
    quota: 10 * MIB,
    windowMs: 86_400_000,
  });
  expect(own.exhausted(NOW + 1_000).retryMs).toBeCloseTo(86_399_000, -3);
  expect(ask(NOW + 1_000)).toMatchObject({ what: "budget" });
  expect(ask(NOW + 86_400_200)).toBeInstanceOf(Grant);
});

test("small pieces are paid in full, however large the budget", () => {
  const bytes = 1_000_000 * 1_024 ** 3;
  const { grant } = granted([limit({ budget: { bytes, window: 86_400_000 } })]);
  const own = grant();
  for (let piece = 0; piece < 100_000; piece++) own.charge("down", 1_000, NOW);

  // One hundred million bytes are gone, and no more.
  expect(own.charge("down", bytes - 100_000_000 - 2 * MIB, NOW)).toBe(0);
  expect(own.charge("down", 4 * MIB, NOW)).toBe(-1);
});

test("a grant without a budget has none to name", () => {
  const { grant } = granted([limit({ download: MIB })]);

  expect(() => grant().exhausted(NOW)).toThrow("no limit of the grant has one");
});

function granted(limits: readonly LimitSpec[]) {
  const limiter = new Limiter(limitsBuffers(1), 0, 42, NO_CONNECTIONS);
  limiter.policy = { limits, rules: [] };
  const ask = (nowMs = NOW) => limiter.admit(undefined, "192.0.2.1", undefined, "a.test", nowMs);
  const grant = (): Grant => {
    const answer = ask();
    if (answer instanceof Grant) return answer;
    throw new Error("not granted");
  };
  return { limiter, ask, grant };
}
