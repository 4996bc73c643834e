/** Writes ClientHellos, and what only looks like one: every length may be made to lie. */

export interface HelloParts {
  readonly session?: Buffer;
  readonly suites?: Buffer;
  readonly compression?: Buffer;
  /** The whole block with its length; undefined for the one of `extensions`. */
  readonly block?: Buffer;
  readonly extensions?: readonly Buffer[];
}

export function helloBody(parts: HelloParts): Buffer {
  return Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector(1, parts.session ?? Buffer.alloc(32)),
    vector(2, parts.suites ?? Buffer.from([0x13, 0x01])),
    vector(1, parts.compression ?? Buffer.from([0])),
    parts.block ?? vector(2, Buffer.concat(parts.extensions ?? [])),
  ]);
}

export function hello(parts: HelloParts): Buffer {
  return record(message(helloBody(parts)));
}

/** A hello that asks for `name`, its bytes one character each. */
export function helloFor(name: string): Buffer {
  return hello({ extensions: [extension(0x2a2a, ""), serverName(name), extension(43, "\x02\x03\x04")] });
}

export function message(body: Buffer, type = 1, length = body.length): Buffer {
  return Buffer.concat([Buffer.from([type, length >> 16, (length >> 8) & 255, length & 255]), body]);
}

export function record(bytes: Buffer, type = 22): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 1]), vector(2, bytes)]);
}

/** Each piece of `length` bytes in a record of its own. */
export function records(bytes: Buffer, length: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(record(bytes.subarray(at, at + length)));
  return Buffer.concat(pieces);
}

export function extension(type: number, content: string | Buffer): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
  return Buffer.concat([Buffer.from([type >> 8, type & 255]), vector(2, bytes)]);
}

export function serverName(name: string): Buffer {
  return extension(0, vector(2, nameEntry(name)));
}

export function nameEntry(name: string, type = 0): Buffer {
  return Buffer.concat([Buffer.from([type]), vector(2, Buffer.from(name, "latin1"))]);
}

export function vector(lengthBytes: 1 | 2, bytes: Buffer, length = bytes.length): Buffer {
  const head = Buffer.alloc(lengthBytes);
  head.writeUIntBE(length, 0, lengthBytes);
  return Buffer.concat([head, bytes]);
}
