import { describe, expect, test } from "bun:test";
import { decideDestination, type OwnAddresses } from "../../src/policy/destination.ts";

const NOBODY: OwnAddresses = { listening: [], interfaces: [] };

const allowed = [
  ["a public IPv4 address", "192.0.2.1"],
  ["a public IPv6 address", "2001:db8::1"],
  ["a private address, which is what the gate may be for", "10.0.0.1"],
  ["loopback, when nothing of ours is there", "127.0.0.1"],
  ["IPv6 loopback, when nothing of ours is there", "::1"],
  ["the neighbour below link-local", "169.253.255.255"],
  ["the neighbour above link-local", "169.255.0.0"],
  ["the neighbour below IPv6 link-local", "fe7f:ffff::1"],
  ["the neighbour above IPv6 link-local", "fec0::1"],
  ["the neighbour of Alibaba's metadata", "100.100.100.201"],
  ["the neighbour of AWS's metadata over IPv6", "fd00:ec3::254"],
] as const;

test.each(allowed)("%s may be dialled", (_, address) => {
  expect(decideDestination(address, 80, NOBODY)).toEqual({ verdict: "allow" });
});

const refused = [
  ["AWS's, Google's and Azure's metadata", "169.254.169.254", "metadata_address"],
  ["ECS's credentials", "169.254.170.2", "metadata_address"],
  ["the first of link-local", "169.254.0.0", "metadata_address"],
  ["the last of link-local", "169.254.255.255", "metadata_address"],
  ["metadata through NAT64", "64:ff9b::a9fe:a9fe", "metadata_address"],
  ["metadata through 6to4", "2002:a9fe:a9fe::1", "metadata_address"],
  ["metadata as an IPv4-mapped address", "::ffff:169.254.169.254", "metadata_address"],
  ["metadata as an IPv4-mapped address in hex", "::ffff:a9fe:a9fe", "metadata_address"],
  ["metadata as an IPv4-mapped address at full length", "0:0:0:0:0:FFFF:A9FE:A9FE", "metadata_address"],
  ["AWS's metadata over IPv6", "fd00:ec2::254", "metadata_address"],
  ["the same at full length", "FD00:0EC2:0:0:0:0:0:0254", "metadata_address"],
  ["the credentials of EKS pods over IPv6", "fd00:ec2::23", "metadata_address"],
  ["Scaleway's metadata over IPv6", "fd00:42::42", "metadata_address"],
  ["Alibaba's metadata over IPv6", "fd00:100::100:200", "metadata_address"],
  ["Google's metadata over IPv6", "fd20:ce::254", "metadata_address"],
  ["Oracle's metadata over IPv6", "fd00:c1::a9fe:a9fe", "metadata_address"],
  ["Azure's WireServer", "168.63.129.16", "metadata_address"],
  ["Alibaba's metadata", "100.100.100.200", "metadata_address"],
  ["the same as an IPv4-mapped address", "::ffff:100.100.100.200", "metadata_address"],
  ["IPv6 link-local", "fe80::1", "metadata_address"],
  ["the last of IPv6 link-local", "febf:ffff::1", "metadata_address"],
  ["the unspecified address", "0.0.0.0", "unspecified_address"],
  ["the IPv6 unspecified address", "::", "unspecified_address"],
  ["the unspecified address as an IPv4-mapped one", "::ffff:0.0.0.0", "unspecified_address"],
  ["a name, which is judged when it is resolved", "localhost", "not_an_address"],
  ["a decimal address", "2130706433", "not_an_address"],
  ["a short address", "127.1", "not_an_address"],
  ["an octal address", "0177.0.0.1", "not_an_address"],
  ["an address with a zone", "fe80::1%eth0", "not_an_address"],
  ["an address in brackets", "[::1]", "not_an_address"],
  ["nothing", "", "not_an_address"],
] as const;

test.each(refused)("%s is never dialled", (_, address, because) => {
  expect(decideDestination(address, 80, NOBODY)).toEqual({ verdict: "refuse", because });
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
] as const;

describe("a listener of ours", () => {
  test.each(owns)("is reached by, or is not: %s", (_, host, address, isOwn) => {
    const own = { listening: [{ host, port: 8888 }], interfaces: ["192.0.2.5", "2001:db8::5"] };
    const decision = decideDestination(address, 8888, own);

    if (isOwn) expect(decision).toEqual({ verdict: "refuse", because: "own_listener" });
    else expect(decision).toEqual({ verdict: "allow" });
  });

  test("is one port alone", () => {
    const own = { listening: [{ host: "0.0.0.0", port: 8888 }], interfaces: ["192.0.2.5"] };

    for (const address of ["127.0.0.1", "192.0.2.5"]) {
      expect(decideDestination(address, 8889, own)).toEqual({ verdict: "allow" });
    }
    expect(decideDestination("0.0.0.0", 8889, own)).toMatchObject({ because: "unspecified_address" });
  });

  test("is found among several", () => {
    const own = {
      listening: [
        { host: "127.0.0.1", port: 8888 },
        { host: "::1", port: 8889 },
      ],
      interfaces: [],
    };

    expect(decideDestination("::1", 8889, own)).toMatchObject({ because: "own_listener" });
    expect(decideDestination("127.0.0.1", 8889, own)).toEqual({ verdict: "allow" });
  });

  test("is told as what it is, though it is a metadata address too", () => {
    const own = { listening: [{ host: "169.254.1.1", port: 80 }], interfaces: [] };

    expect(decideDestination("169.254.1.1", 80, own)).toMatchObject({ because: "own_listener" });
  });

  test("without an address is no address of ours", () => {
    const own = { listening: [{ host: "example.com", port: 80 }], interfaces: [] };

    expect(decideDestination("127.0.0.1", 80, own)).toEqual({ verdict: "allow" });
  });
});
