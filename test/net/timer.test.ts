import { expect, test } from "bun:test";
import { type Deadlined, Deadlines, NEVER } from "../../src/net/timer.ts";

test("who is overdue is told, at its time and not before", () => {
  const { sweep, add, told } = waiting();
  add("a", 100);
  add("b", 200);
  add("c", NEVER);

  sweep(99);
  expect(told).toEqual([]);
  sweep(100);
  expect(told).toEqual(["a"]);
  sweep(1_000_000);
  expect(told).toEqual(["a", "b"]);
});

test("a deadline moves by an assignment", () => {
  const { sweep, add, told } = waiting();
  const item = add("a", 100);
  item.deadlineAt = 300;

  sweep(200);
  expect(told).toEqual([]);
  sweep(300);
  expect(told).toEqual(["a"]);
});

test("who leaves while being told skips nobody", () => {
  const { deadlines, sweep, add, told } = waiting();
  for (const name of "abcdef") add(name, 100);

  sweep(100);

  expect(told.toSorted()).toEqual([..."abcdef"]);
  expect(deadlines.size).toBe(0);
});

test("who throws is told on once, and keeps nobody from their turn", () => {
  const { sweep, add, told } = waiting();
  add("a", 100);
  add("b", 100).onDeadline = () => {
    throw "b";
  };
  add("c", 100);
  sweep(100);
  sweep(200);

  expect(told).toEqual(["c", "failed: b", "a"]);
});

test("whoever leaves, the others stay", () => {
  for (const leaver of [0, 1, 2]) {
    const { deadlines, sweep, add, told } = waiting();
    const items = ["a", "b", "c"].map((name) => add(name, 100));
    deadlines.remove(items[leaver] as Deadlined);

    sweep(100);

    expect(told.toSorted()).toEqual(["a", "b", "c"].toSpliced(leaver, 1));
  }
});

test("leaving twice, or without having come, is leaving", () => {
  const { deadlines, add } = waiting();
  const [first, second] = [add("a", 100), add("b", 100)];
  deadlines.remove(first);
  deadlines.remove(first);

  expect([...deadlines]).toEqual([second]);
});

test("who joins during a walk over all is not walked", () => {
  const { deadlines, add } = waiting();
  add("a", 100);
  let walked = 0;
  for (const _ of deadlines) {
    add("b", 100);
    walked++;
  }

  expect(walked).toBe(1);
  expect(deadlines.size).toBe(2);
});

/** Everyone leaves when told, as a link that is closed does. */
function waiting() {
  const told: string[] = [];
  const deadlines = new Deadlines();
  const add = (name: string, deadlineAt: number): Deadlined => {
    const item: Deadlined = {
      deadlineAt,
      deadlineSlot: -1,
      onDeadline() {
        told.push(name);
        deadlines.remove(item);
      },
    };
    deadlines.add(item);
    return item;
  };
  const sweep = (now: number) => deadlines.sweep(now, (_, error) => told.push(`failed: ${error}`));
  return { deadlines, sweep, add, told };
}
