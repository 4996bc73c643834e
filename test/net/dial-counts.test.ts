import { expect, test } from "bun:test";
import { DialCounts } from "../../src/net/dial-counts.ts";

const MOST = DialCounts.ABANDONED_PER_PEER_MAX;

test("a peer that let too many connects run out is asked one at a time", () => {
  const counts = new DialCounts();
  for (let dial = 0; dial < MOST; dial++) {
    expect(counts.isSilent("a")).toBe(false);
    counts.began("a");
    counts.gaveUp("a");
  }

  expect(counts.isSilent("a")).toBe(false);
  counts.began("a");
  expect(counts.isSilent("a")).toBe(true);
  expect(counts.isSilent("b")).toBe(false);
  counts.gaveUp("a");
  expect(counts.isSilent("a")).toBe(false);
});

test("a peer that answers an abandoned connect is asked freely again", () => {
  const counts = new DialCounts();
  for (let dial = 0; dial < MOST; dial++) {
    counts.began("a");
    counts.gaveUp("a");
  }
  counts.began("a");
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
