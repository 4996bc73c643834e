/**
 * Every way in which some program has been seen to write an address: what comes
 * out is that address in its one spelling, or nothing does.
 */
import { expect, test } from "bun:test";
import { Dice } from "../../scripts/fuzz/dice.ts";
import { ProtocolError } from "../../src/http1/error.ts";
import { parseTarget } from "../../src/http1/target.ts";
import { formatAddress, parseAddress } from "../../src/policy/address.ts";

const SPELLINGS = 20_000;

test("an IPv4 address, however it is spelled, is that address or refused", () => {
  const dice = new Dice(20_260_101);
  let read = 0;
  for (let at = 0; at < SPELLINGS; at++) {
    const bytes = [dice.pick([127, 10, 169, 0, 255]), dice.below(256), dice.pick([0, 254]), dice.below(256)];
    const host = readHost(spellIpv4(dice, bytes));
    if (host === undefined) continue;
    read += 1;
    expect(host).toBe(bytes.join("."));
  }
  expect(read).toBeGreaterThan(SPELLINGS / 20);
});

test("an IPv6 address, however it is spelled, is that address or refused", () => {
  const dice = new Dice(20_260_102);
  let read = 0;
  for (let at = 0; at < SPELLINGS; at++) {
    const groups = Array.from({ length: 8 }, () => dice.pick([0, 0, 0xffff, 1, dice.below(0x1_0000)]));
    const host = readHost(`[${spellIpv6(dice, groups)}]`);
    if (host === undefined) continue;
    read += 1;
    expect(host).toBe(written(groups.map((group) => group.toString(16)).join(":")));
  }
  expect(read).toBeGreaterThan(SPELLINGS / 4);
});

test("an address that carries IPv4 is the one that the policy reads", () => {
  const dice = new Dice(20_260_103);
  for (let at = 0; at < 1_000; at++) {
    const prefix = dice.pick([
      "::ffff:",
      "::FFFF:",
      "0:0:0:0:0:ffff:",
      "::",
      "64:ff9b::",
      "::ffff:0:",
      "::5efe:",
    ]);
    const bytes = Array.from({ length: 4 }, () => dice.below(256));
    const inHex = [0, 2]
      .map((byte) => ((bytes[byte] ?? 0) * 256 + (bytes[byte + 1] ?? 0)).toString(16))
      .join(":");

    const hosts = [bytes.join("."), inHex].map((tail) => readHost(`[${prefix}${tail}]`));
    expect(hosts).toEqual([written(prefix + inHex), written(prefix + inHex)]);
  }
});

test("what is no address to the policy is no address to the target", () => {
  const dice = new Dice(20_260_104);
  const pieces = [
    "0",
    "1",
    "127",
    "256",
    "f",
    "0x7f",
    "ffff",
    "10000",
    ":",
    "::",
    ".",
    "%",
    "x",
    "-",
    "[",
    "]",
  ];
  for (let at = 0; at < SPELLINGS; at++) {
    const text = Array.from({ length: 1 + dice.below(9) }, () => dice.pick(pieces)).join("");
    const address = text.includes(":") ? parseAddress(text) : undefined;

    expect(`[${text}] ${readHost(`[${text}]`)}`).toBe(`[${text}] ${address && formatAddress(address)}`);
  }
});

/** As inet_aton and its children read it: up to four parts in three bases, the last as long as what is left. */
function spellIpv4(dice: Dice, bytes: readonly number[]): string {
  const count = dice.pick([4, 4, 4, 3, 2, 1]);
  const last = bytes.slice(count - 1).reduce((word, byte) => word * 256 + byte, 0);
  const parts = [...bytes.slice(0, count - 1), last].map((part) => spellNumber(dice, part));
  const text = parts.join(dice.pick([".", ".", ".", ".", "%2e", "\u3002"]));
  return text + dice.pick(["", "", "", ".", "..", "%00"]);
}

function spellNumber(dice: Dice, value: number): string {
  const decimal = String(value);
  if (dice.below(8) > 0) return decimal;
  return dice.pick([
    `0x${value.toString(16)}`,
    `0X00${value.toString(16).toUpperCase()}`,
    `0${value.toString(8)}`,
    `0${decimal}`,
    decimal.replace(/[0-9]/, (digit) => `%3${digit}`),
    decimal.replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  ]);
}

function spellIpv6(dice: Dice, groups: readonly number[]): string {
  const texts = groups.map((group) => {
    const hex = group.toString(16).padStart(dice.pick([1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 5]), "0");
    return dice.pick([hex, hex.toUpperCase()]);
  });
  const zero = groups.indexOf(0);
  if (zero < 0 || dice.pick([true, false])) return texts.join(":");
  let end = zero;
  while (groups[end] === 0 && (end === zero || dice.pick([true, true, false]))) end += 1;
  return `${texts.slice(0, zero).join(":")}::${texts.slice(end).join(":")}`;
}

function written(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return formatAddress(address);
}

/** Undefined: refused. */
function readHost(host: string): string | undefined {
  try {
    const target = parseTarget("CONNECT", `${host}:443`);
    return "origin" in target ? target.origin.host : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
