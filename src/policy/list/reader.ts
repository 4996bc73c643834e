/**
 * The bytes of a list, in pieces as they come → its memory. Lines that can't be
 * read are counted, and the first few kept; a text that hardly has any other is
 * no list (a web page that says "not found", a picture), and fails as a whole.
 */
import { ListBuilder } from "./builder.ts";
import { parseListLine } from "./line.ts";

export type ReadList =
  | {
      readonly ok: true;
      readonly table: SharedArrayBuffer;
      /** Rules that are not about whole hosts. */
      readonly ignored: number;
      /** Lines that can't be read. */
      readonly invalid: number;
      /** The first of those: `line 7: no host or address`. */
      readonly examples: readonly string[];
      /** `comments`: lines that name nothing. `nothing`: not even such. */
      readonly holds: "entries" | "comments" | "nothing";
    }
  | { readonly ok: false; readonly problem: string };

/** Element rules with long lists of domains are a few thousand; what is longer is no line. */
const LINE_CHARS_MAX = 65_536;
const EXAMPLES_MAX = 5;

/** Hosts and ranges: ten times what the largest public lists hold. */
const ENTRIES_MAX = 10_000_000;

export class ListReader {
  readonly #builder: ListBuilder;
  readonly #decoder = new TextDecoder();
  readonly #examples: string[] = [];
  /** The end of the last piece, which is the front of a line. */
  #rest = "";
  #isSkipping = false;
  #isBlank = true;
  #lines = 0;
  #ignored = 0;
  #invalid = 0;

  constructor(entriesMax = ENTRIES_MAX) {
    this.#builder = new ListBuilder(entriesMax);
  }

  /** Why this can be no list, as soon as that is plain; undefined: go on. */
  take(bytes: Uint8Array): string | undefined {
    if (bytes.includes(0)) return "it is no text";
    return this.#takeText(this.#decoder.decode(bytes, { stream: true }));
  }

  /** When all was taken. Yields now and then. */
  *finish(seed: number): Generator<void, ReadList> {
    const problem = this.#takeText(`${this.#decoder.decode()}\n`) ?? this.#wholeProblem();
    if (problem !== undefined) return { ok: false, problem };
    const holds = this.#builder.count > 0 ? "entries" : this.#isBlank ? "nothing" : "comments";
    const table = yield* this.#builder.build(seed);
    return {
      ok: true,
      table,
      ignored: this.#ignored,
      invalid: this.#invalid,
      examples: this.#examples,
      holds,
    };
  }

  #takeText(text: string): string | undefined {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      const line = this.#rest + text.slice(start, end);
      start = end + 1;
      this.#rest = "";
      this.#lines++;
      const problem = this.#isSkipping ? undefined : this.#takeLine(line);
      if (problem !== undefined) return problem;
      this.#isSkipping = false;
    }
    if (this.#isSkipping) return undefined;
    this.#rest += text.slice(start);
    if (this.#rest.length > LINE_CHARS_MAX) {
      this.#addTooLong(this.#lines + 1);
      this.#rest = "";
      this.#isSkipping = true;
    }
    return undefined;
  }

  #takeLine(text: string): string | undefined {
    if (text.length > LINE_CHARS_MAX) {
      this.#addTooLong(this.#lines);
      return undefined;
    }
    const line = parseListLine(text);
    switch (line.kind) {
      case "hosts":
        for (const name of line.names) this.#builder.addHost(name, line.covers, line.isException);
        break;
      case "range":
        this.#builder.addRange(line.range, line.isException);
        break;
      case "ignored":
        this.#ignored++;
        return undefined;
      case "problem":
        if (this.#isFirstWord() && /^\s*<(?:!doctype|html|head|\?xml)\b/i.test(text))
          return "it is a web page, no list";
        this.#addProblem(this.#lines, line.because);
        return undefined;
      case "nothing":
        this.#isBlank &&= text.trim() === "";
        return undefined;
    }
    return this.#builder.isFull ? "it has too many entries" : undefined;
  }

  #isFirstWord(): boolean {
    return this.#builder.count + this.#ignored + this.#invalid === 0;
  }

  #addTooLong(line: number): void {
    this.#addProblem(line, `longer than ${LINE_CHARS_MAX} characters`);
  }

  #addProblem(line: number, because: string): void {
    this.#invalid++;
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push(`line ${line}: ${because}`);
  }

  /** A list may be empty, or all comments. What says much and names nothing is something else. */
  #wholeProblem(): string | undefined {
    const entries = this.#builder.count;
    if (this.#invalid > entries + this.#ignored) {
      return `it is no list: ${this.#invalid} lines can't be read, the first of them ${this.#examples[0]}`;
    }
    if (entries === 0 && this.#ignored + this.#invalid > 0) {
      return "none of its lines names a host or an address";
    }
    return undefined;
  }
}
