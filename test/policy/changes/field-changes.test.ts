import { expect, test } from "bun:test";
import { changeFields } from "../../../src/policy/changes/field-changes.ts";
import type { FieldChanges } from "../../../src/policy/spec.ts";

const LINES = "A: 1\r\nb:2\r\nA: 3\r\nC: 4\r\n";

// What is done | the changes | the lines then.
const rows: readonly (readonly [string, Partial<FieldChanges>, string])[] = [
  ["nothing", {}, LINES],
  ["a field removed, all of it", { remove: ["a"] }, "b:2\r\nC: 4\r\n"],
  ["a field removed that is not there", { remove: ["D", "aa"] }, LINES],
  ["a field set, where its first stood", { set: [{ name: "a", value: "x" }] }, "a: x\r\nb:2\r\nC: 4\r\n"],
  ["a field set that was not there", { set: [{ name: "D", value: "x" }] }, `${LINES}D: x\r\n`],
  ["a field set to nothing", { set: [{ name: "B", value: "" }] }, "A: 1\r\nB: \r\nA: 3\r\nC: 4\r\n"],
  ["a field added to its like", { add: [{ name: "a", value: "x" }] }, `${LINES}a: x\r\n`],
  [
    "two of one name added",
    {
      add: [
        { name: "D", value: "1" },
        { name: "D", value: "2" },
      ],
    },
    `${LINES}D: 1\r\nD: 2\r\n`,
  ],
  [
    "a field removed, set and added",
    { remove: ["A"], set: [{ name: "A", value: "x" }], add: [{ name: "A", value: "y" }] },
    "b:2\r\nC: 4\r\nA: x\r\nA: y\r\n",
  ],
  ["the last field removed", { remove: ["c"] }, "A: 1\r\nb:2\r\nA: 3\r\n"],
];

test.each(rows)("%s", (_, changes, expected) => {
  expect(changeFields(LINES, [changesOf(changes)])).toBe(expected);
});

test("each rule changes what the one before has left", () => {
  const changes = [
    changesOf({ add: [{ name: "D", value: "1" }] }),
    changesOf({ remove: ["d"], set: [{ name: "E", value: "2" }] }),
    changesOf({ set: [{ name: "e", value: "3" }] }),
  ];

  expect(changeFields("", changes)).toBe("e: 3\r\n");
  expect(changeFields("", [])).toBe("");
});

test("any changes do what a list of fields would say", () => {
  const random = randomFrom(20260207);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const names = ["A", "a", "Bb", "bB", "C-c", "D"];
  const many = <T>(max: number, make: () => T): T[] =>
    Array.from({ length: Math.floor(random() * (max + 1)) }, make);
  const field = () => ({ name: pick(names), value: pick(["", "1", "x: y", "A"]) });

  for (let round = 0; round < 5_000; round++) {
    const fields = many(6, field);
    const changes = many(3, () => ({
      remove: many(2, () => pick(names)),
      set: many(2, field),
      add: many(2, field),
    }));
    const lines = textOf(fields);

    expect(changeFields(lines, changes)).toBe(textOf(changes.reduce(naively, fields)));
  }
});

type Field = { readonly name: string; readonly value: string };

function naively(fields: readonly Field[], { remove, set, add }: FieldChanges): readonly Field[] {
  const isNamed = (name: string) => (field: Field) => field.name.toLowerCase() === name.toLowerCase();
  let changed = fields.filter(
    ({ name }) => !remove.some((removed) => removed.toLowerCase() === name.toLowerCase()),
  );
  for (const field of set) {
    const first = changed.findIndex(isNamed(field.name));
    const others = (list: readonly Field[]) => list.filter((other) => !isNamed(field.name)(other));
    changed =
      first < 0
        ? [...changed, field]
        : [...changed.slice(0, first), field, ...others(changed.slice(first + 1))];
  }
  return [...changed, ...add];
}

function textOf(fields: readonly Field[]): string {
  return fields.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
}

function changesOf(changes: Partial<FieldChanges>): FieldChanges {
  return { remove: [], set: [], add: [], ...changes };
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
