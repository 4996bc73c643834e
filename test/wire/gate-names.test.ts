/**
 * Names that lead elsewhere the next time, or to several places at once. 127.0.0.2
 * stands for the world, which a rule opens; 127.0.0.1 is what must not be reached,
 * and there is a server on the same port of both.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ask, askAnew } from "../support/ask.ts";
import { curl } from "../support/curl.ts";
import { connect, get } from "../support/http.ts";
import { order, reload } from "../support/orders.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer } from "../support/raw.ts";
import {
  addressesFor,
  type DnsAnswer,
  type DnsQuestion,
  type DnsServer,
  startDnsServer,
} from "../support/servers/dns.ts";
import { startMirror } from "../support/servers/mirror.ts";
import { testWith } from "../support/tools.ts";
import { until } from "../support/until.ts";

const NEEDS = ["curl"];
const WORLD = "127.0.0.2";
const INNER = "127.0.0.1";
const METADATA = "169.254.169.254";
const resources = new AsyncDisposableStack();

/** What each name leads to; a list of lists is worked off, an answer for each pair of questions, the last for ever. */
const answers: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "steady.test": [[WORLD]],
  "turns-inside.test": [[WORLD], [INNER]],
  "turns-to-metadata.test": [[WORLD], [METADATA]],
  "turns-outside.test": [[INNER], [WORLD]],
  "mapped.test": [[`::ffff:${INNER}`]],
  "loopback6.test": [["::1"]],
  "nat64.test": [[`64:ff9b::${INNER}`]],
  "6to4.test": [["2002:7f00:1::"]],
  "private6.test": [["fd00::1"]],
  "private.test": [["10.0.0.1", "192.168.0.1"]],
  "none.test": [[]],
  "inner-first.test": [[INNER, WORLD]],
  "world-first.test": [[WORLD, INNER]],
  "both-families.test": [[WORLD, `::ffff:${INNER}`, "::1", METADATA]],
};

let worldServer: RawServer;
let innerServer: RawServer;
let dns: DnsServer;
let proxy: RunningProxy;
let turns = 0;

beforeAll(async () => {
  innerServer = resources.use(startMirror(INNER));
  worldServer = resources.use(startMirror(WORLD, innerServer.port));
  dns = resources.use(await startDnsServer(answer));
  proxy = resources.use(await startProxy(configOf([dns])));
});

beforeEach(() => {
  turns = 0;
});

afterAll(() => resources.disposeAsync());

describe("a name that changes its answer", () => {
  // What it shows | the name | the statuses, one request after the other.
  test.each([
    ["to loopback, is refused from then on", "turns-inside.test", [200, 403, 403]],
    ["to metadata, is refused from then on", "turns-to-metadata.test", [200, 403, 403]],
    ["to the world, is let through from then on", "turns-outside.test", [403, 200, 200]],
  ] as const)("%s", async (_, name, statuses) => {
    for (const request of [get, connect]) {
      turns = 0;
      for (const status of statuses) expect(await askAnew(proxy.port, request(at(name)))).toBe(status);
    }
    expect(innerServer.peers).toEqual([]);
  });

  test("is asked once for a request: what was judged is what is dialled", async () => {
    const before = dns.asked.length;
    const dialled = worldServer.peers.length;
    for (let times = 0; times < 50; times++) await askAnew(proxy.port, get(at("flips.test")));

    const questions = dns.asked.slice(before).filter(({ type }) => type === "A");
    expect(questions.length).toBe(50);
    expect(worldServer.peers.length - dialled).toBe(25);
    expect(innerServer.peers).toEqual([]);
  });

  testWith(NEEDS, "gets nowhere with curl, which leaves names to the proxy", async () => {
    const first = await curl(proxy.url, `http://${at("turns-inside.test")}/`);
    const second = await curl(proxy.url, `http://${at("turns-inside.test")}/`);

    expect([first.status, second.status]).toEqual([200, 403]);
    expect(second.heads).toContain("error=destination_ip_prohibited");
    expect(second.body).toContain(`${INNER} is refused unless a rule allows it by address`);
  });
});

describe("a name that leads inside", () => {
  const names = ["mapped", "loopback6", "nat64", "6to4", "private6", "private", "cname"];

  test.each(names)("%s.test is refused", async (name) => {
    expect(await askAnew(proxy.port, get(at(`${name}.test`)))).toBe(403);
    expect(await askAnew(proxy.port, connect(at(`${name}.test`)))).toBe(403);
    expect(innerServer.peers).toEqual([]);
  });
});

