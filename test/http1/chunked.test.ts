import { describe, expect, test } from "bun:test";
import { ChunkedDecoder } from "../../src/http1/chunked.ts";
import { ProtocolError } from "../../src/http1/error.ts";
import { bytesOf, readEveryWay } from "./deliveries.ts";

// Each row: what it shows | the bytes | the data they carry | the trailer section.
const bodies = [
  ["an empty body", "0\r\n\r\n", "", ""],
  ["one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc", ""],
  ["chunks, moved together", "3\r\nabc\r\n1\r\nd\r\n2\r\nef\r\n0\r\n\r\n", "abcdef", ""],
  ["a size in upper case", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""],
  ["a size in lower case", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""],
  ["leading zeros in a size", "0003\r\nabc\r\n0\r\n\r\n", "abc", ""],
  ["a size of 13 digits", "0000000000003\r\nabc\r\n0\r\n\r\n", "abc", ""],
  ["a last chunk of several zeros", "000\r\n\r\n", "", ""],
  ["an extension", "3;a\r\nabc\r\n0\r\n\r\n", "abc", ""],
  ["an extension with a value", "3;a=b;c=d\r\nabc\r\n0;e\r\n\r\n", "abc", ""],
  ["an extension that is a quoted string", '3;name="v; \\"w\\""\r\nabc\r\n0\r\n\r\n', "abc", ""],
  ["spaces and tabs in an extension", "3; a =\t b\r\nabc\r\n0\r\n\r\n", "abc", ""],
  ["obs-text in an extension", "3;a=\x80\xff\r\nabc\r\n0\r\n\r\n", "abc", ""],
  ["data that looks like framing", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n", ""],
  ["a trailer", "0\r\nX-Sum: 1\r\n\r\n", "", "X-Sum: 1\r\n"],
  ["trailers", "1\r\na\r\n0\r\nA: 1\r\nB: 2\r\n\r\n", "a", "A: 1\r\nB: 2\r\n"],
] as const;

const refusals = [
  ["no size", "\r\n"],
  ["an extension without a size", ";a\r\n"],
  ["a sign", "+3\r\nabc\r\n"],
  ["a negative size", "-3\r\nabc\r\n"],
  ["a hex prefix", "0x3\r\nabc\r\n"],
  ["an underscore", "0_3\r\nabc\r\n"],
  ["a size that goes on as something else", "3z\r\nabc\r\n"],
  ["a letter past f", "g\r\n"],
  ["a space before the size", " 3\r\nabc\r\n"],
  ["a space before the line's end", "3 \r\nabc\r\n"],
  ["a space before an extension", "3 ;a\r\nabc\r\n"],
  ["a tab before an extension", "3\t;a\r\nabc\r\n"],
  ["a vertical tab for a line's end", "3\x0babc\r\n"],
  ["a bare line feed after the size", "3\nabc\r\n"],
  ["a bare carriage return after the size", "3\rabc\r\n"],
  ["two carriage returns after the size", "3\r\rabc\r\n"],
  ["a bare line feed in an extension", "3;a\nabc\r\n"],
  ["a bare carriage return in an extension", "3;a\rb\r\nabc\r\n"],
  ["a line feed within a quoted string", '3;a="\n"\r\nabc\r\n'],
  ["NUL in an extension", "3;a\0\r\nabc\r\n"],
  ["DEL in an extension", "3;a\x7f\r\nabc\r\n"],
  ["escape in an extension", "3;a\x1b\r\nabc\r\n"],
  ["a size of 14 digits", "10000000000000\r\n"],
  ["14 zeros", "00000000000000\r\n\r\n"],
  ["a chunk longer than it says", "3\r\nabcd\r\n"],
  ["a chunk shorter than it says", "4\r\nabc\r\n0\r\n\r\n"],
  ["a chunk ended by a line feed", "3\r\nabc\n0\r\n\r\n"],
  ["a chunk ended by two other bytes", "3\r\nabcXX0\r\n\r\n"],
  ["an empty line between chunks", "3\r\nabc\r\n\r\n0\r\n\r\n"],
  ["a last chunk ended by a bare line feed", "0\r\n\n"],
  ["a last chunk ended by two other bytes", "0\r\n\rX"],
  ["a trailer ended by a bare line feed", "0\r\nA: 1\n\r\n"],
  ["a trailer with a bare carriage return", "0\r\nA: 1\rB: 2\r\n\r\n"],
] as const;

describe("a chunked body, delivered whole, byte by byte and cut anywhere", () => {
  test.each(bodies)("holds %s", (_, wire, data, trailers) => {
    expect(readEveryWay(wire, decode)).toEqual({ data, trailers, rest: "" });
  });

  test.each(refusals)("refuses %s", (_, wire) => {
    expect(() => readEveryWay(wire, decode)).toThrow(ProtocolError);
  });

  test("leaves the next request alone", () => {
    const wire = "1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n";

    expect(readEveryWay(wire, decode)).toEqual({ data: "a", trailers: "", rest: "GET / HTTP/1.1\r\n" });
  });
});

test("a body in which the peer stopped is not done", () => {
  for (const wire of ["", "3", "3\r\nab", "3\r\nabc\r\n", "0\r\n", "0\r\nA: 1\r\n", "0\r\n\r"]) {
    const decoder = new ChunkedDecoder();
    decoder.take(bytesOf(wire), 0);

    expect(decoder.end()).toBe(false);
  }
});

test("a body that has ended may be closed upon", () => {
  const decoder = new ChunkedDecoder();

  decoder.take(bytesOf("0\r\n\r\n"), 0);

  expect(decoder.end()).toBe(true);
});

test("what precedes the position is not touched", () => {
  const decoder = new ChunkedDecoder();
  const bytes = bytesOf("HEAD3\r\nabc\r\n0\r\n\r\n");

  const end = decoder.take(bytes, 4);

  expect(end).toBe(bytes.length);
  expect(bytes.toString("latin1", 0, decoder.dataEnd)).toBe("HEADabc");
});

test("a size of 13 digits is counted exactly", () => {
  const decoder = new ChunkedDecoder();

  decoder.take(bytesOf("fffffffffffff\r\nabc"), 0);

  expect(decoder.done).toBe(false);
});

// The bound is 16 KiB, and 8 bytes more for each byte of data.
const overheads = [
  ["an extension of 16 KiB", `0;${"a".repeat(16_384)}\r\n\r\n`, true],
  ["an extension of 16 KiB and a byte", `0;${"a".repeat(16_385)}\r\n\r\n`, false],
  ["small extensions on many chunks", "1;sig=ab\r\nx\r\n".repeat(50_000), true],
  ["large extensions on many small chunks", `1;${"a".repeat(100)}\r\nx\r\n`.repeat(1_000), false],
  ["trailers of 16 KiB", `0\r\n${"A: 1\r\n".repeat(2_700)}\r\n`, true],
  ["trailers of more", `0\r\n${"A: 1\r\n".repeat(2_800)}\r\n`, false],
] as const;

test.each(overheads)("bounds what is not data: %s", (_, wire, isTaken) => {
  const take = () => new ChunkedDecoder().take(bytesOf(wire), 0);

  if (isTaken) expect(take()).toBe(wire.length);
  else expect(take).toThrow("never end");
});

/** Takes the pieces one after the other, and what follows the body as they came. */
function decode(pieces: readonly Buffer[]) {
  const decoder = new ChunkedDecoder();
  let data = "";
  let rest = "";
  for (const piece of pieces) {
    const end = decoder.take(piece, 0);
    data += piece.toString("latin1", 0, decoder.dataEnd);
    rest += piece.toString("latin1", end);
  }
  expect(decoder.done).toBe(true);
  return { data, trailers: decoder.trailers, rest };
}
