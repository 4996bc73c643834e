import { expect, test } from "bun:test";
import { formatAddress } from "../../../src/policy/address.ts";
import { type ListLine, parseListLine } from "../../../src/policy/list/line.ts";

// A line | what it names, as `show` writes it.
const lines = [
  // Plain names.
  ["example.com", "= example.com"],
  ["*.example.com", "< example.com"],
  [".example.com", "<= example.com"],
  ["  Example.COM.\r", "= example.com"],
  ["\uFEFFexample.com", "= example.com"],
  ["example.com # a comment", "= example.com"],
  ["example.com#a comment", "= example.com"],
  ["example.com ; a comment", "= example.com"],
  ["ad_server.example.com", "= ad_server.example.com"],
  ["intranet", "= intranet"],
  ["*.com", "< com"],
  ["bücher.example", "= xn--bcher-kva.example"],
  ["*.BÜCHER.example", "< xn--bcher-kva.example"],
  ["例え。テスト", "= xn--r8jz45g.xn--zckzah"],
  ["xn--bcher-kva.example", "= xn--bcher-kva.example"],
  [`${"a".repeat(63)}.example`, `= ${"a".repeat(63)}.example`],

  // Hosts files.
  ["0.0.0.0 ads.example", "= ads.example"],
  ["127.0.0.1\tads.example\ttracker.example # both", "= ads.example tracker.example"],
  ["::1 ads.example", "= ads.example"],
  ["0.0.0.0   Bücher.example.", "= xn--bcher-kva.example"],
  ["127.0.0.1 localhost", "nothing"],
  ["127.0.0.1 localhost.localdomain local", "nothing"],
  ["255.255.255.255 broadcasthost", "nothing"],
  ["ff02::1 ip6-allnodes", "nothing"],
  ["fe80::1%lo0 localhost", "nothing"],
  ["0.0.0.0 0.0.0.0", "nothing"],
  ["0.0.0.0 localhost ads.example", "= ads.example"],
  ["0.0.0.0", "range 0.0.0.0"],

  // AdBlock.
  ["||ads.example^", "<= ads.example"],
  ["||ADS.example.^", "<= ads.example"],
  ["||ads.example", "<= ads.example"],
  ["||*.ads.example^", "< ads.example"],
  ["||bücher.example^", "<= xn--bcher-kva.example"],
  ["@@||good.example^", "except <= good.example"],
  ["||ads.example^$important", "<= ads.example"],
  ["||ads.example^$all", "<= ads.example"],
  ["||ads.example^$document,popup,important", "<= ads.example"],
  ["@@||good.example^$document", "except <= good.example"],
  ["||192.0.2.1^", "range 192.0.2.1"],
  ["||[2001:db8::1]^", "range 2001:db8::1"],
  ["@@||192.0.2.1^", "except range 192.0.2.1"],
  ["! a comment", "nothing"],
  ["[Adblock Plus 2.0]", "nothing"],
  ["||ads.example^$third-party", "ignored"],
  ["@@||ads.example^$third-party", "ignored"],
  ["||ads.example^$document,third-party", "ignored"],
  ["||ads.example^$popup", "ignored"],
  ["||ads.example^$script,image", "ignored"],
  ["||ads.example^$domain=news.example", "ignored"],
  ["@@||good.example^$elemhide", "ignored"],
  ["||ads.example^$redirect=noop.js", "ignored"],
  ["||ads.example/banner", "ignored"],
  ["||ads.example^path", "ignored"],
  ["||ads.", "ignored"],
  ["||ads.*^", "ignored"],
  ["||example.*.com^", "ignored"],
  ["|http://ads.example/", "ignored"],
  ["@@/banner", "ignored"],
  ["example.com##.banner", "ignored"],
  ["example.com,other.example#@#.banner > div", "ignored"],
  ["example.com#?#div:has(> a)", "ignored"],
  ["example.com#%#//scriptlet('x')", "ignored"],
  ["[$path=/x]example.com##.banner", "ignored"],
  ["/banner/*.gif", "ignored"],
  ["&ad_channel=", "ignored"],
  ["*", "ignored"],
  ["https://example.com/a", "ignored"],
  ["address=/example.com/0.0.0.0", "ignored"],

  // Ranges and addresses.
  ["10.0.0.0/8", "range 10.0.0.0"],
  ["192.0.2.1", "range 192.0.2.1"],
  ["2001:DB8::/32", "range 2001:db8::"],
  ["2001:db8::1", "range 2001:db8::1"],
  ["[2001:db8::1]", "range 2001:db8::1"],
  ["::ffff:10.0.0.1", "range 10.0.0.1"],
  ["192.0.2.0/24 ; SBL1", "range 192.0.2.0"],

  // Nothing.
  ["", "nothing"],
  [" \t ", "nothing"],
  ["# a comment", "nothing"],
  ["; a comment", "nothing"],
  ["## a heading", "nothing"],
] as const;

