import { expect, test } from "bun:test";
import { normaliseHost, normaliseName } from "../../src/policy/host-name.ts";

const hosts = [
  ["a name", "example.com", "example.com"],
  ["capitals", "Example.COM", "example.com"],
  ["a dot at the end", "example.com.", "example.com"],
  ["what is below", "*.Example.com", "*.example.com"],
  ["both", ".example.com.", ".example.com"],
  ["one label", "localhost", "localhost"],
  ["an underscore", "_dmarc.example.com", "_dmarc.example.com"],
  ["digits that are no address", "1e3", "1e3"],
  ["punycode as it is", "xn--mnchen-3ya.de", "xn--mnchen-3ya.de"],
  ["an umlaut", "München.de", "xn--mnchen-3ya.de"],
  ["a sharp s, which is not ss", "faß.de", "xn--fa-hia.de"],
  ["a name in Cyrillic with a wildcard", "*.МОСКВА.рф", "*.xn--80adxhks.xn--p1ai"],
  ["an ideographic dot", "日本。jp", "xn--wgv71a.jp"],
  ["an IPv4 address", "192.0.2.1", "192.0.2.1"],
  ["an IPv6 address", "2001:DB8:0::1", "2001:db8::1"],
  ["an IPv6 address in brackets", "[::1]", "::1"],
  ["an IPv4 address mapped into IPv6", "::ffff:192.0.2.1", "192.0.2.1"],
] as const;

test.each(hosts)("takes %s", (_, text, normal) => {
  expect(normaliseHost(text)).toBe(normal);
  expect(normaliseHost(normal)).toBe(normal);
});

const noHosts = [
  ["nothing", ""],
  ["a dot", "."],
  ["a star", "*"],
  ["a star and a dot", "*."],
  ["two dots at the front", "..example.com"],
  ["two stars", "*.*.example.com"],
  ["a star in the middle", "www.*.com"],
  ["an empty label", "a..b"],
  ["two dots at the end", "example.com.."],
  ["a hyphen at the front", "-a.example"],
  ["a hyphen at the end of a label", "a-.example"],
  ["a label of 64", `${"a".repeat(64)}.example`],
  ["a name of 254", `${"a.".repeat(126)}ab`],
  ["a name without end", "ü".repeat(10_000)],
  ["a space", "a b"],
  ["a line feed", "example.com\n"],
  ["a line feed beside an umlaut", "exämple.com\n"],
  ["a port", "example.com:80"],
  ["a path", "example.com/x"],
  ["a path beside an umlaut", "exämple.com/x"],
  ["a user", "user@example.com"],
  ["percent-encoding", "ex%61mple.com"],
  ["a soft hyphen, which is left out by some", "ex\u00adample.com"],
  ["a letter in a circle", "ⓔxample.com"],
  ["a short IPv4 address", "127.1"],
  ["a hex IPv4 address", "0x7f.0.0.1"],
  ["an IPv4 address in one number", "2130706433"],
  ["an IPv4 address in full-width digits", "１２７.0.0.1"],
  ["an octal IPv4 address", "0177.0.0.1"],
  ["a name that ends in a number", "example.1"],
  ["an IPv4 address in brackets", "[192.0.2.1]"],
  ["a name in brackets", "[example.com]"],
  ["what would be below an address", "*.192.0.2.1"],
  ["a range", "192.0.2.0/24"],
  ["a zone", "fe80::1%eth0"],
] as const;

test.each(noHosts)("refuses %s", (_, text) => {
  expect(normaliseHost(text)).toBeUndefined();
});

test("a name to ask for has no wildcard", () => {
  expect(normaliseName("Example.com")).toBe("example.com");
  expect(normaliseName("*.example.com")).toBeUndefined();
  expect(normaliseName(".example.com")).toBeUndefined();
});
