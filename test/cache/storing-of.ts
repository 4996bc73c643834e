/** Answers written in one line, `|` between their fields, and what is decided of them at `NOW`. */
import { readCacheRequest } from "../../src/cache/request.ts";
import { decideStoring } from "../../src/cache/storing.ts";

export const NOW = Date.UTC(2026, 0, 1, 0, 0, 0, 250);
export const DATE = "Date: Thu, 01 Jan 2026 00:00:00 GMT";
/** A day before: a guess of 8640 s. */
export const LM = "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT";
const TARGET = "http://a.example:80/x";

export function decide(
  method: string,
  request: string,
  status: number,
  lines: string,
  rule?: Parameters<typeof decideStoring>[4],
) {
  const asked = readCacheRequest(request === "" ? "" : `${request}\r\n`);
  const answer = { status, lines: `${lines}|`.replaceAll(/\|+/g, "\r\n") };
  return decideStoring(method, asked, answer, { requestMs: NOW, responseMs: NOW }, rule, TARGET);
}

export function keep(lines: string) {
  const storing = decide("GET", "", 200, lines);
  if (!storing.store) throw new Error(storing.because);
  return storing;
}
