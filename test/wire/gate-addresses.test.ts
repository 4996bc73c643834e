/**
 * Attempts to reach what a proxy on a public address must not: this machine, its
 * network and its cloud's metadata, in every spelling. On such a proxy nothing of
 * all this may begin so much as a dial.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { askAnew } from "../support/ask.ts";
import { curl } from "../support/curl.ts";
import { connect, get } from "../support/http.ts";
import { counting } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { type RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { addressesFor, startDnsServer } from "../support/servers/dns.ts";
import { startMirror } from "../support/servers/mirror.ts";
import { testWith } from "../support/tools.ts";
import { spellings } from "./spellings.ts";

const NEEDS = ["curl"];
const PUBLIC = [{ address: "0.0.0.0:0", clients: ["127.0.0.0/8"] }];
const resources = new AsyncDisposableStack();

/** 127.0.0.2 stands for the world: a rule opens it, and nothing else. */
const WORLD = { name: "world", action: "allow", addresses: ["127.0.0.2"] };

let inner: RawServer;
let world: RawServer;
let open: RunningProxy;
let local: RunningProxy;
let dns: { servers: string[] };

beforeAll(async () => {
  inner = resources.use(startMirror());
  const server = resources.use(
    await startDnsServer((question) => {
      const address = /^to-(.+)\.test$/.exec(question.name)?.[1];
      return address === undefined ? { code: "NXDOMAIN" } : addressesFor(question, [address]);
    }),
  );
  dns = { servers: [server.authority] };
  world = resources.use(startRawServer(redirect, "127.0.0.2"));
  open = resources.use(await startProxy({ workers: 1, listeners: PUBLIC, dns, policy: { rules: [WORLD] } }));
  local = resources.use(await startProxy({ workers: 1, dns }));
});

afterAll(() => resources.disposeAsync());

for (const [kind, hosts] of Object.entries(spellings)) {
  describe(`on a public address, ${kind}:`, () => {
    // As a host of its own, and on the port where somebody does listen.
    test.each(hosts)("%s", async (host, status) => {
      const dials = await counting(open, "headgate_upstream_dials_total");

      for (const port of ["", `:${inner.port}`])
        expect([port, await askAnew(open.port, get(`${host}${port}`))]).toEqual([port, status]);
      expect(await askAnew(open.port, connect(`${host}:${inner.port}`))).toBe(status);
      expect(await dials()).toBe(0);
    });
  });
}

describe("with curl, which reads hosts its own way", () => {
  const hosts = [
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "2130706433",
    "0177.1",
    "localhost",
    "[::1]",
    "[::ffff:7f00:1]",
    "0",
  ];

  for (const host of [...hosts, "169.254.169.254", "2852039166", "to-127.0.0.1.test"]) {
    testWith(NEEDS, host, async () => {
      const plain = await curl(open.url, `http://${host}:${inner.port}/`);
      const tunnel = await curl(open.url, "--proxytunnel", `http://${host}:${inner.port}/`);

      expect([plain.status, tunnel.connectStatus]).toEqual([403, 403]);
      expect(plain.heads).toContain("Proxy-Status: headgate; error=destination_ip_prohibited; details=");
      expect(plain.body).toEndWith("Do not retry: the answer will be the same.\n");
      expect(inner.peers).toEqual([]);
    });
  }

  testWith(NEEDS, "a world that sends there: it gets so far, and no further", async () => {
    const ways = [
      "http://127.0.0.1:PORT/",
      "http://169.254.169.254/latest/",
      "http://to-169.254.169.254.test/",
      "http://to-127.0.0.1.test:PORT/",
      "//localhost:PORT/",
    ];
    for (const way of ways) {
      const url = `http://127.0.0.2:${world.port}/?${way.replace("PORT", String(inner.port))}`;
      const { status, heads } = await curl(open.url, "-gL", url);

      expect(heads).toStartWith("HTTP/1.1 302 ");
      expect(status).toBe(403);
    }
    expect(inner.peers).toEqual([]);
  });
});

