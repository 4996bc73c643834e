/**
 * What is under a path of an upstream, and what that says when it is asked: mostly
 * the truth. Bodies tell what they are at every position, so that what was mixed,
 * moved or cut shows.
 */
import type { Dice } from "./dice.ts";
import { mutate } from "./mutate.ts";
import { type Head, valuesOf } from "./strict-reader.ts";

export interface Said {
  readonly text: string;
  /** When all of it has been said. */
  readonly afterwards: "stays" | "ends" | "resets";
  /** Something has happened to it: the relay may not take it for an answer at all. */
  readonly isDamaged?: boolean;
}

export class Resource {
  readonly #path: string;
  #version = 1;
  #bytes: number;
  #isWeak = false;

  constructor(path: string, dice: Dice) {
    this.#path = path;
    this.#bytes = lengthOf(dice);
  }

  answer(request: Head, dice: Dice): Said {
    const [method] = request.first;
    if (method === "POST" || dice.below(7) === 0) this.#change(dice);
    const told = this.#tell(request, dice);
    const text =
      told.text.startsWith("HTTP/1.1 1") || dice.below(12) > 0 ? told.text : interim(dice) + told.text;
    if (dice.below(22) > 0) return { ...told, text };
    const headEnd = text.indexOf("\r\n\r\n");
    const damaged =
      dice.below(3) === 0
        ? mutate(text, [text], dice)
        : mutate(text.slice(0, headEnd), [text], dice) + text.slice(headEnd);
    return { ...told, text: damaged, isDamaged: true };
  }

