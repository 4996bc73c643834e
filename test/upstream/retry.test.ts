import { expect, test } from "bun:test";
import { type AttemptFacts, decideRetry } from "../../src/upstream/retry.ts";

/** A GET on a connection that was idle, sent whole, and then the connection died. */
const STALE: AttemptFacts = {
  method: "GET",
  reused: true,
  wasSent: true,
  bodyGone: false,
  answerBegan: false,
  retries: 0,
};

// Each row: why | what is otherwise than in STALE | whether it is sent again.
const rows = [
  ["the connection may have died of idleness before it was asked", {}, true],
  ["to HEAD the same applies", { method: "HEAD" }, true],
  ["to OPTIONS the same applies", { method: "OPTIONS" }, true],
  ["to TRACE the same applies", { method: "TRACE" }, true],
  ["PUT twice is PUT once", { method: "PUT" }, true],
  ["DELETE twice is DELETE once", { method: "DELETE" }, true],
  ["POST twice may be two orders", { method: "POST" }, false],
  ["PATCH twice may be two changes", { method: "PATCH" }, false],
  ["nobody knows what an unknown method does", { method: "PURGE" }, false],
  ["a method's name has a case, and get is unknown", { method: "get" }, false],
  ["on a new connection the peer had it, and then died of it", { reused: false }, false],
  ["of a request that was never sent there is no effect", { method: "POST", wasSent: false }, true],
  ["the same on a new connection", { method: "POST", wasSent: false, reused: false }, true],
  ["what has begun to answer has acted", { answerBegan: true }, false],
  ["it has, even if nothing was sent", { answerBegan: true, wasSent: false }, false],
  ["a body that was passed on can't be sent again", { method: "PUT", bodyGone: true }, false],
  ["it can't, even if the peer got nothing", { bodyGone: true, wasSent: false }, false],
  ["once more is once", { retries: 1 }, false],
  ["once more is once, even if nothing was sent", { retries: 1, wasSent: false }, false],
] as const;

test.each(rows)("a request whose connection died: %s", (_, facts, isSentAgain) => {
  expect(decideRetry({ ...STALE, ...facts })).toBe(isSentAgain);
});
