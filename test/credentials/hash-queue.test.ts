import { expect, test } from "bun:test";
import { HashQueue } from "../../src/credentials/hash-queue.ts";

test("hashes are verified one at a time, in the order that they came", async () => {
  const { queue, running, answer } = heldQueue();
  const answers = [queue.ask("a", "1"), queue.ask("b", "2"), queue.ask("c", "3")];

  expect(running).toEqual(["a 1"]);
  answer(true);
  expect(await answers[0]).toBe(true);
  expect(running).toEqual(["a 1", "b 2"]);
  answer(false);
  expect(await answers[1]).toBe(false);
  expect(running).toEqual(["a 1", "b 2", "c 3"]);
});

test("64 may wait, and one more is turned away until there is room", async () => {
  const { queue, answer } = heldQueue();
  const answers = Array.from({ length: 65 }, (_, index) => queue.ask(`${index}`, ""));

  expect(answers).not.toContain(undefined);
  expect(queue.ask("more", "")).toBeUndefined();

  answer(true);
  await answers[0];
  expect(queue.ask("more", "")).toBeInstanceOf(Promise);
});

test("what can't be verified is not right, and the next gets its turn", async () => {
  const queue = new HashQueue((password) =>
    password === "bad" ? Promise.reject(new Error("broken")) : Promise.resolve(true),
  );

  expect(await Promise.all([queue.ask("bad", ""), queue.ask("good", "")])).toEqual([false, true]);
});

test("a verification that throws at once is no different", async () => {
  const queue = new HashQueue(() => {
    throw new Error("broken");
  });

  expect(await queue.ask("a", "")).toBe(false);
  expect(await queue.ask("a", "")).toBe(false);
});

function heldQueue() {
  const running: string[] = [];
  let answer = (_: boolean) => {};
  const queue = new HashQueue((password, hash) => {
    running.push(`${password} ${hash}`);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    answer = resolve;
    return promise;
  });
  return { queue, running, answer: (isRight: boolean) => answer(isRight) };
}
