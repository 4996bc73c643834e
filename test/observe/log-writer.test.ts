import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cells } from "../../src/observe/cells.ts";
import { countersBuffer, mainCounters } from "../../src/observe/counters.ts";
import type { LogFile } from "../../src/observe/log-file.ts";
import { LogWriter } from "../../src/observe/log-writer.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

test("batches are appended in order and acknowledged, and only owner and group may read", async () => {
  const { path, open } = inFolder();
  const acknowledged: number[] = [];
  const { writer, counters } = await open();

  writer.write("a\nb\n", 2, (bytes) => acknowledged.push(bytes));
  writer.write("c\n", 1, (bytes) => acknowledged.push(bytes));
  await writer.close(1000);

  expect(readFileSync(path, "latin1")).toBe("a\nb\nc\n");
  expect(statSync(path).mode & 0o777 & ~0o640).toBe(0);
  expect(acknowledged).toEqual([4, 2]);
  expect(counters.read(cells.logLinesWritten)).toBe(3);
});

test("after a rename and a reopen, lines go to a new file", async () => {
  const { path, open } = inFolder();
  const { writer } = await open();

  const written = Promise.withResolvers<void>();
  writer.write("old\n", 1, () => written.resolve());
  await written.promise;
  renameSync(path, `${path}.1`);
  writer.reopen();
  writer.write("new\n", 1, () => {});
  await writer.close(1000);

  expect(readFileSync(`${path}.1`, "latin1")).toBe("old\n");
  expect(readFileSync(path, "latin1")).toBe("new\n");
});

test("a file that cannot be opened is an error at once", async () => {
  const { open } = inFolder("no/such/folder/access.log");

  await expect(open()).rejects.toThrow("ENOENT");
});

test("a failed write is counted, reported once a minute, and the next is tried", async () => {
  const disk = new FakeDisk(["fails", "fails", "fails", "takes"]);
  const { writer, counters, reports, clock } = await disk.writer();

  await disk.write(writer, "1\n");
  await disk.write(writer, "2\n");
  clock.now += 60_000;
  await disk.write(writer, "3\n");
  await disk.write(writer, "4\n");

  expect(disk.text).toBe("4\n");
  expect(counters.read(cells.logLinesDropped)).toBe(3);
  expect(counters.read(cells.logLinesWritten)).toBe(1);
  expect(reports).toEqual([
    "Cannot write the access log: no space (lines lost: 1)",
    "Cannot write the access log: no space (lines lost: 2)",
  ]);
});

test("after half a line, the next text begins on a line of its own", async () => {
  const disk = new FakeDisk([3, "fails", "fails", "takes"]);
  const { writer } = await disk.writer();

  await disk.write(writer, "first\n");
  await disk.write(writer, "second\n");
  await disk.write(writer, "third\n");

  expect(disk.text).toBe("fir\nthird\n");
});

test("what the kernel did not take is written next", async () => {
  const disk = new FakeDisk([1, 2, "takes"]);
  const { writer } = await disk.writer();

  await disk.write(writer, "abcdef\n");

  expect(disk.text).toBe("abcdef\n");
});

test("a stalled reader holds up a close no longer than its limit", async () => {
  const disk = new FakeDisk(["stalls"]);
  const { writer, counters } = await disk.writer();

  const acknowledged: number[] = [];
  const acknowledge = (bytes: number) => void acknowledged.push(bytes);

  writer.write("a\n", 1, acknowledge);
  writer.write("b\nc\n", 2, acknowledge);
  await writer.close(5);
  writer.write("d\n", 1, acknowledge);

  expect(counters.read(cells.logLinesDropped)).toBe(3);
  expect(acknowledged).toEqual([4, 2]);
  expect(disk.closed).toBe(false);
});

type Turn = "takes" | "fails" | "stalls" | number;

/** Each write takes the next turn: all, none, or so many bytes. */
class FakeDisk implements LogFile {
  text = "";
  closed = false;
  readonly #turns: Turn[];

  constructor(turns: Turn[]) {
    this.#turns = turns;
  }

  append(bytes: Uint8Array): Promise<number> {
    const turn = this.#turns.shift();
    if (turn === "stalls") return new Promise(() => {});
    if (turn === "fails") return Promise.reject(new Error("no space"));
    const taken = typeof turn === "number" ? turn : bytes.length;
    this.text += new TextDecoder().decode(bytes.subarray(0, taken));
    return Promise.resolve(taken);
  }

  close(): void {
    this.closed = true;
  }

  async writer() {
    const counters = mainCounters(countersBuffer(1));
    const reports: string[] = [];
    const clock = { now: 0 };
    const writer = await LogWriter.open({
      path: "/fake",
      counters,
      report: (message) => reports.push(message),
      openFile: async () => this,
      now: () => clock.now,
    });
    return { writer, counters, reports, clock };
  }

  write(writer: LogWriter, text: string): Promise<void> {
    return new Promise((resolve) => writer.write(text, 1, () => resolve()));
  }
}

function inFolder(name = "access.log") {
  const folder = mkdtempSync(join(tmpdir(), "headgate-log-"));
  folders.push(folder);
  const path = join(folder, name);
  const counters = mainCounters(countersBuffer(1));
  const open = async () => ({ writer: await LogWriter.open({ path, counters, report: () => {} }), counters });
  return { path, open };
}
