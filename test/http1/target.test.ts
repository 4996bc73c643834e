import { describe, expect, test } from "bun:test";
import { ProtocolError } from "../../src/http1/error.ts";
import { checkHost, isHostValue, parseTarget } from "../../src/http1/target.ts";

// Each row: what it shows | the target | host, port and authority | the path.
const absolute = [
  ["a host and a path", "http://example.com/a/b", ["example.com", 80, "example.com"], "/a/b"],
  ["no path", "http://example.com", ["example.com", 80, "example.com"], "/"],
  ["a query alone", "http://example.com?q=1", ["example.com", 80, "example.com"], "/?q=1"],
  ["a path and a query", "http://example.com/?q=/a?b", ["example.com", 80, "example.com"], "/?q=/a?b"],
  ["a path kept as it is spelled", "http://a/%7e/../B//c;d=%2F", ["a", 80, "a"], "/%7e/../B//c;d=%2F"],
  ["a URI in the path", "http://a/http://u@b:1/", ["a", 80, "a"], "/http://u@b:1/"],
  ["an upper-case scheme", "HTTP://example.com/", ["example.com", 80, "example.com"], "/"],
  ["an upper-case host", "http://EXAMPLE.Com/A", ["example.com", 80, "example.com"], "/A"],
  ["a port", "http://example.com:8080/", ["example.com", 8080, "example.com:8080"], "/"],
  ["the default port", "http://example.com:80/", ["example.com", 80, "example.com"], "/"],
  ["an empty port", "http://example.com:/", ["example.com", 80, "example.com"], "/"],
  ["zeros before the port", "http://example.com:00081/", ["example.com", 81, "example.com:81"], "/"],
  ["the greatest port", "http://a:65535/", ["a", 65535, "a:65535"], "/"],
  ["a trailing dot", "http://example.com./", ["example.com", 80, "example.com"], "/"],
  ["a trailing dot and a port", "http://LocalHost.:81/", ["localhost", 81, "localhost:81"], "/"],
  [
    "a label of 63 bytes",
    `http://${"a".repeat(63)}.b/`,
    [`${"a".repeat(63)}.b`, 80, `${"a".repeat(63)}.b`],
    "/",
  ],
  [
    "a name of another script, encoded",
    "http://XN--Bcher-KVA.example/",
    ["xn--bcher-kva.example", 80, "xn--bcher-kva.example"],
    "/",
  ],
  ["an underscore", "http://my_host.example/", ["my_host.example", 80, "my_host.example"], "/"],
  ["an IPv4 address", "http://192.0.2.1:81/", ["192.0.2.1", 81, "192.0.2.1:81"], "/"],
  ["a name that begins with a number", "http://1.example/", ["1.example", 80, "1.example"], "/"],
  ["an IPv6 address", "http://[2001:DB8::1]/", ["2001:db8::1", 80, "[2001:db8::1]"], "/"],
  ["an IPv6 address and a port", "http://[::1]:81/", ["::1", 81, "[::1]:81"], "/"],
  ["an IPv6 address and an empty port", "http://[::1]:/", ["::1", 80, "[::1]"], "/"],
  [
    "an IPv6 address of eight groups",
    "http://[1:2:3:4:5:6:7:8]/",
    ["1:2:3:4:5:6:7:8", 80, "[1:2:3:4:5:6:7:8]"],
    "/",
  ],
  ["an IPv4-mapped address", "http://[::ffff:192.0.2.1]/", ["192.0.2.1", 80, "192.0.2.1"], "/"],
  ["the same in hex", "http://[::FFFF:c000:201]:81/", ["192.0.2.1", 81, "192.0.2.1:81"], "/"],
  ["an IPv4-compatible address", "http://[::127.0.0.1]/", ["::7f00:1", 80, "[::7f00:1]"], "/"],
  ["an IPv6 address at full length", "http://[0:00:000:0000:0::1]/", ["::1", 80, "[::1]"], "/"],
] as const;

