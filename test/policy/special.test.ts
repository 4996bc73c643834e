import { describe, expect, test } from "bun:test";
import { parseAddress, parseCidr } from "../../src/policy/address.ts";
import { carriedIpv4, opensSpecial, specialOf } from "../../src/policy/special.ts";

// Each row: the first and the last address of a range | its kind | addresses next to it, and theirs ("-": none).
const ranges = [
  ["0.0.0.0", "0.255.255.255", "this-network", "1.0.0.0 -"],
  ["10.0.0.0", "10.255.255.255", "private", "9.255.255.255 -, 11.0.0.0 -"],
  ["100.64.0.0", "100.127.255.255", "shared", "100.63.255.255 -, 100.128.0.0 -"],
  ["127.0.0.0", "127.255.255.255", "loopback", "126.255.255.255 -, 128.0.0.0 -"],
  ["172.16.0.0", "172.31.255.255", "private", "172.15.255.255 -, 172.32.0.0 -"],
  ["192.0.0.0", "192.0.0.7", "protocol", "191.255.255.255 -, 192.0.0.8 dummy"],
  ["192.0.0.170", "192.0.0.171", "protocol", "192.0.0.172 protocol"],
  ["192.0.0.11", "192.0.0.255", "protocol", "192.0.0.9 -, 192.0.0.10 -, 192.0.1.0 -"],
  ["192.0.2.0", "192.0.2.255", "documentation", "192.0.1.255 -, 192.0.3.0 -"],
  ["192.88.99.0", "192.88.99.255", "relay", "192.88.98.255 -, 192.88.100.0 -"],
  ["192.168.0.0", "192.168.255.255", "private", "192.167.255.255 -, 192.169.0.0 -"],
  ["198.18.0.0", "198.19.255.255", "benchmarking", "198.17.255.255 -, 198.20.0.0 -"],
  ["198.51.100.0", "198.51.100.255", "documentation", "198.51.99.255 -, 198.51.101.0 -"],
  ["203.0.113.0", "203.0.113.255", "documentation", "203.0.112.255 -, 203.0.114.0 -"],
  ["224.0.0.0", "239.255.255.255", "multicast", "223.255.255.255 -"],
  ["240.0.0.0", "255.255.255.254", "reserved", "255.255.255.255 broadcast"],
  ["::1", "::1", "loopback", ":: this-network, ::2 this-network"],
  ["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "translation", "64:ff9b:2:: reserved"],
  ["100::", "100::ffff:ffff:ffff:ffff", "discard", "ff:ffff:: reserved, 100:0:0:1:: dummy"],
  ["100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", "dummy", "100:0:0:2:: reserved"],
  ["2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "teredo", "2000:ffff:: -, 2001:1:: protocol"],
  ["2001:1::4", "2001:1:ffff::", "protocol", "2001:1::1 -, 2001:1::2 -, 2001:1::3 -"],
  ["2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarking", "2001:2:1:: protocol, 2001:3:: -"],
  ["2001:4::", "2001:4:111:ffff::", "protocol", "2001:4:112:: -, 2001:4:113:: protocol"],
  ["2001:10::", "2001:1f:ffff::", "identifier", "2001:f:: protocol, 2001:20:: -"],
  ["2001:40::", "2001:1ff:ffff::", "protocol", "2001:3f:ffff:: -, 2001:200:: -"],
  ["2001:db8::", "2001:db8:ffff:ffff::", "documentation", "2001:db7:ffff:: -, 2001:db9:: -"],
  ["3fff::", "3fff:fff:ffff::", "documentation", "3ffe:ffff:: -, 3fff:1000:: -"],
  ["5f00::", "5f00:ffff::", "segment", "5eff:ffff:: reserved, 5f01:: reserved"],
  ["4000::", "5eff:ffff::", "reserved", "3fff:ffff:: -"],
  ["8000::", "fbff:ffff::", "reserved", "7fff:ffff:: reserved, fc00:: private"],
  ["fc00::", "fdff:ffff::", "private", "fe00:: reserved"],
  ["fe80::", "febf:ffff::", "link-local", "fe7f:ffff:: reserved, fec0:: site-local"],
  ["fec0::", "feff:ffff::", "site-local", "ff00:: multicast"],
  ["ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast", "feff:ffff:: site-local"],
  ["169.254.0.0", "169.254.255.255", "metadata", "169.253.255.255 -, 169.255.0.0 -"],
  ["100.100.100.200", "100.100.100.200", "metadata", "100.100.100.201 shared"],
  ["168.63.129.16", "168.63.129.16", "metadata", "168.63.129.15 -, 168.63.129.17 -"],
  ["192.0.0.192", "192.0.0.192", "metadata", "192.0.0.193 protocol"],
  ["fd00:ec2::", "fd00:ec2:ffff::", "metadata", "fd00:ec1:ffff:: private, fd00:ec3:: private"],
  ["fd20:ce::254", "fd20:ce::254", "metadata", "fd20:ce::255 private"],
  ["fd00:c1::a9fe:a9fe", "fd00:c1::a9fe:a9fe", "metadata", "fd00:c1::a9fe:a9ff private"],
  ["fd00:42::42", "fd00:42::42", "metadata", "fd00:42::43 private"],
  ["fd00:100::100:200", "fd00:100::100:200", "metadata", "fd00:100::100:201 private"],
] as const;

test.each(ranges)("from %s to %s is %s, next to %s", (first, last, kind, neighbours) => {
  const addresses = neighbours.split(", ").map((neighbour) => neighbour.split(" ")[0] ?? "");

  expect([kindOf(first), kindOf(last)]).toEqual([kind, kind]);
  expect(addresses.map((address) => `${address} ${kindOf(address)}`).join(", ")).toBe(neighbours);
});

test("what the registries call globally reachable, or do not name, is like any other address", () => {
  const addresses = [
    "1.1.1.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.175.48.1",
    "2620:4f:8000::1",
    "2a00::1",
    "2001:20::1",
  ];

  for (const address of addresses) expect(`${address} ${kindOf(address)}`).toBe(`${address} -`);
});

// Each row: how it carries it | the address | the one carried | the range | its kind.
const carriers = [
  ["NAT64", "64:ff9b::a01:203", "10.1.2.3", "64:ff9b::a00:0/104", "private"],
  ["NAT64, written with a quad", "64:ff9b::127.0.0.1", "127.0.0.1", "64:ff9b::7f00:0/104", "loopback"],
  ["NAT64, and public", "64:ff9b::8.8.8.8", "8.8.8.8", undefined, undefined],
  ["NAT64, and in an exception", "64:ff9b::192.0.0.9", "192.0.0.9", undefined, undefined],
  ["6to4", "2002:a9fe:a9fe::1", "169.254.169.254", "2002:a9fe::/32", "metadata"],
  [
    "6to4 with anything behind it",
    "2002:6464:64c8:1:2:3:4:5",
    "100.100.100.200",
    "2002:6464:64c8::/48",
    "metadata",
  ],
  ["6to4, and public", "2002:808:808::1", "8.8.8.8", undefined, undefined],
  ["IPv4-compatible", "::127.0.0.1", "127.0.0.1", "::7f00:0/104", "loopback"],
  ["IPv4-compatible, and public, but of no network", "::8.8.8.8", "8.8.8.8", "::/3", "reserved"],
  ["IPv4-translated", "::ffff:0:169.254.169.254", "169.254.169.254", "::ffff:0:a9fe:0/112", "metadata"],
  ["ISATAP", "2a00:1:2:3:0:5efe:10.0.0.1", "10.0.0.1", "2a00:1:2:3:0:5efe:a00:0/104", "private"],
  [
    "ISATAP, said to be unique",
    "2a00::200:5efe:192.168.1.1",
    "192.168.1.1",
    "2a00::200:5efe:c0a8:0/112",
    "private",
  ],
  ["ISATAP, and public", "2a00::200:5efe:8.8.8.8", "8.8.8.8", undefined, undefined],
  ["ISATAP on a link, and public", "fe80::5efe:8.8.8.8", "8.8.8.8", "fe80::/10", "link-local"],
] as const;

test.each(carriers)("an address in another is judged, too: %s", (_, text, carried, range, kind) => {
  const address = parsed(text);

  expect(carriedIpv4(address)).toEqual(parsed(carried));
  expect(specialOf(address)?.range).toBe(range as string);
  expect(specialOf(address)?.kind).toBe(kind as "private");
});

test("an IPv4 address carries none, nor does any other", () => {
  for (const text of ["10.0.0.1", "::ffff:10.0.0.1", "2a00::1", "64:ff9b:1::a00:1", "2001::a00:1"]) {
    expect(carriedIpv4(parsed(text))).toBeUndefined();
  }
});

describe("a rule's range", () => {
  // The range | an address in it | whether it opens that address.
  const rows = [
    ["10.0.0.0/8", "10.1.2.3", true],
    ["10.1.0.0/16", "10.1.2.3", true],
    ["10.1.2.3", "10.1.2.3", true],
    ["10.2.0.0/16", "10.1.2.3", false],
    ["10.0.0.0/7", "10.1.2.3", false],
    ["0.0.0.0/0", "10.1.2.3", false],
    ["0.0.0.0/0", "8.8.8.8", false],
    ["::/0", "::1", false],
    ["fc00::/7", "fd12::1", true],
    ["fd00::/8", "fd00:ec2::254", false],
    ["fd00:ec2::/32", "fd00:ec2::254", true],
    ["100.64.0.0/10", "100.64.0.1", true],
    ["100.64.0.0/10", "100.100.100.200", false],
    ["100.100.100.200", "100.100.100.200", true],
    ["169.254.0.0/16", "169.254.169.254", true],
    ["169.254.169.254/32", "169.254.169.254", true],
    ["64:ff9b::/96", "64:ff9b::a00:1", false],
    ["64:ff9b::a00:0/104", "64:ff9b::a00:1", true],
    ["10.0.0.0/8", "64:ff9b::a00:1", false],
    ["2002::/16", "2002:a00:1::1", false],
    ["2002:a00::/24", "2002:a00:1::1", true],
    ["8000::/1", "fe80::1", false],
  ] as const;

  test.each(rows)("%s opens %s: %p", (range, address, opens) => {
    expect(opensSpecial(cidr(range), parsed(address))).toBe(opens);
  });
});

function kindOf(text: string): string {
  return specialOf(parsed(text))?.kind ?? "-";
}

function parsed(text: string) {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

function cidr(text: string) {
  const range = parseCidr(text);
  if (range === undefined) throw new Error(`${text} is no range`);
  return range;
}
