import { describe, expect, test } from "bun:test";
import { type Hello, HelloReader } from "../../src/tls/client-hello.ts";
import {
  extension,
  hello,
  helloBody,
  helloFor,
  message,
  nameEntry,
  record,
  records,
  serverName,
  vector,
} from "./hello-wire.ts";
import { chromium, curl, openssl12, openssl12Nameless, openssl13, openssl13Split } from "./hellos.ts";

const EXAMPLE = message(helloBody({ extensions: [serverName("example.com")] }));

// Each row: what it shows | the bytes | the name in them.
const hellos = [
  ["openssl with TLS 1.3", openssl13, "files.example.com"],
  ["openssl with TLS 1.2, spelled as it was sent", openssl12, "Files.Example.com"],
  ["openssl without a name", openssl12Nameless, undefined],
  ["openssl in four records", openssl13Split, "files.example.com"],
  ["curl", curl, "files.example.com"],
  ["Chromium, whose outer name it is", chromium, "files.example.com"],
  ["one record", helloFor("example.com"), "example.com"],
  ["a record for each byte", records(EXAMPLE, 1), "example.com"],
  ["records that cut the header of the message", records(EXAMPLE, 3), "example.com"],
  ["the name as the last extension", hello({ extensions: [extension(43, ""), serverName("a")] }), "a"],
  ["the name as the first", hello({ extensions: [serverName("a"), extension(43, "")] }), "a"],
  [
    "GREASE around it",
    hello({ extensions: [extension(0x1a1a, "\0"), serverName("a"), extension(0xfafa, "")] }),
    "a",
  ],
  ["no extensions, as before TLS 1.3", hello({ block: Buffer.alloc(0) }), undefined],
  ["an empty block of extensions", hello({}), undefined],
  ["no session", hello({ session: Buffer.alloc(0), extensions: [serverName("a")] }), "a"],
  ["a dot at the end", helloFor("example.com."), "example.com."],
  ["bytes that are no name", helloFor("a\0b\xff"), "a\0b\xff"],
  ["a name nearly as long as a hello may be", helloFor("a".repeat(16_000)), "a".repeat(16_000)],
  [
    "something else behind it in the record",
    record(Buffer.concat([EXAMPLE, Buffer.from("more")])),
    "example.com",
  ],
  ["another record behind it", Buffer.concat([record(EXAMPLE), record(Buffer.from("x"), 20)]), "example.com"],
] as const;

const malformed = [
  ["an alert first", record(Buffer.from([1, 0]), 21)],
  ["a change of ciphers first", record(Buffer.from([1]), 20)],
  ["an empty record", Buffer.from([22, 3, 1, 0, 0])],
  ["a record too long", Buffer.from([22, 3, 1, 0x40, 1])],
  [
    "an alert between the records",
    Buffer.concat([record(EXAMPLE.subarray(0, 9)), record(EXAMPLE.subarray(9), 21)]),
  ],
  [
    "another protocol between the records",
    Buffer.concat([record(EXAMPLE.subarray(0, 9)), Buffer.from([22, 2])]),
  ],
  ["a ServerHello", record(message(helloBody({}), 2))],
  ["a message that is too long", record(message(Buffer.alloc(9), 1, 16 * 1024 + 1))],
  ["a message of 16 MiB", record(message(Buffer.alloc(9), 1, 0xff_ffff))],
  ["a message that is too short", record(message(helloBody({}), 1, 20))],
  ["a message of nothing", record(message(Buffer.alloc(0)))],
  ["a message with bytes left behind", record(message(Buffer.concat([helloBody({}), Buffer.alloc(1)])))],
  ["a session of 33 bytes", hello({ session: Buffer.alloc(33) })],
  ["no cipher suites", hello({ suites: Buffer.alloc(0) })],
  ["half a cipher suite", hello({ suites: Buffer.alloc(3) })],
  ["no compression methods", hello({ compression: Buffer.alloc(0) })],
  ["a block of extensions that says more", hello({ block: vector(2, serverName("a"), 99) })],
  ["a block of extensions that says less", hello({ block: vector(2, serverName("a"), 3) })],
  ["half a length of a block", hello({ block: Buffer.from([0]) })],
  ["an extension that says more", hello({ extensions: [Buffer.from([0, 0, 0, 9, 0])] })],
  ["a list of names that says more", hello({ extensions: [extension(0, vector(2, nameEntry("a"), 9))] })],
  ["a list of names that says less", hello({ extensions: [extension(0, vector(2, nameEntry("a"), 3))] })],
  ["a name that says more", hello({ extensions: [extension(0, vector(2, Buffer.from([0, 0, 9, 65])))] })],
  ["a name that says less", hello({ extensions: [extension(0, vector(2, Buffer.from([0, 0, 1, 65, 66])))] })],
  [
    "two names",
    hello({ extensions: [extension(0, vector(2, Buffer.concat([nameEntry("a"), nameEntry("b")])))] }),
  ],
  ["a name of another type", hello({ extensions: [extension(0, vector(2, nameEntry("a", 1)))] })],
  ["an empty name", helloFor("")],
  ["an empty list of names", hello({ extensions: [extension(0, vector(2, Buffer.alloc(0)))] })],
  ["a server's empty extension", hello({ extensions: [extension(0, "")] })],
  ["the extension twice", hello({ extensions: [serverName("a"), serverName("a")] })],
  ["another extension twice", hello({ extensions: [extension(43, ""), extension(43, ""), serverName("a")] })],
  [
    "extensions without end",
    hello({ extensions: Array.from({ length: 300 }, (_, at) => extension(at + 100, "")) }),
  ],
] as const;