const refusals = [
  ["another scheme", "GET", "https://example.com/"],
  ["a WebSocket's scheme", "GET", "ws://example.com/"],
  ["a file", "GET", "file:///etc/passwd"],
  ["no scheme", "GET", "example.com/"],
  ["host and port without CONNECT", "GET", "example.com:80"],
  ["one slash", "GET", "http:/example.com/"],
  ["no slash", "GET", "http:example.com"],
  ["no host", "GET", "http:///path"],
  ["a port without a host", "GET", "http://:80/"],
  ["user information", "GET", "http://user@example.com/"],
  ["a user and a password", "GET", "http://user:pass@example.com/"],
  ["empty user information", "GET", "http://@example.com/"],
  ["user information behind a backslash", "GET", "http://example.com\\@evil.example/"],
  ["a backslash for a slash", "GET", "http://example.com\\a"],
  ["a fragment", "GET", "http://example.com/#top"],
  ["a fragment on a path", "GET", "/a#top"],
  ["a fragment in place of a path", "GET", "http://example.com#@evil.example/"],
  ["port 0", "GET", "http://a:0/"],
  ["a port past the greatest", "GET", "http://a:65536/"],
  ["a port of six digits", "GET", "http://a:000080/"],
  ["a port with a sign", "GET", "http://a:+80/"],
  ["a port in letters", "GET", "http://a:http/"],
  ["two ports", "GET", "http://a:80:80/"],
  ["an encoded host", "GET", "http://ex%61mple.com/"],
  ["an encoded slash in the host", "GET", "http://a%2fb/"],
  ["an encoded NUL in the host", "GET", "http://a%00.b/"],
  ["a host that begins with a dot", "GET", "http://.example.com/"],
  ["a host with an empty label", "GET", "http://a..b/"],
  ["a host that is a dot", "GET", "http://./"],
  ["a host that begins with a hyphen", "GET", "http://-a/"],
  ["a host that ends with a hyphen", "GET", "http://a-/"],
  ["a host with a comma", "GET", "http://a,b/"],
  ["a host of 255 bytes", "GET", `http://${"a.".repeat(127)}b/`],
  ["a label of 64 bytes", "GET", `http://${"a".repeat(64)}.b/`],
  ["two trailing dots", "GET", "http://example.com../"],
  ["an encoded dot at the end", "GET", "http://example.com%2e/"],
  ["an encoded digit of an address", "GET", "http://127.0.0.%31/"],
  ["a name of another script in UTF-8", "GET", "http://b\xc3\xbccher.example/"],
  ["a name of another script in Unicode", "GET", "http://b\u00fccher.example/"],
  ["a letter that folds into ASCII", "GET", "http://\u212aubernetes.example/"],
  ["full-width digits in UTF-8", "GET", "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/"],
  ["full-width digits in Unicode", "GET", "http://\uff11\uff12\uff17.0.0.1/"],
  ["an ideographic full stop", "GET", "http://127\u30020\u30020\u30021/"],
  ["a circled digit", "GET", "http://\u2460.0.0.1/"],
  ["a soft hyphen", "GET", "http://local\xadhost/"],
  ["a decimal IPv4 address", "GET", "http://2130706433/"],
  ["a hexadecimal IPv4 address", "GET", "http://0x7f000001/"],
  ["an octal IPv4 address", "GET", "http://0177.0.0.1/"],
  ["an IPv4 address with zeros in front", "GET", "http://127.0.0.01/"],
  ["an IPv4 address of two parts", "GET", "http://127.1/"],
  ["an IPv4 address of five parts", "GET", "http://1.2.3.4.5/"],
  ["an IPv4 address with a hexadecimal part", "GET", "http://127.0.0.0x1/"],
  ["an IPv4 address with a part above 255", "GET", "http://127.0.0.256/"],
  ["an IPv4 address with a trailing dot", "GET", "http://127.0.0.1./"],
  ["an IPv4 address of two parts in hex", "GET", "http://0x7f.1/"],
  ["an IPv4 address of hexadecimal parts in upper case", "GET", "http://0X7F.0X0.0X0.0X1/"],
  ["an octal IPv4 number", "GET", "http://017700000001/"],
  ["a decimal IPv4 address with a trailing dot", "GET", "http://2130706433./"],
  ["an IPv4 address past 32 bits", "GET", "http://4294967297/"],
  ["a name that ends in a number", "GET", "http://example.1/"],
  ["a name that ends in 0x", "GET", "http://example.0x/"],
  ["an IPv6 address without brackets", "GET", "http://::1/"],
  ["an open bracket", "GET", "http://[::1/"],
  ["a closing bracket alone", "GET", "http://::1]/"],
  ["empty brackets", "GET", "http://[]/"],
  ["brackets in brackets", "GET", "http://[[::1]]/"],
  ["text behind the brackets", "GET", "http://[::1]a/"],
  ["an IPv4 address in brackets", "GET", "http://[127.0.0.1]/"],
  ["a name in brackets", "GET", "http://[localhost]/"],
  ["an IPv6 zone", "GET", "http://[fe80::1%25eth0]/"],
  ["an IPv6 address with two ::", "GET", "http://[1::2::3]/"],
  ["an IPv6 address with three colons", "GET", "http://[:::1]/"],
  ["an IPv6 address of seven groups", "GET", "http://[1:2:3:4:5:6:7]/"],
  ["an IPv6 address of nine groups", "GET", "http://[1:2:3:4:5:6:7:8:9]/"],
  ["an IPv6 address of eight groups and ::", "GET", "http://[1:2:3:4::5:6:7:8]/"],
  ["an IPv6 group of five digits", "GET", "http://[::12345]/"],
  ["an IPv6 address that ends in a bad quad", "GET", "http://[::ffff:127.1]/"],
  ["an IPv6 address with a quad in front", "GET", "http://[1.2.3.4::1]/"],
  ["a future address", "GET", "http://[v1.a]/"],
  ['"*" without OPTIONS', "GET", "*"],
  ['"*" and more', "OPTIONS", "*a"],
  ["CONNECT without a port", "CONNECT", "example.com"],
  ["CONNECT with an empty port", "CONNECT", "example.com:"],
  ["CONNECT without a host", "CONNECT", ":443"],
  ["CONNECT with port 0", "CONNECT", "example.com:0"],
  ["CONNECT with a URI", "CONNECT", "http://example.com:80"],
  ["CONNECT with a path", "CONNECT", "example.com:443/"],
  ["CONNECT with a user", "CONNECT", "user@example.com:443"],
  ["CONNECT with an odd IPv4 address", "CONNECT", "127.1:443"],
  ["CONNECT with an IPv6 address without brackets", "CONNECT", "::1:443"],
  ['CONNECT with "*"', "CONNECT", "*"],
  ["CONNECT with a path alone", "CONNECT", "/"],
] as const;