test.each(lines)("%p is: %s", (line, shown) => {
  expect(show(parseListLine(line))).toBe(shown);
});

const problems = [
  ["a short form of an address", "127.1"],
  ["a number, which is an address to some", "2130706433"],
  ["a hex quad", "0x7f.0.0.1"],
  ["an address above 255", "192.0.2.256"],
  ["full-width digits, which are an address once converted", "１２７.0.0.1"],
  ["a range with bits behind its prefix", "10.0.0.1/8"],
  ["a prefix too long", "10.0.0.0/33"],
  ["an IPv6 range with bits behind its prefix", "2001:db8::1/32"],
  ["a span of addresses", "192.0.2.1-192.0.2.9"],
  ["a host with a port", "example.com:80"],
  ["an empty label", "a..example"],
  ["a label that begins with a hyphen", "-a.example"],
  ["a label of 64 characters", `${"a".repeat(64)}.example`],
  ["a name of 254 characters", `${"a.".repeat(126)}aa`],
  ["a dot alone", "."],
  ["words", "Not Found"],
  ["a hosts line with a bad name", "0.0.0.0 good.example b@d"],
  ["a hosts line with a pattern", "0.0.0.0 *.example.com"],
  ["a tag", "<p>Not Found</p>"],
  ["JSON", '{"error":"not/found"}'],
  ["a control character", "exam\u0007ple.com"],
  ["a replacement character, left by bytes that are no UTF-8", "b\ufffdcher.example"],
  ["user information beside a letter that is converted", "ü@example.com"],
  ["a percent sign beside one", "ü%2eexample.com"],
  ["an AdBlock rule with an odd address", "||127.1^"],
  ["an AdBlock rule with a bad name", "||a..example^"],
  ["an at sign alone", "@example.com"],
  ["a bracket that does not close", "[Adblock"],
] as const;

test.each(problems)("%s is no entry", (_, line) => {
  expect(parseListLine(line).kind).toBe("problem");
});

test("a long name is not repeated whole in the problem", () => {
  const line = parseListLine(`0.0.0.0 ${"x".repeat(5_000)}`);

  expect(line).toEqual({ kind: "problem", because: `"${"x".repeat(60)}…" is no host` });
});

test("a hostile line of any length takes no time to tell", () => {
  const parts = ["/", "#", "a.", "a-", "1:", "||", "$", "*.", "@@", "0.", " ", "^,", "ü"];
  const startedAt = performance.now();
  for (const part of parts) {
    for (const end of ["", "<", "/", "^$x"]) parseListLine(part.repeat(65_536 / part.length) + end);
  }

  // Some milliseconds; a minute, if one of the patterns went over a line again and again.
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

function show(line: ListLine): string {
  switch (line.kind) {
    case "hosts": {
      const covers = { exact: "=", below: "<", both: "<=" }[line.covers];
      return `${line.isException ? "except " : ""}${covers} ${line.names.join(" ")}`;
    }
    case "range":
      return `${line.isException ? "except " : ""}range ${formatAddress(line.range.network)}`;
    case "problem":
      return `problem: ${line.because}`;
    default:
      return line.kind;
  }
}
