import { describe, expect, test } from "bun:test";
import {
  cidrContains,
  formatAddress,
  isLoopback,
  isUnspecified,
  parseAddress,
  parseCidr,
} from "../../src/policy/address.ts";

// What is written | how it is written back: RFC 5952, and IPv4 for what is mapped from it.
const addresses = [
  ["0.0.0.0", "0.0.0.0"],
  ["127.0.0.1", "127.0.0.1"],
  ["255.255.255.255", "255.255.255.255"],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["fe80::1", "fe80::1"],
  ["2001:DB8::A", "2001:db8::a"],
  ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ["::1.2.3.4", "::102:304"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::FFFF:0a00:0001", "10.0.0.1"],
  ["0:0:0:0:0:ffff:255.255.255.255", "255.255.255.255"],
  ["::ffff:0:1.2.3.4", "::ffff:0:102:304"],
] as const;

test.each(addresses)("reads %s and writes %s", (text, written) => {
  const address = parseAddress(text);

  expect(address && formatAddress(address)).toBe(written);
  expect(parseAddress(written)).toEqual(address);
});

const noAddresses = [
  ["nothing", ""],
  ["a name", "localhost"],
  ["three quads", "1.2.3"],
  ["five quads", "1.2.3.4.5"],
  ["a quad above 255", "1.2.3.256"],
  ["a quad of four digits", "1.2.3.0001"],
  ["a leading zero, octal to some", "127.0.0.01"],
  ["a hex quad", "0x7f.0.0.1"],
  ["one number", "2130706433"],
  ["a short form", "127.1"],
  ["an empty quad", "1..2.3"],
  ["a sign", "+1.2.3.4"],
  ["a space", " 1.2.3.4"],
  ["a line feed at the end", "1.2.3.4\n"],
  ["a full-width digit", "１.2.3.4"],
  ["a port", "1.2.3.4:80"],
  ["a range", "1.2.3.0/24"],
  ["one colon", ":"],
  ["three colons", ":::"],
  ["two runs of zeros", "1::2::3"],
  ["seven groups", "1:2:3:4:5:6:7"],
  ["nine groups", "1:2:3:4:5:6:7:8:9"],
  ["eight groups and a run of none", "1:2:3:4::5:6:7:8"],
  ["a group of five digits", "::12345"],
  ["a digit that is none", "::g"],
  ["a colon at the end", "1:2:3:4:5:6:7:"],
  ["a colon at the front", ":2:3:4:5:6:7:8"],
  ["a zone", "fe80::1%eth0"],
  ["brackets", "[::1]"],
  ["a quad in the middle", "::1.2.3.4:5"],
  ["a quad before the run", "1.2.3.4::"],
  ["a bad quad at the end", "::ffff:1.2.3.256"],
  ["a quad where it is too much", "1:2:3:4:5:6:7:1.2.3.4"],
  ["a line feed after it", "::1\n"],
] as const;

test.each(noAddresses)("refuses %s", (_, text) => {
  expect(parseAddress(text)).toBeUndefined();
});

// A range | an address | whether it lies in it.
const matches = [
  ["10.0.0.0/8", "10.255.255.255", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.0.0.0/8", "9.255.255.255", false],
  ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["10.0.0.0/8", "::10.1.2.3", false],
  ["192.168.1.128/25", "192.168.1.128", true],
  ["192.168.1.128/25", "192.168.1.127", false],
  ["0.0.0.0/0", "255.255.255.255", true],
  ["0.0.0.0/0", "::1", false],
  ["::/0", "::1", true],
  ["::/0", "10.0.0.1", false],
  ["::/0", "::ffff:10.0.0.1", false],
  ["::ffff:10.0.0.0/104", "10.9.9.9", true],
  ["::ffff:0:0/96", "1.2.3.4", true],
  ["1.2.3.4", "1.2.3.4", true],
  ["1.2.3.4/32", "1.2.3.5", false],
  ["2001:db8::/32", "2001:db8:ffff::1", true],
  ["2001:db8::/32", "2001:db9::", false],
  ["fe80::/10", "febf::1", true],
  ["fe80::/10", "fec0::1", false],
  ["2001:db8:0:8000::/49", "2001:db8:0:8000::1", true],
  ["2001:db8:0:8000::/49", "2001:db8:0:7fff::1", false],
  ["2001:db8::1:0:0/96", "2001:db8::1:1:1", true],
  ["2001:db8::1:0:0/96", "2001:db8::2:1:1", false],
  ["::1", "::1", true],
  ["::1/128", "::2", false],
] as const;

test.each(matches)("%s and %s: %p", (range, text, isInside) => {
  const cidr = parseCidr(range);
  const address = parseAddress(text);

  expect(cidr && address && cidrContains(cidr, address)).toBe(isInside);
});

const noRanges = [
  ["nothing", ""],
  ["no prefix after the slash", "10.0.0.0/"],
  ["no address before it", "/8"],
  ["bits behind the prefix", "10.0.0.1/8"],
  ["bits behind the prefix, IPv6", "2001:db8::1/64"],
  ["a bit behind the prefix in each word", "1:0:1::/16"],
  ["a prefix too long", "10.0.0.0/33"],
  ["a prefix too long, IPv6", "::/129"],
  ["a prefix with a leading zero", "10.0.0.0/08"],
  ["a prefix with a sign", "10.0.0.0/+8"],
  ["a mask in its place", "10.0.0.0/255.0.0.0"],
  ["two slashes", "10.0.0.0/8/8"],
  ["a name", "example.com/8"],
  ["a mapped range wider than IPv4", "::ffff:0:0/90"],
] as const;

test.each(noRanges)("refuses a range with %s", (_, text) => {
  expect(parseCidr(text)).toBeUndefined();
});

describe("of an address it knows", () => {
  // The address | loopback | unspecified.
  const kinds = [
    ["127.0.0.1", true, false],
    ["127.255.255.254", true, false],
    ["126.255.255.255", false, false],
    ["128.0.0.1", false, false],
    ["0.0.0.0", false, true],
    ["::", false, true],
    ["::1", true, false],
    ["::2", false, false],
    ["1::1", false, false],
    ["::ffff:127.0.0.1", true, false],
    ["::ffff:0.0.0.0", false, true],
    ["::127.0.0.1", false, false],
    ["255.255.255.255", false, false],
  ] as const;

  test.each(kinds)("%s: loopback %p, unspecified %p", (text, loopback, unspecified) => {
    const address = parseAddress(text);

    expect(address && isLoopback(address)).toBe(loopback);
    expect(address && isUnspecified(address)).toBe(unspecified);
  });
});
