/**
 * Reads the first that a TLS client says (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2), as
 * it passes by: bytes in, the name it asks for out. It decrypts nothing, and
 * knows neither what the name should be nor what happens to the bytes.
 *
 * A hello may come in as many records as it has bytes (§5.1), and a record in as
 * many pieces. Nothing is read twice, and what is kept is bounded. Strict, since
 * a server must not find another name in it than we do: what begins like TLS and
 * is not exactly a ClientHello is malformed, and not just something else.
 *
 * With Encrypted Client Hello the name is the outer one: what the server's
 * operator shows to everybody (RFC 9849).
 */
import { Malformed, readServerName } from "./server-name.ts";

export type Hello =
  /** The name as it was sent, not compared or checked: any bytes, one character each. Undefined: it asks for none. */
  | { readonly kind: "tls"; readonly serverName: string | undefined }
  /** It begins like TLS, and a server might read what we can't. */
  | { readonly kind: "malformed"; readonly why: string }
  | { readonly kind: "other"; readonly why: string };

/** Ten times what browsers send with post-quantum keys. */
const HELLO_BYTES_MAX = 16 * 1024;

/** With the headers of records, for a hello in more pieces than anybody needs. */
const TAKEN_BYTES_MAX = HELLO_BYTES_MAX + 4 * 1024;

const RECORD_HEADER_BYTES = 5;
const RECORD_BYTES_MAX = 2 ** 14;
const MESSAGE_HEADER_BYTES = 4;

/** change_cipher_spec, alert, handshake, application_data, heartbeat. */
const RECORD_TYPES = { first: 20, handshake: 22, last: 24 };
const CLIENT_HELLO = 1;

export class HelloReader {
  #hello: Hello | undefined;
  #takenBytes = 0;
  readonly #header = Buffer.alloc(RECORD_HEADER_BYTES);
  #headerBytes = 0;
  /** What the record still has of the message. */
  #recordBytes = 0;
  /** The handshake message, header and all. */
  #message = Buffer.alloc(1024);
  #messageBytes = 0;

  /** Undefined: more has to come. Once it is known, it stays. */
  take(bytes: Buffer): Hello | undefined {
    try {
      this.#hello ??= this.#read(bytes);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#hello = { kind: "malformed", why: error.message };
    }
    return this.#hello;
  }

  #read(bytes: Buffer): Hello | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#recordBytes === 0) {
        const other = this.#takeHeader(bytes.readUInt8(at++));
        if (other !== undefined) return other;
      } else {
        const piece = bytes.subarray(at, at + this.#recordBytes);
        at += piece.length;
        this.#takeMessage(piece);
        if (this.#isComplete()) return { kind: "tls", serverName: readServerName(this.#body()) };
      }
    }
    this.#takenBytes += bytes.length;
    if (this.#takenBytes > TAKEN_BYTES_MAX) throw new Malformed("the hello comes in too many records");
    return undefined;
  }

  /** Each byte is judged at once: what is not TLS may be waiting for an answer to its first. */
  #takeHeader(byte: number): Hello | undefined {
    const at = this.#headerBytes++;
    this.#header[at] = byte;
    const isFirst = this.#messageBytes === 0;
    if (at === 0 && byte !== RECORD_TYPES.handshake) {
      const isTls = byte >= RECORD_TYPES.first && byte <= RECORD_TYPES.last;
      if (isFirst && !isTls) return { kind: "other", why: "it does not begin with a TLS record" };
    }
    if (at === 1 && byte !== 3) {
      if (isFirst) return { kind: "other", why: "it does not begin with a TLS record" };
      throw new Malformed("a record of another protocol");
    }
    if (this.#headerBytes === RECORD_HEADER_BYTES) this.#beginRecord();
    return undefined;
  }

  #beginRecord(): void {
    if (this.#header[0] !== RECORD_TYPES.handshake)
      throw new Malformed("a record of another type in the hello");
    const length = this.#header.readUInt16BE(3);
    if (length === 0 || length > RECORD_BYTES_MAX) throw new Malformed("a record's length is out of range");
    this.#recordBytes = length;
    this.#headerBytes = 0;
  }

  #takeMessage(piece: Buffer): void {
    this.#recordBytes -= piece.length;
    const before = this.#messageBytes;
    // What follows the hello in its record is the server's to judge.
    const wanted = Math.min(piece.length, MESSAGE_HEADER_BYTES + HELLO_BYTES_MAX - before);
    if (before + wanted > this.#message.length) this.#grow(before + wanted);
    piece.copy(this.#message, before, 0, wanted);
    this.#messageBytes += wanted;
    if (before === 0 && this.#message[0] !== CLIENT_HELLO)
      throw new Malformed("the first message is no ClientHello");
    if (before < MESSAGE_HEADER_BYTES && this.#bodyBytes() > HELLO_BYTES_MAX)
      throw new Malformed("the hello is too long");
  }

  #grow(bytes: number): void {
    const message = Buffer.alloc(Math.max(bytes, 2 * this.#message.length));
    this.#message.copy(message, 0, 0, this.#messageBytes);
    this.#message = message;
  }

  /** As the message says; 0 until it has. */
  #bodyBytes(): number {
    return this.#messageBytes < MESSAGE_HEADER_BYTES ? 0 : this.#message.readUIntBE(1, 3);
  }

  #isComplete(): boolean {
    return (
      this.#messageBytes >= MESSAGE_HEADER_BYTES &&
      this.#messageBytes >= MESSAGE_HEADER_BYTES + this.#bodyBytes()
    );
  }

  #body(): Buffer {
    return this.#message.subarray(MESSAGE_HEADER_BYTES, MESSAGE_HEADER_BYTES + this.#bodyBytes());
  }
}
