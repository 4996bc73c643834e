/**
 * Several ranges in one answer: `multipart/byteranges` (RFC 9110 §14.6, §15.3.7.2),
 * planned to the byte, so that its length is known before the first is read.
 */
import { firstValue } from "./field-lines.ts";
import { type ByteRange, contentRangeLine } from "./ranges.ts";

export interface MultipartPlan {
  readonly boundary: string;
  /** The value of Content-Type; the answer itself has no Content-Range. */
  readonly contentType: string;
  /** Each the text that goes before, then those bytes of the whole. */
  readonly parts: readonly { readonly before: string; readonly range: ByteRange }[];
  /** After the last of them. */
  readonly after: string;
  /** Of all that, the Content-Length. */
  readonly totalBytes: number;
}

/** `boundary` is a token that the body can't hold by chance: at most 70 letters, digits, `-` and the like (RFC 2046 §5.1.1). */
export function planMultipart(
  ranges: readonly ByteRange[],
  wholeBytes: number,
  storedLines: string,
  boundary: string,
): MultipartPlan {
  const type = firstValue(storedLines, "content-type");
  const typeLine = type === undefined ? "" : `Content-Type: ${type}\r\n`;
  const parts = ranges.map((range, at) => {
    const delimiter = `${at === 0 ? "" : "\r\n"}--${boundary}\r\n`;
    return { before: `${delimiter}${typeLine}${contentRangeLine(range, wholeBytes)}\r\n`, range };
  });
  const after = `\r\n--${boundary}--\r\n`;
  const totalBytes = parts.reduce(
    (sum, { before, range }) => sum + before.length + (range.last - range.first + 1),
    after.length,
  );
  return { boundary, contentType: `multipart/byteranges; boundary=${boundary}`, parts, after, totalBytes };
}
