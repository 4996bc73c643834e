/** What becomes of a good message on its way to a bad one: a few small accidents, one after the other. */
import type { Dice } from "./dice.ts";

/** Bytes on which parsers part ways. */
const BYTES = '\r\n\t\0\x0b\x0c\x1b\x7f\x80\x85\xa0\xff :;,="/@[]%#*+-_.019afgAFxX';

/** What is worth saying where nobody expects it. */
const PHRASES = [
  "\r\n",
  "\n\n",
  "\r\r\n",
  "\r\n ",
  "\r\n\r\n",
  "0\r\n\r\n",
  "5\r\nhello\r\n",
  "1;a=b\r\n",
  "0x",
  "chunked",
  ", chunked",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding:\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 5, 5\r\n",
  "Connection: close\r\n",
  "Connection: host, content-length, via\r\n",
  "Connection: upgrade\r\nUpgrade: websocket\r\n",
  "Host: b\r\n",
  "TE: trailers\r\n",
  "Via: 1.1 headgate\r\n",
  "Max-Forwards: 1\r\n",
  " HTTP/1.0",
  " HTTP/1.1\r\n",
  "GET http://c/ HTTP/1.1\r\nHost: c\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
];

export function mutate(wire: string, others: readonly string[], dice: Dice): string {
  let text = wire;
  for (let left = dice.below(4); left >= 0; left--) text = dice.pick(ACCIDENTS)(text, others, dice);
  return text;
}

type Accident = (text: string, others: readonly string[], dice: Dice) => string;

const ACCIDENTS: readonly Accident[] = [
  (text, _, dice) => replaceAt(text, dice.below(text.length), 1, (old) => flipBit(old, dice)),
  (text, _, dice) => replaceAt(text, dice.below(text.length), 1, () => dice.pick([...BYTES])),
  (text, _, dice) => replaceAt(text, dice.below(text.length + 1), 0, () => dice.pick([...BYTES])),
  (text, _, dice) => replaceAt(text, dice.below(text.length + 1), 0, () => dice.pick(PHRASES)),
  (text, _, dice) => insertLine(text, dice),
  (text, _, dice) => replaceAt(text, dice.below(text.length), 1 + dice.below(8), () => ""),
  (text, _, dice) => replaceAt(text, dice.below(text.length), 1 + dice.below(4), (old) => old.repeat(2)),
  (text, _, dice) => replaceAt(text, dice.below(text.length), 1, (old) => old.repeat(dice.below(600))),
  (text, _, dice) => replaceAt(text, dice.below(text.length), 3, swapCase),
  doubleLine,
  swapLines,
  (text, _, dice) => text.slice(0, dice.below(text.length + 1)),
  (text, others, dice) => `${text}${dice.pick(others)}`,
  (text, others, dice) => splice(text, dice.pick(others), dice),
];

function replaceAt(text: string, at: number, length: number, replace: (old: string) => string): string {
  return `${text.slice(0, at)}${replace(text.slice(at, at + length))}${text.slice(at + length)}`;
}

function flipBit(text: string, dice: Dice): string {
  return text === "" ? text : String.fromCharCode(text.charCodeAt(0) ^ (1 << dice.below(8)));
}

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => String.fromCharCode(letter.charCodeAt(0) ^ 0x20));
}

/** A phrase where a line begins. */
function insertLine(text: string, dice: Dice): string {
  const lines = text.split("\r\n");
  lines.splice(dice.below(lines.length), 0, dice.pick(PHRASES).replace(/\r\n$/, ""));
  return lines.join("\r\n");
}

function doubleLine(text: string, _: readonly string[], dice: Dice): string {
  const lines = text.split("\r\n");
  const line = dice.pick(lines);
  lines.splice(dice.below(lines.length), 0, ...new Array<string>(1 + dice.below(3)).fill(line));
  return lines.join("\r\n");
}

function swapLines(text: string, _: readonly string[], dice: Dice): string {
  const lines = text.split("\r\n");
  const [line = ""] = lines.splice(dice.below(lines.length), 1);
  lines.splice(dice.below(lines.length + 1), 0, line);
  return lines.join("\r\n");
}

/** The beginning of one and the end of another, cut where lines meet or anywhere. */
function splice(text: string, other: string, dice: Dice): string {
  if (dice.below(2) === 0)
    return `${text.slice(0, dice.below(text.length))}${other.slice(dice.below(other.length))}`;
  const front = text.split("\r\n");
  const back = other.split("\r\n");
  return [...front.slice(0, dice.below(front.length + 1)), ...back.slice(dice.below(back.length))].join(
    "\r\n",
  );
}
