import { describe, expect, test } from "bun:test";
import { decideSni, type ShownHello } from "../../src/policy/sni.ts";
import type { TunnelSpec } from "../../src/policy/spec.ts";

const SPEC: TunnelSpec = { sni: "enforce", noSni: "allow", notTls: "allow", ports: [{ from: 443, to: 443 }] };

// Each row: what it shows | the host of the CONNECT | the name in the ClientHello.
const fitting = [
  ["the same name", "example.com", "example.com"],
  ["in other case", "example.com", "EXAMPLE.Com"],
  ["with a dot at the end", "example.com", "example.com."],
  ["a name of another script", "xn--bcher-kva.example", "XN--bcher-kva.example"],
  ["an address, though it should not be there", "192.0.2.1", "192.0.2.1"],
  ["an IPv6 address in another spelling", "2001:db8::1", "2001:DB8:0::1"],
] as const;

const mismatches = [
  ["another name", "example.com", "other.example"],
  ["what is below it", "example.com", "www.example.com"],
  ["what is above it", "www.example.com", "example.com"],
  ["a NUL and more", "example.com", "example.com\0.other.example"],
  ["two dots at the end", "example.com", "example.com.."],
  ["a dot alone", "example.com", "."],
  ["a wildcard", "example.com", "*.com"],
  ["a space", "example.com", " example.com"],
  ["a letter that folds into ASCII", "kubernetes.example", "\u212aubernetes.example"],
  ["bytes that are no name", "example.com", "\xff\xfe"],
  ["a name, where an address was asked for", "192.0.2.1", "example.com"],
  ["another address", "192.0.2.1", "192.0.2.2"],
  ["an address, where a name was asked for", "example.com", "192.0.2.1"],
] as const;

describe("a tunnel's ClientHello", () => {
  test.each(fitting)("fits the host that was asked for: %s", (_, host, serverName) => {
    expect(decideSni({ kind: "tls", serverName }, host, SPEC)).toEqual({ verdict: "allow" });
  });

  test.each(mismatches)("fits not: %s", (_, host, serverName) => {
    const expected = { verdict: "deny", because: "sni_mismatch", found: serverName } as const;

    expect(decideSni({ kind: "tls", serverName }, host, SPEC)).toEqual(expected);
  });
});

const NAMELESS: ShownHello = { kind: "tls", serverName: undefined };
const MALFORMED: ShownHello = { kind: "malformed" };
const OTHER: ShownHello = { kind: "other" };

// Each row: what it shows | the hello | the host | what noSni and notTls say | the verdict, or why not.
const rows = [
  ["no name, which may be", NAMELESS, "example.com", "allow", "deny", "allow"],
  ["no name, which may not be", NAMELESS, "example.com", "deny", "allow", "sni_missing"],
  ["no name for an address, which has none", NAMELESS, "192.0.2.1", "deny", "allow", "allow"],
  ["no name for an IPv6 address", NAMELESS, "2001:db8::1", "deny", "allow", "allow"],
  ["not TLS, which may be", OTHER, "example.com", "deny", "allow", "allow"],
  ["not TLS, which may not be", OTHER, "example.com", "allow", "deny", "not_tls"],
  ["not TLS to an address, which may not be", OTHER, "192.0.2.1", "allow", "deny", "not_tls"],
  ["like TLS but broken, whatever may be", MALFORMED, "example.com", "allow", "allow", "sni_mismatch"],
  ["the same to an address", MALFORMED, "192.0.2.1", "allow", "allow", "sni_mismatch"],
] as const;

test.each(rows)("a tunnel with %s", (_, hello, host, noSni, notTls, outcome) => {
  const decision = decideSni(hello, host, { ...SPEC, noSni, notTls });

  if (outcome === "allow") expect(decision).toEqual({ verdict: "allow" });
  else expect(decision).toEqual({ verdict: "deny", because: outcome, found: undefined });
});
