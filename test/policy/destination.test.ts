import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../src/policy/address.ts";
import {
  type DestinationDecision,
  decideDestination,
  describeRefusal,
  type OwnAddresses,
  type Reach,
} from "../../src/policy/destination.ts";

const NOBODY: OwnAddresses = { listening: [], interfaces: [] };

// Each row: what it shows | the address | for a public listener, for a local one, and where a rule opens it.
const verdicts = [
  ["a public IPv4 address", "8.8.8.8", "allow", "allow", "allow"],
  ["a public IPv6 address", "2606:4700::1111", "allow", "allow", "allow"],
  ["a public address through NAT64", "64:ff9b::808:808", "allow", "allow", "allow"],
  ["a private address", "10.0.0.1", "private", "allow", "allow"],
  ["a private IPv6 address", "fd12:3456::1", "private", "allow", "allow"],
  ["loopback", "127.0.0.1", "loopback", "allow", "allow"],
  ["IPv6 loopback", "::1", "loopback", "allow", "allow"],
  ["a private address as an IPv4-mapped one", "::ffff:10.0.0.1", "private", "allow", "allow"],
  ["a private address through NAT64", "64:ff9b::a00:1", "private", "private", "allow"],
  ["a private address through 6to4", "2002:a00:1::1", "private", "private", "allow"],
  ["loopback through NAT64", "64:ff9b::7f00:1", "loopback", "loopback", "allow"],
  ["loopback as an IPv4-compatible address", "::7f00:1", "loopback", "loopback", "allow"],
  ["shared address space", "100.64.0.1", "shared", "shared", "allow"],
  ["an address for documentation", "192.0.2.1", "documentation", "documentation", "allow"],
  ["IPv4 metadata", "169.254.169.254", "metadata", "metadata", "allow"],
  ["the same as an IPv4-mapped address", "::ffff:a9fe:a9fe", "metadata", "metadata", "allow"],
  ["the same at full length", "0:0:0:0:0:FFFF:A9FE:A9FE", "metadata", "metadata", "allow"],
  ["the same through 6to4", "2002:a9fe:a9fe::1", "metadata", "metadata", "allow"],
  ["metadata within private addresses", "fd00:ec2::254", "metadata", "metadata", "allow"],
  ["link-local", "fe80::1", "link-local", "link-local", "allow"],
  ["multicast", "224.0.0.1", "multicast", "multicast", "allow"],
  ["broadcast", "255.255.255.255", "broadcast", "broadcast", "allow"],
  ["this network", "0.0.0.1", "this-network", "this-network", "allow"],
  ["the unspecified address", "0.0.0.0", "unspecified_address", "unspecified_address", "unspecified_address"],
  ["the IPv6 one", "::", "unspecified_address", "unspecified_address", "unspecified_address"],
  [
    "the IPv4-mapped one",
    "::ffff:0.0.0.0",
    "unspecified_address",
    "unspecified_address",
    "unspecified_address",
  ],
] as const;

test.each(verdicts)("%s", (_, address, open, local, opened) => {
  expect(outcome(decide(address, 80))).toBe(open);
  expect(outcome(decide(address, 80, NOBODY, "local"))).toBe(local);
  expect(outcome(decide(address, 80, NOBODY, "public", true))).toBe(opened);
});

// What whoever asked reads.
const words = [
  ["10.0.0.1", "10.0.0.1 is refused unless a rule allows it by address (private address, RFC 1918)"],
  [
    "100.100.100.200",
    "100.100.100.200 is refused unless a rule allows it by address (metadata address, Alibaba Cloud)",
  ],
  [
    "64:FF9B::7f00:1",
    "64:ff9b::7f00:1 is refused unless a rule allows it by address (loopback address, RFC 1122)",
  ],
  ["::", ":: is never dialled (unspecified address)"],
  ["192.0.2.5", "192.0.2.5 is this proxy itself"],
] as const;

test.each(words)("why %s is refused", (text, why) => {
  const own = { listening: [{ host: "192.0.2.5", port: 80 }], interfaces: [] };
  const decision = decide(text, 80, text === "::" ? NOBODY : own);

  if (decision.verdict === "allow") throw new Error(`${text} is allowed`);
  expect(describeRefusal(addressOf(text), decision)).toBe(why);
});

