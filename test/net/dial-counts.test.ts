import { expect, test } from "bun:test";
import { DialCounts } from "../../src/net/dial-counts.ts";

const MOST = DialCounts.ABANDONED_PER_PEER_MAX;

test("a peer that let too many connects run out is asked one at a time", () => {
  const { counts, clock } = counting();
  for (let dial = 0; dial < MOST; dial++) {
    expect(counts.isSilent("a")).toBe(false);
    counts.began("a");
    counts.gaveUp("a");
  }

  clock.now += 1_000;
  expect(counts.isSilent("a")).toBe(false);
  counts.began("a");
  expect(counts.isSilent("a")).toBe(true);
  expect(counts.isSilent("b")).toBe(false);
  counts.gaveUp("a");
  expect(counts.isSilent("a")).toBe(false);
});

test("clients that hang up at once do not make a peer look dead that answers in time", () => {
  const { counts, clock } = counting();
  for (let dial = 0; dial < 10 * MOST; dial++) {
    counts.began("a");
    expect(counts.isSilent("a")).toBe(false);
    counts.gaveUp("a");
    clock.now += 100;
    // Each is answered a second after it began, when nobody waits any more.
    if (dial >= 9) counts.ended("a", true);
  }
  expect(counts.abandoned).toBe(9);
});

test("a peer that answers an abandoned connect is asked freely again", () => {
  const { counts, clock } = counting();
  for (let dial = 0; dial < MOST; dial++) {
    counts.began("a");
    counts.gaveUp("a");
  }
  clock.now += 1_000;
  counts.began("a");
  expect(counts.isSilent("a")).toBe(true);
  counts.ended("a", true);

  expect(counts.isSilent("a")).toBe(false);
});

test("connects with and without a waiter are counted apart, and all of them end", () => {
  const counts = new DialCounts();
  counts.began("a");
  counts.began("a");
  counts.began("b");
  counts.gaveUp("a");
  expect([counts.waitedFor, counts.abandoned]).toEqual([2, 1]);

  counts.ended("a", true);
  counts.ended("a", false);
  counts.ended("b", false);
  expect([counts.waitedFor, counts.abandoned]).toEqual([0, 0]);
});

function counting() {
  const clock = { now: 0 };
  return { counts: new DialCounts(() => clock.now), clock };
}
