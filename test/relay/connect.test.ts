import { describe, expect } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { found, head, statuses, transcript } from "../support/relay.ts";

const GET = head("GET http://a.example/ HTTP/1.1", "Host: a.example");

describe("every address of a name is judged, and only those that passed are dialled", () => {
  // Each row: what it shows | the addresses | those dialled, in order | else the status and the word.
  const rows: readonly (readonly [string, readonly string[], string, number, string])[] = [
    ["all pass", ["1.0.2.1", "2a00:db8::1"], "1.0.2.1 2a00:db8::1", 0, ""],
    ["a metadata address is left out", ["169.254.169.254", "1.0.2.1"], "1.0.2.1", 0, ""],
    ["one that is our own listener is left out", ["127.0.0.1", "1.0.2.1"], "1.0.2.1", 0, ""],
    ["loopback where we do not listen passes", ["127.0.0.2"], "127.0.0.2", 0, ""],
    ["private addresses pass", ["10.1.2.3", "fd12::3"], "10.1.2.3 fd12::3", 0, ""],
    ["a documentation address is left out", ["192.0.2.1", "1.0.2.1"], "1.0.2.1", 0, ""],
    ["nothing but metadata", ["169.254.169.254", "fd00:ec2::254"], "", 403, "destination_ip_prohibited"],
    ["the same spelled as IPv6", ["::ffff:169.254.169.254"], "", 403, "destination_ip_prohibited"],
    [
      "the same in NAT64 and 6to4",
      ["64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"],
      "",
      403,
      "destination_ip_prohibited",
    ],
    ["loopback in NAT64", ["64:ff9b::7f00:2"], "", 403, "destination_ip_prohibited"],
    ["link-local", ["fe80::1"], "", 403, "destination_ip_prohibited"],
    ["the unspecified address, where we listen too", ["0.0.0.0"], "", 508, "proxy_loop_detected"],
    ["nothing but ourselves", ["127.0.0.1"], "", 508, "proxy_loop_detected"],
    [
      "ourselves and metadata: the loop is told",
      ["169.254.1.1", "127.0.0.1"],
      "",
      508,
      "proxy_loop_detected",
    ],
  ];

  for (const [name, addresses, dialled, status, word] of rows) {
    transcript(name, (relay) => {
      relay.names.set("a.example", found(...addresses));
      const client = relay.client();
      client.says(head("GET http://a.example:8888/ HTTP/1.1", "Host: a.example:8888"));

      if (dialled !== "") expect(relay.told()).toEqual([`dial ${dialled} port 8888`]);
      else {
        expect(statuses(client)).toEqual([status]);
        expect(client.received).toContain(`error=${word};`);
        expect(relay.read(cells.upstreamDials)).toBe(0);
        expect(relay.records[0]?.upstream).toBeUndefined();
      }
    });
  }
});

describe("an address in place of a name is not looked up, and judged as well", () => {
  // Each row: the host | what is dialled, or the status.
  const rows = [
    ["1.51.100.4", "dial 1.51.100.4 port 80"],
    ["[2a00:db8::4]", "dial 2a00:db8::4 port 80"],
    ["169.254.169.254", 403],
    ["[::ffff:169.254.169.254]", 403],
    ["[::]", 403],
  ] as const;

  for (const [host, outcome] of rows) {
    transcript(`${host}: ${outcome}`, (relay) => {
      const client = relay.client();
      client.says(head(`GET http://${host}/ HTTP/1.1`, `Host: ${host}`));

      if (typeof outcome === "string") expect(relay.told()).toEqual([outcome]);
      else expect(statuses(client)).toEqual([outcome]);
    });
  }
});

transcript("the record names the address that answered", (relay) => {
  relay.names.set("a.example", found("2a00:db8::1"));
  const { upstream } = relay.exchange(GET);
  upstream.says(head("HTTP/1.1 204 No Content"));

  expect(relay.records[0]?.upstream).toBe("[2a00:db8::1]:80");
});

describe("a name that can't be resolved", () => {
  for (const [failure, status] of [
    ["dns_error", 502],
    ["dns_timeout", 504],
  ] as const) {
    for (const isLate of [false, true]) {
      transcript(`${failure}, known ${isLate ? "later" : "at once"}`, async (relay) => {
        const resolution = { ok: false, failure, detail: "ENOTFOUND" } as const;
        relay.names.set("a.example", isLate ? Promise.resolve(resolution) : resolution);
        const client = relay.client();
        client.says(GET);
        await Promise.resolve();

        expect(statuses(client)).toEqual([status]);
        expect(client.received).toContain(`error=${failure}; details="Cannot resolve a.example (ENOTFOUND)"`);
        client.says(head("OPTIONS * HTTP/1.1", "Host: a"));
        expect(statuses(client)).toEqual([status, 200]);
      });
    }
  }
});

transcript("a dial that fails is told and counted", (relay) => {
  const client = relay.client();
  client.says(GET);
  relay.dialFails("EHOSTUNREACH");

  expect(statuses(client)).toEqual([502]);
  expect(client.received).toContain("error=destination_ip_unroutable;");
  expect(relay.read(cells.upstreamDialFailures)).toBe(1);
});

transcript("more dials at once than the limit are refused", (relay) => {
  relay.configure({ limits: { dials: 1 } });
  const first = relay.client();
  const second = relay.client();
  first.says(GET);
  second.says(GET);

  expect(statuses(second)).toEqual([503]);
  expect(second.received).toContain("error=connection_limit_reached;");
  expect(relay.read(cells.limitReached.dials)).toBe(1);

  relay.upstream().says(head("HTTP/1.1 204 No Content"));
  expect(statuses(first)).toEqual([204]);
});

describe("an address that has not answered for a while", () => {
  transcript("is not dialled once more while somebody finds out whether it does now", (relay) => {
    relay.silent.add("1.0.2.1");
    const client = relay.client();
    client.says(GET);

    expect(statuses(client)).toEqual([504]);
    expect(client.received).toContain("error=connection_timeout;");
    expect(relay.dials).toBe(0);
  });

  transcript("leaves the name's other addresses", (relay) => {
    relay.names.set("a.example", found("1.0.2.1", "1.0.2.2"));
    relay.silent.add("1.0.2.1");
    const client = relay.client();
    client.says(GET);

    expect(relay.told().at(-1)).toContain("1.0.2.2");
    relay.dialFails("ECONNREFUSED");
  });
});