// Each row: what it shows | the listener's host | the address | whether that is the listener.
const owns = [
  ["its own address", "127.0.0.1", "127.0.0.1", true],
  ["its own address as an IPv4-mapped one", "127.0.0.1", "::ffff:127.0.0.1", true],
  ["its own address as an IPv4-mapped one in hex", "127.0.0.1", "::FFFF:7F00:1", true],
  ["another loopback address, where it does not listen", "127.0.0.1", "127.0.0.2", false],
  ["the other family's loopback, where it does not listen", "127.0.0.1", "::1", false],
  ["its own IPv6 address at full length", "::1", "0:0:0:0:0:0:0:1", true],
  ["its own IPv6 address in upper case", "2001:db8::A", "2001:DB8::a", true],
  ["its IPv4 address, when it is written as an IPv4-mapped one", "::ffff:192.0.2.5", "192.0.2.5", true],
  ["the unspecified address, which reaches all of this machine", "127.0.0.1", "0.0.0.0", true],
  ["the IPv6 unspecified address, which does too", "127.0.0.1", "::", true],
  ["an interface's address, where it does not listen", "127.0.0.1", "192.0.2.5", false],
  ["loopback, when it listens everywhere", "0.0.0.0", "127.0.0.1", true],
  ["any loopback address, when it listens everywhere", "0.0.0.0", "127.9.9.9", true],
  ["an interface's address, when it listens everywhere", "0.0.0.0", "192.0.2.5", true],
  ["the same as an IPv4-mapped address", "0.0.0.0", "::ffff:192.0.2.5", true],
  ["a stranger's address, when it listens everywhere", "0.0.0.0", "192.0.2.6", false],
  ["loopback, when it listens everywhere over IPv6", "::", "127.0.0.1", true],
  ["IPv6 loopback, when it listens everywhere over IPv6", "::", "::1", true],
  ["an interface's IPv6 address, when it listens everywhere", "::", "2001:DB8:0::5", true],
  ["the unspecified address, when it listens there", "0.0.0.0", "0.0.0.0", true],
  ["its own address through NAT64", "192.0.2.5", "64:ff9b::c000:205", true],
  ["its own address through 6to4, when it listens everywhere", "::", "2002:c000:205::1", true],
  ["a stranger's address through NAT64", "0.0.0.0", "64:ff9b::c000:206", false],
] as const;

describe("a listener of ours", () => {
  test.each(owns)("is reached by, or is not: %s", (_, host, address, isOwn) => {
    const own = { listening: [{ host, port: 8888 }], interfaces: ["192.0.2.5", "2001:db8::5"] };

    // Neither the reach of a listener nor a rule opens it.
    expect(outcome(decide(address, 8888, own, "local", true))).toBe(isOwn ? "own_listener" : "allow");
  });

  test("is one port alone", () => {
    const own = { listening: [{ host: "0.0.0.0", port: 8888 }], interfaces: ["192.0.2.5"] };

    for (const address of ["127.0.0.1", "192.0.2.5"]) {
      expect(outcome(decide(address, 8889, own, "local", true))).toBe("allow");
    }
    expect(outcome(decide("0.0.0.0", 8889, own))).toBe("unspecified_address");
  });

  test("is found among several", () => {
    const own = {
      listening: [
        { host: "127.0.0.1", port: 8888 },
        { host: "::1", port: 8889 },
      ],
      interfaces: [],
    };

    expect(outcome(decide("::1", 8889, own, "local"))).toBe("own_listener");
    expect(outcome(decide("127.0.0.1", 8889, own, "local"))).toBe("allow");
  });

  test("is told as what it is, though it is a metadata address too", () => {
    const own = { listening: [{ host: "169.254.1.1", port: 80 }], interfaces: [] };

    expect(outcome(decide("169.254.1.1", 80, own))).toBe("own_listener");
  });

  test("without an address is no address of ours", () => {
    const own = { listening: [{ host: "example.com", port: 80 }], interfaces: [] };

    expect(outcome(decide("127.0.0.1", 80, own, "local"))).toBe("allow");
  });
});

function decide(
  text: string,
  port: number,
  own = NOBODY,
  reach: Reach = "public",
  opensSpecial = false,
): DestinationDecision {
  return decideDestination(addressOf(text), port, own, reach, opensSpecial);
}

/** "allow", the kind of a special address, or the other reason. */
function outcome(decision: DestinationDecision): string {
  if (decision.verdict === "allow") return "allow";
  return decision.because === "special_address" ? decision.kind : decision.because;
}

function addressOf(text: string) {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}
