import { expect, test } from "bun:test";
import { formatBytes, formatDuration } from "../../src/observe/terminal.ts";

const durations = [
  [0, "0us"],
  [0.85, "850us"],
  [1, "1.00ms"],
  [12.34, "12.3ms"],
  [999.6, "1.00s"],
  [45_000, "45.0s"],
  [59_960, "1m00s"],
  [723_400, "12m03s"],
  [11_100_000, "3h05m"],
  [187_200_000, "2d04h"],
] as const;

test.each(durations)("%d ms read as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

const sizes = [
  [0, "0B"],
  [1023, "1023B"],
  [1536, "1.50KiB"],
  [67_108_864, "64.0MiB"],
  [1_073_741_823, "1.00GiB"],
  [5e15, "4547TiB"],
] as const;

test.each(sizes)("%d bytes read as %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
