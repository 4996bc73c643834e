/**
 * Finds the server name in a ClientHello that is all there (RFC 8446 §4.1.2,
 * RFC 6066 §3). Every length is held against what is there, and must use it up;
 * two names, or an extension that comes twice, could be read in two ways.
 */

/** The message says why. */
export class Malformed extends Error {}

const SERVER_NAME = 0;
const HOST_NAME = 0;
const RANDOM_BYTES = 32;
const EXTENSIONS_MAX = 256;

/** One character for each byte of it; undefined when the client sent none. */
export function readServerName(body: Buffer): string | undefined {
  const hello = new Cursor(body);
  hello.skip(2 + RANDOM_BYTES);
  if (hello.vector(1).left > 32) throw new Malformed("the session's id is too long");
  const suites = hello.vector(2).left;
  if (suites < 2 || suites % 2 !== 0) throw new Malformed("the cipher suites are no list");
  if (hello.vector(1).left === 0) throw new Malformed("there are no compression methods");
  // Before TLS 1.3 there need not be any extension.
  if (hello.left === 0) return undefined;

  const extensions = hello.vector(2);
  hello.end();
  return readExtensions(extensions);
}

function readExtensions(extensions: Cursor): string | undefined {
  const seen = new Set<number>();
  let name: string | undefined;
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (seen.has(type)) throw new Malformed("an extension comes twice");
    if (seen.add(type).size > EXTENSIONS_MAX) throw new Malformed("there are too many extensions");
    if (type === SERVER_NAME) name = readNameList(content);
  }
  return name;
}

function readNameList(content: Cursor): string {
  const list = content.vector(2);
  content.end();
  if (list.number(1) !== HOST_NAME) throw new Malformed("the server name is of an unknown type");
  const name = list.vector(2);
  list.end();
  if (name.left === 0) throw new Malformed("the server name is empty");
  return name.text();
}

/** Where reading has come to. Past the end it throws. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  skip(length: number): void {
    if (length > this.left) throw new Malformed("a length reaches past the end");
    this.#at += length;
  }

  number(length: 1 | 2): number {
    this.skip(length);
    return this.#bytes.readUIntBE(this.#at - length, length);
  }

  /** What follows a length of so many bytes. */
  vector(lengthBytes: 1 | 2): Cursor {
    const length = this.number(lengthBytes);
    this.skip(length);
    return new Cursor(this.#bytes.subarray(this.#at - length, this.#at));
  }

  end(): void {
    if (this.left > 0) throw new Malformed("a length leaves bytes behind");
  }

  text(): string {
    return this.#bytes.toString("latin1", this.#at);
  }
}
