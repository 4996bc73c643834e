import { describe, expect, test } from "bun:test";
import { NameServers } from "../../src/net/name-servers.ts";
import {
  type Answering,
  addressesFor,
  type DnsRecord,
  type DnsServer,
  startDnsServer,
} from "../support/servers/dns.ts";

const ADDRESSES = ["192.0.2.1", "2001:db8::1"];
const FOUND = [
  { address: "192.0.2.1", ttl: 30 },
  { address: "2001:db8::1", ttl: 30 },
];

const finds: Answering = (question) => addressesFor(question, ADDRESSES, 30);
const isSilent: Answering = () => undefined;
const fails: Answering = () => ({ code: "SERVFAIL" });
const refuses: Answering = () => ({ code: "REFUSED" });
const knowsNoName: Answering = () => ({ code: "NXDOMAIN" });
const knowsNoAddress: Answering = () => ({});

describe("what a name has", () => {
  // Each row: what it shows | how the server answers | what comes of it.
  const rows: readonly (readonly [string, Answering, unknown])[] = [
    ["both families, and how long they last", finds, FOUND],
    ["IPv4 alone", (asked) => addressesFor(asked, ["192.0.2.1"], 30), FOUND.slice(0, 1)],
    ["IPv6 alone", (asked) => addressesFor(asked, ["2001:db8::1"], 30), FOUND.slice(1)],
    [
      "one family when the other fails",
      (asked) => (asked.type === "A" ? finds(asked) : fails(asked)),
      FOUND.slice(0, 1),
    ],
    [
      "one family when the other never comes",
      (asked) => (asked.type === "A" ? undefined : finds(asked)),
      FOUND.slice(1),
    ],
    [
      "what a CNAME leads to, for the shorter of the two times",
      ({ type }) => ({ records: [alias(5), ...(type === "A" ? [address("192.0.2.1", 60)] : [])] }),
      [{ address: "192.0.2.1", ttl: 5 }],
    ],
    ["a CNAME that leads to nothing", () => ({ records: [alias(5)] }), "ENOTFOUND"],
    ["no such name", knowsNoName, "ENOTFOUND"],
    ["a name without addresses", knowsNoAddress, "ENOTFOUND"],
    ["a server that fails", fails, "ESERVFAIL"],
    ["a server that refuses", refuses, "EREFUSED"],
    [
      "one family fails and the other has none",
      (asked) => (asked.type === "A" ? fails(asked) : {}),
      "ESERVFAIL",
    ],
    ["a server that says nothing", isSilent, "ETIMEOUT"],
  ];

  test.each(rows)("%s", async (_, answering, expected) => {
    using server = await startDnsServer(answering);

    expect(await outcome([server], 500)).toEqual(expected);
  });

  test("over IPv6", async () => {
    using server = await startDnsServer(finds, "::1");

    expect(await outcome([server])).toEqual(FOUND);
  });
});

describe("of two servers", () => {
  // Each row: what it shows | the first | what comes of it | how many questions the second gets.
  const rows: readonly (readonly [string, Answering, unknown, number])[] = [
    ["the first is asked, and no other", finds, FOUND, 0],
    ["the second when the first fails", fails, FOUND, 2],
    ["the second when the first refuses", refuses, FOUND, 2],
    ["the second when the first says nothing", isSilent, FOUND, 2],
    ["not the second when the first knows that there is no such name", knowsNoName, "ENOTFOUND", 0],
    ["not the second when the first knows that it has no addresses", knowsNoAddress, "ENOTFOUND", 0],
  ];

  test.each(rows)("%s", async (_, answering, expected, questions) => {
    using first = await startDnsServer(answering);
    using second = await startDnsServer(finds);

    expect(await outcome([first, second], 1_200)).toEqual(expected);
    expect(second.asked.length).toBe(questions);
  });

  test("the one that let us wait is asked after the other from then on", async () => {
    using first = await startDnsServer(isSilent);
    using second = await startDnsServer(finds);
    const servers = new NameServers([first.authority, second.authority]);
    await servers.lookUp("a.example", 1_200);
    await servers.lookUp("b.example", 1_200);

    expect(first.asked.map(({ name }) => name)).toEqual(["a.example", "a.example"]);
    expect(second.countOf("b.example")).toBe(2);
  });
});

test("a question that got lost is asked again", async () => {
  let isLost = true;
  using server = await startDnsServer((asked) => (isLost ? undefined : finds(asked)));
  const answer = outcome([server], 1_000);
  await Bun.sleep(50);
  isLost = false;

  expect(await answer).toEqual(FOUND);
  expect(server.asked.length).toBe(4);
});

test("one server that fails is asked once", async () => {
  using server = await startDnsServer(fails);
  await outcome([server]);

  expect(server.asked.length).toBe(2);
});

test("what was answered is not remembered, whatever its time to live", async () => {
  using server = await startDnsServer(finds);
  const servers = new NameServers([server.authority]);
  for (let times = 0; times < 3; times++) await servers.lookUp("a.example", 500);

  expect(server.countOf("a.example")).toBe(6);
});

test("a name is absolute, whatever it looks like", async () => {
  using server = await startDnsServer(knowsNoName);
  await outcome([server], 500, "intranet");

  expect(new Set(server.asked.map(({ name }) => name))).toEqual(new Set(["intranet"]));
});

test.each(["localhost", "a.b.localhost"])("%s is this machine, and nobody is asked", async (name) => {
  using server = await startDnsServer(finds);
  const found = await new NameServers([server.authority]).lookUp(name, 500);

  expect(found.map(({ address }) => address)).toEqual(["127.0.0.1", "::1"]);
  expect(server.asked).toEqual([]);
});

test.each(["a..example", `${"a".repeat(64)}.example`, "a.".repeat(140), ""])(
  "%p can't be asked for",
  async (name) => {
    using server = await startDnsServer(finds);

    expect(await outcome([server], 500, name)).toMatch(/^E/);
    expect(server.asked).toEqual([]);
  },
);

async function outcome(servers: readonly DnsServer[], timeoutMs = 500, name = "a.example"): Promise<unknown> {
  const asking = new NameServers(servers.map(({ authority }) => authority));
  const startedAt = performance.now();
  const found = await asking.lookUp(name, timeoutMs).catch((error: { code: string }) => error.code);
  expect(performance.now() - startedAt).toBeLessThan(timeoutMs + 1_000);
  return found;
}

function alias(ttl: number): DnsRecord {
  return { type: "CNAME", value: "b.example", ttl };
}

function address(value: string, ttl: number): DnsRecord {
  return { type: "A", value, ttl, name: "b.example" };
}