  #change(dice: Dice): void {
    this.#version++;
    this.#bytes = lengthOf(dice);
    this.#isWeak = dice.below(6) === 0;
  }

  #tell(request: Head, dice: Dice): Said {
    const [method] = request.first;
    const roll = dice.below(100);
    const varies = dice.below(5) === 0;
    const variant = varies ? (valuesOf(request, "x-v")[0] ?? "") : "";
    const etag = `${this.#isWeak ? "W/" : ""}"${this.#path[1]}${this.#version}-${variant}"`;
    const lines = [
      ...(dice.below(6) > 0 ? [`ETag: ${etag}`] : []),
      ...(dice.below(4) === 0 ? ["Last-Modified: Thu, 19 Nov 2026 00:00:00 GMT"] : []),
      ...(varies ? ["Vary: X-V"] : []),
      ...cachingLines(dice),
    ];
    if (method === "POST") return this.#afterPost(lines, dice);
    if (roll < 7) return framed(dice.pick(ERRORS), lines, this.#errorText(dice), method, dice);
    if (roll < 9) return { text: dice.pick(UNFIT), afterwards: "stays" };
    const isKnown = valuesOf(request, "if-none-match").some((value) =>
      value.includes(etag.replace(/^W\//, "")),
    );
    if ((isKnown && roll < 85) || roll < 11)
      return { text: this.#notModified(etag, lines, dice), afterwards: "stays" };
    const body = bodyOf(this.#path, this.#version, variant, this.#bytes);
    const range = rangeOf(request, this.#bytes, etag);
    if ((range !== undefined && roll < 88) || roll < 13)
      return partOf(body, range ?? { first: 0, last: Math.min(9, body.length - 1) }, lines, method, dice);
    if (valuesOf(request, "range").length > 0 && roll < 16)
      return {
        text: said("416 Range Not Satisfiable", [
          ...lines,
          `Content-Range: bytes */${body.length}`,
          "Content-Length: 0",
        ]),
        afterwards: "stays",
      };
    return framed("200 OK", lines, body, method, dice);
  }

  #notModified(etag: string, lines: readonly string[], dice: Dice): string {
    const others = lines.filter((line) => !line.startsWith("ETag"));
    return dice.pick([
      () => said("304 Not Modified", lines),
      () => said("304 Not Modified", [`ETag: ${etag}`, ...others]),
      () => said("304 Not Modified", [`ETag: ${etag}`, ...others]),
      () => said("304 Not Modified", others),
      () => said("304 Not Modified", ['ETag: "another"', ...others]),
      () => said("304 Not Modified", [`ETag: ${etag}`, "Content-Length: 5", ...others]),
    ])();
  }

  #afterPost(lines: readonly string[], dice: Dice): Said {
    const place = dice.below(3) === 0 ? [`Content-Location: ${this.#path}`, "Cache-Control: max-age=60"] : [];
    const status = dice.pick(["200 OK", "200 OK", "201 Created", "500 Internal Server Error"]);
    const body = bodyOf(this.#path, this.#version, "posted", this.#bytes);
    return framed(status, [...lines, ...place], body, "POST", dice);
  }

  #errorText(dice: Dice): string {
    return bodyOf(this.#path, this.#version, "error", dice.below(60));
  }
}

/** `a1-;000000 a1-;000012 …`: each cell names its body and its place. */
export function bodyOf(path: string, version: number, variant: string, bytes: number): string {
  let text = "";
  while (text.length < bytes)
    text += `${path[1]}${version}-${variant};${String(text.length).padStart(6, "0")} `;
  return text.slice(0, bytes);
}

function lengthOf(dice: Dice): number {
  const roll = dice.below(40);
  if (roll === 0) return 0;
  if (roll === 1) return 60_000 + dice.below(300_000);
  return 1 + dice.below(roll < 10 ? 2_500 : 700);
}

const ERRORS = [
  "404 Not Found",
  "500 Internal Server Error",
  "502 Bad Gateway",
  "503 Service Unavailable",
  "301 Moved Permanently",
  "410 Gone",
  "299 Whatever",
] as const;

const UNFIT = [
  "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  "HTTP/1.1 204 No Content\r\nCache-Control: max-age=60\r\n\r\n",
  'HTTP/1.1 204 No Content\r\nETag: "a"\r\nContent-Length: 3\r\n\r\n',
  "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
  "HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=b\r\nContent-Length: 9\r\n\r\n--b\r\n\r\nab",
  "these are not the bytes that you are looking for\r\n\r\n",
] as const;

function interim(dice: Dice): string {
  return dice.pick(["HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"]);
}

function cachingLines(dice: Dice): string[] {
  const lines: string[] = [dice.pick(CACHING)];
  if (dice.below(14) === 0) lines.push(dice.pick(MORE_CACHING));
  return lines.filter((line) => line !== "");
}

const CACHING = [
  "Cache-Control: max-age=60",
  "Cache-Control: max-age=60",
  "Cache-Control: max-age=60",
  "Cache-Control: public, max-age=600",
  "Cache-Control: s-maxage=5",
  "Cache-Control: max-age=1",
  "Cache-Control: max-age=0",
  "Cache-Control: no-cache",
  "Cache-Control: no-store",
  "Cache-Control: private, max-age=60",
  "Cache-Control: max-age=2, must-revalidate",
  "Cache-Control: max-age=1, stale-while-revalidate=60",
  "Cache-Control: max-age=1, stale-if-error=600",
  'Cache-Control: max-age=60, no-cache="x-own"',
  "Expires: 0",
  "",
] as const;

const MORE_CACHING = [
  "Vary: *",
  "Set-Cookie: a=b",
  "Age: 50",
  "CDN-Cache-Control: max-age=30",
  "X-Own: 1",
] as const;

function framed(status: string, lines: readonly string[], body: string, method: string, dice: Dice): Said {
  const roll = dice.below(20);
  const how = roll < 13 ? "length" : roll < 17 ? "chunked" : "close";
  const framing = {
    length: [`Content-Length: ${body.length}`],
    chunked: ["Transfer-Encoding: chunked"],
    close: [],
  }[how];
  const head = said(status, [...lines, ...framing, ...(dice.below(12) === 0 ? ["Connection: close"] : [])]);
  if (method === "HEAD") return { text: dice.below(20) === 0 ? head + body : head, afterwards: "stays" };
  const whole = how === "chunked" ? chunks(body, dice) : body;
  const afterwards = how === "close" ? "ends" : "stays";
  const accident = dice.below(24);
  if (accident < 4) {
    const text = head + whole.slice(0, dice.below(whole.length));
    return { text, afterwards: how === "close" || dice.below(2) === 0 ? "resets" : "ends" };
  }
  if (accident === 4) return { text: `${head}${whole}${dice.pick(["x", "\r\n", head])}`, afterwards };
  return { text: head + whole, afterwards: dice.below(12) === 0 ? "ends" : afterwards };
}

function partOf(
  body: string,
  { first, last }: { readonly first: number; readonly last: number },
  lines: readonly string[],
  method: string,
  dice: Dice,
): Said {
  // It may be shorter or longer than the place that it names.
  const part = body.slice(first, last + 1 + (dice.below(10) === 0 ? dice.below(7) - 3 : 0));
  const place = `Content-Range: bytes ${first}-${last}/${body.length}`;
  const isWrong = dice.below(5) === 0;
  const told = isWrong
    ? dice.pick([
        `Content-Range: bytes ${first}-${last}/*`,
        `Content-Range: bytes ${first}-${last}/${body.length + 1}`,
        `Content-Range: bytes ${first}-${last + 1}/${body.length + 7}`,
        `Content-Range: bytes ${first + 1}-${last}/${body.length}`,
        `Content-Range: bytes ${first + 1}-${last + 1}/${body.length + 1}`,
        "Content-Range: bytes 9-1/5",
        "X-No-Place: 1",
      ])
    : place;
  return framed("206 Partial Content", [...lines, told], part, method, dice);
}

/** One range alone, by the letter; undefined: none, or not to be obeyed. */
function rangeOf(request: Head, bytes: number, etag: string): { first: number; last: number } | undefined {
  const ifRange = valuesOf(request, "if-range")[0];
  if (ifRange !== undefined && (ifRange !== etag || etag.startsWith("W/"))) return undefined;
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(valuesOf(request, "range")[0] ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  const first = from === "" ? Math.max(0, bytes - Number(to)) : Number(from);
  const last = from === "" || to === "" ? bytes - 1 : Math.min(Number(to), bytes - 1);
  return first <= last ? { first, last } : undefined;
}

function chunks(body: string, dice: Dice): string {
  const size = 1 + dice.below(Math.max(1, body.length));
  let text = "";
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size);
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${text}0\r\n${dice.below(6) === 0 ? "X-Trailer: 1\r\n" : ""}\r\n`;
}

function said(status: string, lines: readonly string[]): string {
  return `${[`HTTP/1.1 ${status}`, ...lines].join("\r\n")}\r\n\r\n`;
}