const others = [
  ["HTTP", Buffer.from("GET / HTTP/1.1\r\n")],
  ["SSH", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")],
  [
    "the hello of SSL 2",
    Buffer.from("802e0100020015000000100100800200800300800400800500800600400700c0", "hex"),
  ],
  ["a record of SSL 2", Buffer.from([22, 2, 0, 0, 1])],
  ["zeros", Buffer.alloc(9)],
] as const;

// TCP may cut anywhere.
const deliveries = {
  "in one piece": (bytes: Buffer) => [bytes],
  "byte by byte": (bytes: Buffer) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
  "in pieces of seven": (bytes: Buffer) =>
    Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) => bytes.subarray(7 * at, 7 * at + 7)),
};

for (const [delivery, split] of Object.entries(deliveries)) {
  describe(`the first of a tunnel, ${delivery}`, () => {
    test.each(hellos)("is a hello: %s", (_, bytes, name) => {
      expect(read(split(bytes))).toEqual({ kind: "tls", serverName: name });
    });

    test.each(malformed)("is a hello that a server might read otherwise: %s", (_, bytes) => {
      expect(read(split(bytes))).toMatchObject({ kind: "malformed", why: expect.any(String) });
    });

    test.each(others)("is not TLS: %s", (_, bytes) => {
      expect(read(split(bytes))).toMatchObject({ kind: "other", why: expect.any(String) });
    });
  });
}

test("nothing is known before the last byte, and the same ever after", () => {
  const reader = new HelloReader();
  const bytes = helloFor("example.com");

  expect(reader.take(bytes.subarray(0, -1))).toBeUndefined();
  expect(reader.take(bytes.subarray(-1))).toMatchObject({ serverName: "example.com" });
  expect(reader.take(Buffer.from("anything"))).toMatchObject({ serverName: "example.com" });
});

test("what can't be TLS is known by its first bytes: it may be waiting for an answer", () => {
  expect(read([Buffer.from("G")])).toMatchObject({ kind: "other" });
  expect(read([Buffer.from([22]), Buffer.from([4])])).toMatchObject({ kind: "other" });
});

test("a cut anywhere finds the same name", () => {
  for (let at = 1; at < chromium.length; at += 1) {
    const found = read([chromium.subarray(0, at), chromium.subarray(at)]);
    if (found?.kind !== "tls" || found.serverName !== "files.example.com")
      expect({ at, found }).toBeUndefined();
  }
});

test("a hello in more records than anybody needs is given up, having kept little", () => {
  const big = message(helloBody({ extensions: [extension(21, Buffer.alloc(9_000)), serverName("a")] }));
  const reader = new HelloReader();
  let taken = 0;
  let found: Hello | undefined;
  for (const byte of records(big, 1)) {
    if (found !== undefined) break;
    found = reader.take(Buffer.from([byte]));
    taken += 1;
  }

  expect(found).toMatchObject({ kind: "malformed", why: "the hello comes in too many records" });
  expect(taken).toBeLessThan(21 * 1024);
});

/** The first answer that is one. */
function read(pieces: readonly Buffer[]): Hello | undefined {
  const reader = new HelloReader();
  for (const piece of pieces) {
    const found = reader.take(piece);
    if (found !== undefined) return found;
  }
  return undefined;
}
