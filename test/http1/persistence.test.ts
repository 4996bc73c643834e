import { expect, test } from "bun:test";
import { readFields } from "../../src/http1/fields.ts";
import { persists } from "../../src/http1/persistence.ts";

// Each row: the fields | whether the connection outlives the message in HTTP/1.1, and in HTTP/1.0.
const rows = [
  ["", true, false],
  ["Connection: close\r\n", false, false],
  ["Connection: keep-alive\r\n", true, true],
  ["Connection: keep-alive, close\r\n", false, false],
  ["Connection: x\r\n", true, false],
  ["Proxy-Connection: keep-alive\r\n", true, true],
  ["Proxy-Connection: close\r\n", false, false],
  ["Proxy-Connection: keep-alive\r\nConnection: close\r\n", false, false],
  ["Keep-Alive: timeout=5\r\n", true, false],
] as const;

test.each(rows)("with %j a connection goes on", (lines, in11, in10) => {
  const fields = readFields(lines, 0, lines.length, 10, true);

  expect(persists(1, fields)).toBe(in11);
  expect(persists(0, fields)).toBe(in10);
});