describe("a request target in absolute form", () => {
  test.each(absolute)("may have %s", (_, target, [host, port, authority], path) => {
    expect(parseTarget("GET", target)).toEqual({ form: "absolute", origin: { host, port, authority }, path });
  });

  test("without a path becomes * for OPTIONS", () => {
    expect(parseTarget("OPTIONS", "http://example.com")).toMatchObject({ form: "absolute", path: "*" });
    expect(parseTarget("OPTIONS", "http://example.com/")).toMatchObject({ path: "/" });
  });
});

describe("a request target in another form", () => {
  const connects = [
    ["a name", "Example.com:443", "example.com", 443, "example.com:443"],
    ["the port that http has", "example.com:80", "example.com", 80, "example.com:80"],
    ["an IPv4 address", "192.0.2.1:22", "192.0.2.1", 22, "192.0.2.1:22"],
    ["an IPv6 address", "[2001:DB8::1]:443", "2001:db8::1", 443, "[2001:db8::1]:443"],
  ] as const;

  test.each(connects)("names where to connect: %s", (_, target, host, port, authority) => {
    expect(parseTarget("CONNECT", target)).toEqual({ form: "authority", origin: { host, port, authority } });
  });

  test("is a path, with all that begins with a slash", () => {
    for (const path of ["/", "/a?b", "//example.com/", "/*"]) {
      expect(parseTarget("GET", path)).toEqual({ form: "origin", path });
    }
  });

  test("is an asterisk, for OPTIONS", () => {
    expect(parseTarget("OPTIONS", "*")).toEqual({ form: "asterisk" });
  });
});

test.each(refusals)("refuses %s", (_, method, target) => {
  expect(() => parseTarget(method, target)).toThrow(ProtocolError);
});

test("names a foreign scheme in the refusal, and no more of it than a scheme has", () => {
  expect(() => parseTarget("GET", "https://a/")).toThrow('scheme "https" is not forwarded');
  const refuse = () => parseTarget("GET", `${"a".repeat(10_000)}://a/`);
  expect(refuse).toThrow(ProtocolError);
  expect(refuse).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{0,200}$/) }));
});

const hosts = [
  ["nothing", "", true],
  ["a name", "example.com", true],
  ["a name and a port", "example.com:8080", true],
  ["a name and an empty port", "example.com:", true],
  ["an IPv6 address", "[::1]", true],
  ["an IPv6 address and a port", "[::1]:80", true],
  ["a path", "example.com/", false],
  ["a URI", "http://example.com", false],
  ["user information", "user@example.com", false],
  ["two names", "a, b", false],
  ["a space", "a b", false],
  ["a NUL within", "a\0b", false],
  ["a port alone", ":80", false],
  ["a port past the greatest", "a:65536", false],
  ["obs-text around", "\xffa\xff", false],
] as const;

test.each(hosts)("the value of Host may be or not be %s", (_, value, isGood) => {
  expect(isHostValue(value)).toBe(isGood);
});

describe("Host", () => {
  const get = parseTarget("GET", "http://example.com/");
  const connect = parseTarget("CONNECT", "example.com:443");

  test("may name something else than the target, which counts", () => {
    for (const host of ["example.com", "EXAMPLE.com:80", "other.example", "", undefined]) {
      expect(() => checkHost(host, 0, get)).not.toThrow();
    }
  });

  test("must be there in HTTP/1.1, whatever the form", () => {
    for (const target of [get, connect, parseTarget("OPTIONS", "*"), parseTarget("GET", "/")]) {
      expect(() => checkHost(undefined, 1, target)).toThrow("no Host");
      expect(() => checkHost("example.com", 1, target)).not.toThrow();
    }
  });

  test("must be well-formed where there is one", () => {
    for (const minor of [0, 1] as const) expect(() => checkHost("a/b", minor, connect)).toThrow("malformed");
  });
});

test("a hostile target is refused about as fast as it is read", () => {
  const hostile = [
    `http://${"a".repeat(2 ** 20)}`,
    `http://${"a.".repeat(2 ** 19)}!`,
    `http://[${":".repeat(2 ** 20)}]/`,
    `http://a:${"0".repeat(2 ** 20)}/`,
    `${"a".repeat(2 ** 20)}!`,
    `http://${"@".repeat(2 ** 20)}`,
  ];

  const startedAt = performance.now();
  for (const target of hostile) expect(() => parseTarget("GET", target)).toThrow(ProtocolError);

  // A few milliseconds here, for 6 MiB.
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
