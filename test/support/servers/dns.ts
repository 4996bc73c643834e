/**
 * A DNS server (RFC 1035) on a free UDP port, whose answers a test decides one
 * question at a time and may change between two of them. It knows A, AAAA and
 * CNAME, notes what it was asked, and can also say nothing at all.
 */
import { parseAddress } from "../../../src/policy/address.ts";

export type RecordType = "A" | "AAAA" | "CNAME";

export interface DnsQuestion {
  /** As it was asked, the case too, without a dot at the end. */
  readonly name: string;
  /** Types that the server does not know are never passed on; they have no records. */
  readonly type: "A" | "AAAA";
}

export interface DnsRecord {
  readonly type: RecordType;
  /** An address, or the name that a CNAME leads to. */
  readonly value: string;
  /** Seconds; 0 when left out. */
  readonly ttl?: number;
  /** Whose record it is; the name that was asked for when left out. */
  readonly name?: string;
}

export interface DnsAnswer {
  readonly records?: readonly DnsRecord[];
  /** NOERROR when left out. */
  readonly code?: "NOERROR" | "FORMERR" | "SERVFAIL" | "NXDOMAIN" | "REFUSED";
}

/** Undefined: no answer at all. */
export type Answering = (question: DnsQuestion) => DnsAnswer | undefined;

export interface DnsServer extends Disposable {
  /** `127.0.0.1:PORT` or `[::1]:PORT` */
  readonly authority: string;
  /** Every question for an address, in order. */
  readonly asked: readonly DnsQuestion[];
  /** How often a name was asked for, A and AAAA together. */
  countOf(name: string): number;
}

const TYPES: Readonly<Record<RecordType, number>> = { A: 1, AAAA: 28, CNAME: 5 };
const CODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };
const CLASS_IN = 1;
const HEAD_BYTES = 12;

/** A response, recursion desired and available. */
const FLAGS = 0x8180;

export async function startDnsServer(answer: Answering, hostname = "127.0.0.1"): Promise<DnsServer> {
  const asked: DnsQuestion[] = [];
  const socket = await Bun.udpSocket({
    hostname,
    socket: {
      data: (socket, packet, port, address) => {
        const { name, type, end } = readQuestion(packet);
        let told: DnsAnswer | undefined = {};
        if (type === TYPES.A || type === TYPES.AAAA) {
          const question: DnsQuestion = { name, type: type === TYPES.A ? "A" : "AAAA" };
          asked.push(question);
          told = answer(question);
        }
        if (told !== undefined) socket.send(writeAnswer(packet, end, name, told), port, address);
      },
    },
  });
  return {
    authority: hostname.includes(":") ? `[${hostname}]:${socket.port}` : `${hostname}:${socket.port}`,
    asked,
    countOf: (name) => asked.filter((question) => question.name === name).length,
    [Symbol.dispose]: () => socket.close(),
  };
}

/** The usual answer: those of the addresses that are of the type asked for. */
export function addressesFor({ type }: DnsQuestion, addresses: readonly string[], ttl = 0): DnsAnswer {
  const ofType = addresses.filter((address) => address.includes(":") === (type === "AAAA"));
  return { records: ofType.map((value) => ({ type, value, ttl })) };
}

function readQuestion(packet: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEAD_BYTES;
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    labels.push(packet.latin1Slice(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), type: packet.readUInt16BE(at + 1), end: at + 5 };
}

function writeAnswer(packet: Buffer, end: number, asked: string, { records = [], code }: DnsAnswer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(packet.readUInt16BE(0), 0);
  head.writeUInt16BE(FLAGS | CODES[code ?? "NOERROR"], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([
    head,
    packet.subarray(HEAD_BYTES, end),
    ...records.map((record) => writeRecord(record, asked)),
  ]);
}

function writeRecord({ type, value, ttl = 0, name }: DnsRecord, asked: string): Buffer {
  const data = type === "CNAME" ? writeName(value) : writeAddress(value);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPES[type], 0);
  fixed.writeUInt16BE(CLASS_IN, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([writeName(name ?? asked), fixed, data]);
}

function writeName(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label, "latin1")]));
  return Buffer.concat([...labels, Buffer.alloc(1)]);
}

/** Of an AAAA record also `::ffff:127.0.0.1`: such a name is one of the tricks. */
function writeAddress(text: string): Buffer {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`Cannot write ${text}: it is no address`);
  const bytes = Buffer.alloc(16);
  for (const [at, word] of [address.w0, address.w1, address.w2, address.w3].entries()) {
    bytes.writeUInt32BE(word, at * 4);
  }
  return text.includes(":") ? bytes : bytes.subarray(12);
}
