import { describe, expect, test } from "bun:test";
import { bodyOf } from "../../../src/http1/body.ts";
import { ProtocolError } from "../../../src/http1/error.ts";
import type { Framing } from "../../../src/http1/framing.ts";
import { BodyPipe, type BodyWatch } from "../../../src/relay/message/body-pipe.ts";
import { FakeLink } from "../../support/fake-link.ts";

// Each row: how it comes | the pieces | whether it leaves in chunks | what is written.
const bodies: readonly (readonly [Framing, readonly string[], boolean, string])[] = [
  [{ kind: "length", length: 5 }, ["hello"], false, "HEADhello"],
  [{ kind: "length", length: 5 }, ["he", "llo"], false, "HEADhello"],
  [{ kind: "chunked" }, ["5;a\r\nhello\r\n0\r\n\r\n"], true, "HEAD5\r\nhello\r\n0\r\n\r\n"],
  [{ kind: "chunked" }, ["2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"], true, "HEAD5\r\nhello\r\n0\r\n\r\n"],
  [
    { kind: "chunked" },
    ["2\r\nh", "e\r\n0\r\nA: 1\r\nHost: b\r\n\r\n"],
    true,
    "HEAD1\r\nh\r\n1\r\ne\r\n0\r\nA: 1\r\n\r\n",
  ],
  [{ kind: "chunked" }, ["2\r\nhe\r\n0\r\nA: 1\r\n\r\n"], false, "HEADhe"],
  [{ kind: "none" }, [""], false, "HEAD"],
];

test.each(bodies)(
  "a body framed by %j, in the pieces %j, is passed on (in chunks: %p) as %j",
  (framing, pieces, inChunks, expected) => {
    const { pipe, link, take } = pipeOf(framing, inChunks);

    const counts = pieces.map((piece, index) => take(piece, index === 0 ? "HEAD" : ""));

    expect(link.received).toBe(expected);
    expect(pipe.done).toBe(true);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(expected.length);
  },
);

test("the end of the connection ends a body, and is written where there are chunks", () => {
  const plain = pipeOf({ kind: "close" }, false);
  const chunked = pipeOf({ kind: "close" }, true);
  for (const { take } of [plain, chunked]) take("hello", "");

  expect([plain.pipe.end(plain.link), plain.pipe.written, plain.link.received]).toEqual([true, 0, "hello"]);
  expect([chunked.pipe.end(chunked.link), chunked.pipe.written]).toEqual([true, 5]);
  expect(chunked.link.received).toBe("5\r\nhello\r\n0\r\n\r\n");
});

test("a body that is cut short does not end", () => {
  const { pipe, link, take } = pipeOf({ kind: "length", length: 5 }, true);
  take("hell", "");

  expect(pipe.end(link)).toBe(false);
  expect(link.received).toBe("4\r\nhell\r\n");
});

test("malformed trailers are refused, even where trailers are left out", () => {
  for (const inChunks of [true, false]) {
    const { take } = pipeOf({ kind: "chunked" }, inChunks);

    expect(() => take("0\r\nA : 1\r\n\r\n", "")).toThrow(ProtocolError);
  }
});

test("a piece that finds the outbox full says so, and the next one that does not", () => {
  const { pipe, link, take } = pipeOf({ kind: "length", length: 5 }, false);

  link.full = true;
  take("he", "");
  expect(pipe.hasRoom).toBe(false);

  link.full = false;
  link.isFull = false;
  take("llo", "");
  expect(pipe.hasRoom).toBe(true);
});

// Each row: how it comes | the pieces | what the watch is shown.
const watched: readonly (readonly [Framing, readonly string[], readonly string[]])[] = [
  [{ kind: "length", length: 5 }, ["he", "llo"], ["he", "llo"]],
  [{ kind: "length", length: 5 }, ["hello", ""], ["hello"]],
  [{ kind: "length", length: 5 }, ["helloGET /"], ["hello"]],
  [{ kind: "chunked" }, ["2\r", "\nhe\r\n3;x\r\nllo\r\n0\r\nA: 1\r\n\r\n"], ["hello"]],
  [{ kind: "close" }, ["he", "llo"], ["he", "llo"]],
  [{ kind: "none" }, [""], []],
];

test.each(watched)(
  "of a body framed by %j, in the pieces %j, a watch sees %j",
  (framing, pieces, expected) => {
    const watch = watchThat(() => true);
    const { take } = pipeOf(framing, false, watch);

    for (const piece of pieces) take(piece, "");

    expect(watch.seen).toEqual([...expected]);
  },
);

describe("a body that its watch cuts", () => {
  const cuts: readonly (readonly [Framing, readonly string[], boolean])[] = [
    [{ kind: "length", length: 5 }, ["he", "llo", ""], false],
    [{ kind: "length", length: 9 }, ["he", "llo", "moon"], true],
    [{ kind: "chunked" }, ["2\r\nhe\r\n", "3\r\nllo\r\n0\r\n\r\n", ""], false],
    [{ kind: "chunked" }, ["2\r\nhe\r\n", "3\r\nllo\r\n", "0\r\n\r\n"], true],
    [{ kind: "close" }, ["he", "llo", "!"], true],
  ];

  test.each(cuts)(
    "framed by %j, in the pieces %j, ends before the piece, in chunks: %p",
    (framing, pieces, inChunks) => {
      const watch = watchThat((piece) => piece === "he");
      const { pipe, link, take } = pipeOf(framing, inChunks, watch);

      const counts = pieces.map((piece) => take(piece, ""));

      expect(pipe.isCut).toBe(true);
      expect(link.received).toBe(inChunks ? "2\r\nhe\r\n" : "he");
      expect(counts).toEqual([link.received.length, 0, 0]);
      expect(watch.seen).toEqual(["he", "llo"]);
      expect([pipe.done, pipe.end(link), pipe.hasRoom]).toEqual([false, false, true]);
    },
  );

  test("at its first piece, leaves the head unwritten", () => {
    const { pipe, link, take } = pipeOf(
      { kind: "length", length: 5 },
      false,
      watchThat(() => false),
    );

    expect(take("hello", "HEAD")).toBe(0);
    expect(link.received).toBe("");
    expect(pipe.done).toBe(false);
  });
});

function watchThat(passes: (piece: string) => boolean) {
  const seen: string[] = [];
  const sees = (bytes: Uint8Array, from: number, to: number) => {
    const piece = Buffer.from(bytes.subarray(from, to)).toString("latin1");
    seen.push(piece);
    return passes(piece);
  };
  return { seen, sees };
}

function pipeOf(framing: Framing, inChunks: boolean, watch?: BodyWatch) {
  const pipe = new BodyPipe(bodyOf(framing), inChunks, watch);
  const link = new FakeLink("upstream", []);
  const take = (piece: string, before: string) => {
    pipe.take(Buffer.from(piece, "latin1"), 0, link, before);
    return pipe.written;
  };
  return { pipe, link, take };
}
