import { describe, expect, test } from "bun:test";
import { type Body, bodyOf } from "../../src/http1/body.ts";
import type { Framing } from "../../src/http1/framing.ts";
import { bytesOf, readEveryWay } from "./deliveries.ts";

// Each row: the framing | the bytes | the data, what follows it, and whether the body has ended.
const rows: readonly (readonly [Framing, string, string, string, boolean])[] = [
  [{ kind: "none" }, "next", "", "next", true],
  [{ kind: "length", length: 0 }, "next", "", "next", true],
  [{ kind: "length", length: 4 }, "data", "data", "", true],
  [{ kind: "length", length: 4 }, "datanext", "data", "next", true],
  [{ kind: "length", length: 5 }, "data", "data", "", false],
  [{ kind: "chunked" }, "4\r\ndata\r\n0\r\n\r\nnext", "data", "next", true],
  [{ kind: "chunked" }, "4\r\ndata\r\n", "data", "", false],
  [{ kind: "close" }, "datanext", "datanext", "", false],
];

test.each(rows)("a body framed by %j in %j", (framing, wire, data, rest, done) => {
  expect(readEveryWay(wire, (pieces) => take(bodyOf(framing), pieces))).toEqual({ data, rest, done });
});

describe("the end of the connection", () => {
  test("ends a body that nothing else ends", () => {
    const body = bodyOf({ kind: "close" });
    body.take(bytesOf("data"), 0);

    expect(body.end()).toBe(true);
    expect(body.done).toBe(true);
    expect(body.trailers).toBe("");
  });

  test("is no end for a body with a length, before it has all come", () => {
    const body = bodyOf({ kind: "length", length: 2 });

    body.take(bytesOf("a"), 0);
    expect(body.end()).toBe(false);

    body.take(bytesOf("b"), 0);
    expect(body.end()).toBe(true);
  });

  test("is fine where there is no body", () => {
    expect(bodyOf({ kind: "none" }).end()).toBe(true);
  });
});

test("a body is taken from where it begins", () => {
  const bytes = bytesOf("HEADdatanext");
  const body = bodyOf({ kind: "length", length: 4 });

  expect(body.take(bytes, 4)).toBe(8);
  expect(body.dataEnd).toBe(8);
});

function take(body: Body, pieces: readonly Buffer[]) {
  let data = "";
  let rest = "";
  for (const piece of pieces) {
    const end = body.take(piece, 0);
    data += piece.toString("latin1", 0, body.dataEnd);
    rest += piece.toString("latin1", end);
  }
  return { data, rest, done: body.done };
}