describe("on a loopback address", () => {
  // What it shows | the host, on the port of the upstream | the status.
  test.each([
    ["loopback is within reach", "127.0.0.1", 200],
    ["by name", "localhost", 200],
    ["by a name that leads there", "to-127.0.0.1.test", 200],
    ["mapped into IPv6", "[::ffff:127.0.0.1]", 200],
    ["what a NAT64 would take out is not", "[64:ff9b::127.0.0.1]", 403],
    ["nor is the unspecified address", "0.0.0.0", 403],
    ["nor metadata", "169.254.169.254", 403],
    ["nor metadata by name", "to-169.254.169.254.test", 403],
    ["nor metadata mapped into IPv6", "[::ffff:169.254.169.254]", 403],
    ["nor metadata of a private range", "[fd00:ec2::254]", 403],
    ["nor shared addresses", "100.64.0.1", 403],
    ["nor the documentation's", "192.0.2.1", 403],
  ] as const)("%s", async (_, host, status) => {
    expect(await askAnew(local.port, get(`${host}:${inner.port}`))).toBe(status);
  });
});

describe("what a rule opens", () => {
  // What it shows | its addresses | the status of loopback and of metadata, on a public address.
  const rows = [
    ["everything opens nothing special", ["0.0.0.0/0", "::/0"], 403, 403],
    ["a range wider than the special one does not either", ["64.0.0.0/2"], 403, 403],
    ["a range opens what is in it", ["127.0.0.0/8"], 200, 403],
    ["an address opens itself", ["127.0.0.1"], 200, 403],
    ["another address does not", ["127.0.0.3"], 403, 403],
  ] as const;

  test.each(rows)("%s", async (_, addresses, loopback, metadata) => {
    const policy = { rules: [{ name: "opens", action: "allow", addresses }] };
    await using proxy = await startProxy({ workers: 1, listeners: PUBLIC, policy });

    expect(await askAnew(proxy.port, get(inner.authority))).toBe(loopback);
    expect(await askAnew(proxy.port, get("169.254.169.254"))).toBe(metadata);
  });

  test("a rule that allows by host opens nothing", async () => {
    const policy = { rules: [{ name: "host", action: "allow", hosts: ["127.0.0.1", "localhost"] }] };
    await using proxy = await startProxy({ workers: 1, listeners: PUBLIC, policy });

    expect(await askAnew(proxy.port, get(inner.authority))).toBe(403);
    expect(await askAnew(proxy.port, get(`localhost:${inner.port}`))).toBe(403);
  });

  test("in an audit, too: what is special stays closed", async () => {
    await using proxy = await startProxy({ workers: 1, listeners: PUBLIC, policy: { mode: "audit" } });

    expect(await askAnew(proxy.port, get(inner.authority))).toBe(403);
  });
});

describe("our own ports", () => {
  const hosts = [
    "127.0.0.1",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "to-127.0.0.1.test",
  ];
  const everything = ["127.0.0.0/8", "::/128", "0.0.0.0/8", "64:ff9b::7f00:0/104", "2002:7f00::/24"];

  test.each([...hosts, "0.0.0.0", "[::]"])("%s is a loop, whatever a rule opens", async (host) => {
    const policy = { rules: [{ name: "all", action: "allow", addresses: everything }] };
    await using proxy = await startProxy({ workers: 1, dns, policy });
    const status = Number(new URL(proxy.admin ?? "").port);

    for (const port of [proxy.port, status]) {
      expect(await askAnew(proxy.port, get(`${host}:${port}`))).toBe(508);
      expect(await askAnew(proxy.port, connect(`${host}:${port}`))).toBe(508);
    }
  });
});

/** Sends whoever asks for `/?URL` to that URL. */
async function redirect(peer: RawPeer): Promise<void> {
  const head = await peer.hearUntil("\r\n\r\n");
  const to = /^GET \/\?(\S+)/.exec(head)?.[1] ?? "/";
  peer
    .say(`HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    .finish();
}
