import { expect, test } from "bun:test";
import { takeIn } from "../../src/lists/intake.ts";
import { ListTable } from "../../src/policy/list/table.ts";

const MIB = 1024 * 1024;

test("what comes without an end is not read without an end", async () => {
  const piece = new Uint8Array(MIB).fill(0x23);
  for (let at = 0; at < MIB; at += 32 * 1024) piece[at] = 0x0a;
  let given = 0;

  const list = await takeIn(
    (async function* () {
      for (;;) {
        given++;
        yield piece;
      }
    })(),
    false,
  );

  expect(list).toEqual({ ok: false, problem: "larger than 256 MiB" });
  expect(given).toBe(257);
});

test("a large piece is taken in slices, and others have their turn", async () => {
  const piece = new TextEncoder().encode("a.example\n".repeat(50_000));
  let turns = 0;
  const ticking = setInterval(() => turns++, 0);

  const list = await takeIn(
    (async function* () {
      yield piece;
    })(),
    false,
  );
  clearInterval(ticking);

  expect(list.ok && new ListTable(list.table).size.entries).toBe(1);
  expect(turns).toBeGreaterThan(2);
});