describe("a name with several addresses", () => {
  test.each(["inner-first.test", "world-first.test", "both-families.test"])(
    "%s: only what passed is dialled",
    async (name) => {
      for (let times = 0; times < 5; times++) expect(await askAnew(proxy.port, get(at(name)))).toBe(200);

      expect(innerServer.peers).toEqual([]);
      const line = await until("a line of it", () =>
        proxy.accessLog().find(({ target }) => target === `http://${at(name)}/`),
      );
      expect(line).toMatchObject({ status: 200, upstream: `${WORLD}:${worldServer.port}`, rule: "world" });
    },
  );
});

describe("a name that does not resolve", () => {
  // The name | the status | the word.
  test.each([
    ["none.test", 502, "dns_error"],
    ["nowhere.test", 502, "dns_error"],
    ["failing.test", 502, "dns_error"],
    ["silent.test", 504, "dns_timeout"],
  ] as const)("%s", async (name, status, word) => {
    using client = await RawPeer.connect(proxy.port);
    const answer = await ask(client, get(at(name)));

    expect(answer.status).toBe(status);
    expect(answer.head).toContain(`Proxy-Status: headgate; error=${word}; `);
  });
});

test("a connection that was dialled for one client is not used for another who may not have it", async () => {
  const rule = { name: "one-client", action: "allow", clients: ["127.0.0.1"], addresses: [WORLD] };
  const config = { ...configOf([dns]), pool: {}, policy: { rules: [rule] } };
  await using shared = await startProxy(config);
  const dialled = worldServer.peers.length;

  expect(await askAnew(shared.port, get(at("steady.test")))).toBe(200);
  expect(await askAnew(shared.port, get(at("steady.test")), "127.0.0.3")).toBe(403);
  expect(await askAnew(shared.port, get(at("steady.test")))).toBe(200);
  expect(worldServer.peers.length - dialled).toBe(1);
});

test("other servers are asked after a reload, and what the old ones said is forgotten", async () => {
  using other = await startDnsServer((question) => addressesFor(question, [INNER], 300));
  using long = await startDnsServer((question) => addressesFor(question, [WORLD], 300));
  await using turned = await startProxy(configOf([long]));
  const before = [
    await askAnew(turned.port, get(at("a.test"))),
    await askAnew(turned.port, get(at("a.test"))),
  ];
  await reload(turned, configOf([other]));
  const after = await askAnew(turned.port, get(at("a.test")));

  expect([...before, after]).toEqual([200, 200, 403]);
  expect([long.countOf("a.test"), other.countOf("a.test")]).toEqual([2, 2]);
});

test("POST /explain asks the same servers, and tells the verdict on each address", async () => {
  const url = `http://${at("both-families.test")}/`;
  const answer = await order(proxy, "POST", "/explain", { url });
  const { verdict, addresses } = (await answer.json()) as {
    verdict: string;
    addresses: { address: string; verdict: string }[];
  };

  expect(verdict).toBe("allow");
  expect(addresses.map(({ address, verdict }) => [address, verdict])).toContainEqual([WORLD, "allow"]);
  expect(addresses.filter(({ verdict }) => verdict === "allow").length).toBe(1);
});

function configOf(servers: readonly DnsServer[]) {
  return {
    workers: 1,
    listeners: [{ address: "0.0.0.0:0", clients: ["127.0.0.0/8"] }],
    dns: {
      servers: servers.map(({ authority }) => authority),
      ttlMin: "0s",
      failureTtl: "0s",
      timeout: "300ms",
    },
    pool: { perEndpoint: 0 },
    policy: { rules: [{ name: "world", action: "allow", addresses: [WORLD] }] },
  };
}

/** A and AAAA of one look-up are of one turn. */
function answer(question: DnsQuestion): DnsAnswer | undefined {
  const { name, type } = question;
  if (name === "nowhere.test") return { code: "NXDOMAIN" };
  if (name === "failing.test") return { code: "SERVFAIL" };
  if (name === "silent.test") return undefined;
  const turn = type === "A" ? turns++ : turns - 1;
  if (name === "cname.test") {
    const alias = { type: "CNAME", value: "localhost" } as const;
    return { records: type === "A" ? [alias, { type, value: INNER, name: "localhost" }] : [alias] };
  }
  if (name === "flips.test") return addressesFor(question, [turn % 2 === 0 ? WORLD : INNER]);
  const ofName = answers[name] ?? [];
  return addressesFor(question, ofName[Math.min(turn, ofName.length - 1)] ?? []);
}

function at(name: string): string {
  return `${name}:${worldServer.port}`;
}
