/** What a tunnel must show of itself: openssl, curl and raw bytes through a CONNECT to a name, asking for that name or another. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { curl } from "../support/curl.ts";
import { connect } from "../support/http.ts";
import { counting } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { makeCertificate } from "../support/servers/certificate.ts";
import { addressesFor, startDnsServer } from "../support/servers/dns.ts";
import { startEchoServer } from "../support/servers/echo.ts";
import type { WebServer } from "../support/servers/web.ts";
import { makeFolder, missingOf, run, testWith } from "../support/tools.ts";
import { until } from "../support/until.ts";

const NEEDS = ["openssl", "curl"];
const SNI_COUNTS = "headgate_policy_refusals_total";
const resources = new AsyncDisposableStack();

/** Each is a `policy.tunnels`, on the ports of both upstreams. */
const MANNERS = {
  enforce: { sni: "enforce", noSni: "allow", notTls: "allow" },
  strict: { sni: "enforce" },
  log: { sni: "log" },
  off: { sni: "off" },
} as const;
type Manner = keyof typeof MANNERS;

const proxies = new Map<Manner, RunningProxy>();
let secure: WebServer;
let securePort: number;
/** Says a banner first, as SSH does, and keeps what it hears. */
let speaker: RawServer;

beforeAll(async () => {
  if (missingOf(NEEDS).length > 0) return;
  const folder = resources.use(await makeFolder());
  secure = resources.use(startEchoServer(await makeCertificate(folder.path)));
  securePort = Number(secure.authority.split(":")[1]);
  speaker = resources.use(startRawServer((peer) => void peer.say("SSH-2.0-banner\r\n")));
  const dns = resources.use(await startDnsServer((question) => addressesFor(question, ["127.0.0.1"])));
  for (const [manner, tunnels] of Object.entries(MANNERS)) {
    const config = {
      workers: 1,
      dns: { servers: [dns.authority] },
      policy: { tunnels: { ...tunnels, ports: [securePort, speaker.port] } },
    };
    proxies.set(manner as Manner, resources.use(await startProxy(config)));
  }
});

afterAll(() => resources.disposeAsync());

describe("openssl through a tunnel", () => {
  const SAME = ["-servername", "good.test"];
  const OTHER = ["-servername", "evil.test"];
  const NONE = ["-noservername"];

  // What it shows | how | the tunnel's host | what openssl is told | whether it gets an answer.
  const rows: readonly (readonly [string, Manner, string, readonly string[], boolean])[] = [
    ["the host itself", "strict", "good.test", SAME, true],
    ["the host in capitals", "strict", "good.test", ["-servername", "GOOD.Test"], true],
    ["the host, and the CONNECT has capitals and a dot", "strict", "Good.TEST.", SAME, true],
    ["the host over TLS 1.2", "strict", "good.test", [...SAME, "-tls1_2"], true],
    ["another name", "enforce", "good.test", OTHER, false],
    ["a name below it", "enforce", "good.test", ["-servername", "a.good.test"], false],
    ["a name that only begins so", "enforce", "good.test", ["-servername", "good.test.evil.test"], false],
    ["no name, which may be", "enforce", "good.test", NONE, true],
    ["no name, which may not be", "strict", "good.test", NONE, false],
    ["no name to an address, which has none", "strict", "127.0.0.1", NONE, true],
    ["a name to an address", "enforce", "127.0.0.1", OTHER, false],
    ["another name, and it is only logged", "log", "good.test", OTHER, true],
    ["no name, and it is only logged", "log", "good.test", NONE, true],
    ["another name, and nobody looks", "off", "good.test", OTHER, true],
  ];

  for (const [what, manner, host, args, passes] of rows) {
    testWith(NEEDS, `${what}: it ${passes ? "passes" : "is cut"}`, async () => {
      const { stdout } = await openssl(manner, host, args);

      expect(stdout.includes("hello")).toBe(passes);
    });
  }
});

describe("curl through a tunnel", () => {
  testWith(NEEDS, "asks for the host of its tunnel, and passes", async () => {
    const { status, connectStatus } = await curl(
      urlOf("strict"),
      "-k",
      `https://good.test:${securePort}/hello`,
    );

    expect([connectStatus, status]).toEqual([200, 200]);
  });

  testWith(
    NEEDS,
    "that hides another name in a tunnel to a good one is cut before the upstream hears it",
    async () => {
      const before = secure.seen.length;
      const to = `evil.test:${securePort}:good.test:${securePort}`;
      const { exit, connectStatus } = await curl(
        urlOf("strict"),
        "-k",
        "--connect-to",
        to,
        `https://evil.test:${securePort}/hello`,
      );

      expect([exit, connectStatus]).toEqual([35, 200]);
      expect(secure.seen.length).toBe(before);
    },
  );
});

describe("bytes through a tunnel", () => {
  testWith(
    NEEDS,
    "a hello byte by byte passes whole, and nothing of it before its name is known",
    async () => {
      const hello = await helloFor("good.test");
      using client = await tunnelTo("strict", "good.test");
      const upstream = await until("the upstream is there", () => speaker.peers.at(-1));
      await client.sayInPieces(hello.slice(0, -1));
      const before = upstream.heardBytes;
      client.say(hello.slice(-1)).say("and more");
      await upstream.hearUntil("and more");

      expect(before).toBe(0);
      expect(upstream.heard).toBe(`${hello}and more`);
    },
  );

  testWith(NEEDS, "a hello in records of a byte each is read all the same", async () => {
    const body = (await helloFor("evil.test")).slice(5);
    using client = await tunnelTo("enforce", "good.test");
    client.say(Array.from(body, (byte) => `\x16\x03\x01\x00\x01${byte}`).join(""));

    expect(await client.hearOut()).toBe("reset");
    expect(speaker.peers.at(-1)?.heardBytes).toBe(0);
  });

  testWith(NEEDS, "half a hello and the end is cut", async () => {
    using client = await tunnelTo("enforce", "good.test");
    client.say((await helloFor("good.test")).slice(0, 60)).finish();

    expect(await client.hearOut()).toBe("reset");
    expect(speaker.peers.at(-1)?.heardBytes).toBe(0);
  });

  test("what is not TLS passes where it may", async () => {
    using client = await tunnelTo("enforce", "good.test");
    client.say("SSH-2.0-client\r\n");

    await speaker.peers.at(-1)?.hearUntil("SSH-2.0-client\r\n");
  });

  test("a request in plain text is cut where only TLS may pass", async () => {
    using client = await tunnelTo("strict", "good.test");
    client.say("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n");

    expect(await client.hearOut()).toBe("reset");
    expect(speaker.peers.at(-1)?.heardBytes).toBe(0);
  });

  test("said together with the CONNECT are held to the same", async () => {
    using client = await RawPeer.connect(portOf("strict"));
    client.say(`${connect(`good.test:${speaker.port}`)}GET / HTTP/1.1\r\n`);

    expect(await client.hearOut()).toBe("reset");
    expect(speaker.peers.at(-1)?.heardBytes).toBe(0);
  });

  test("on another port are nobody's business", async () => {
    using other = startRawServer(() => {});
    using client = await RawPeer.connect(portOf("strict"));
    client.say(`${connect(`good.test:${other.port}`)}GET / HTTP/1.1\r\n`);

    await client.hearUntil("HTTP/1.1 200 ");
    await until("they came", () => other.peers[0]?.heard === "GET / HTTP/1.1\r\n");
  });
});

describe("what is seen of it", () => {
  // What it shows | how | what openssl is told | the reason | whether it was only logged.
  const rows = [
    ["a mismatch", "enforce", ["-servername", "seen.test"], "sni_mismatch", false],
    ["a missing name", "strict", ["-noservername"], "sni_missing", false],
    ["a mismatch that is logged", "log", ["-servername", "seen.test"], "sni_mismatch", true],
    ["a missing name that is logged", "log", ["-noservername"], "sni_missing", true],
  ] as const;

  for (const [what, manner, args, reason, isLogged] of rows) {
    testWith(NEEDS, `in the log and the counters: ${what}`, async () => {
      const proxy = proxyOf(manner);
      const grown = await counting(proxy, `${SNI_COUNTS}{reason="${reason}"}`);
      const host = `${reason.replace("_", "-")}-${manner}.test`;
      await openssl(manner, host, args);

      const line = await lineAbout(proxy, host);
      expect(line).toMatchObject({ kind: "tunnel", status: 200, reason, rule: "tunnels.sni" });
      // However the upstream takes its leave, that is no refusal.
      expect(line["error"] === "http_request_denied").toBe(!isLogged);
      expect(line["would_deny"]).toBe(isLogged ? true : undefined);
      expect(await grown()).toBe(1);
    });
  }

  testWith(NEEDS, "nothing, when all is well", async () => {
    await openssl("strict", "quiet.test", ["-servername", "quiet.test"]);

    const line = await lineAbout(proxyOf("strict"), "quiet.test");
    expect([line["reason"], line["would_deny"]]).toEqual([undefined, undefined]);
  });
});

/** Asks for `/hello`, and ends with the answer or the cut. */
function openssl(manner: Manner, host: string, args: readonly string[]) {
  const proxy = `127.0.0.1:${portOf(manner)}`;
  return run(
    ["openssl", "s_client", "-quiet", "-proxy", proxy, "-connect", `${host}:${securePort}`, ...args],
    {
      input: "GET /hello HTTP/1.1\r\nHost: good.test\r\nConnection: close\r\n\r\n",
    },
  );
}

function lineAbout(proxy: RunningProxy, host: string): Promise<Record<string, unknown>> {
  const target = `${host}:${securePort}`;
  return until(`a line about ${target}`, () => proxy.accessLog().find((line) => line["target"] === target));
}

/** The first that openssl says to a server: a record with a ClientHello. */
async function helloFor(name: string): Promise<string> {
  using server = startRawServer(async (peer) => {
    await peer.hearUntil(
      ({ heard }) => heard.length >= 5 && heard.length >= 5 + heard.charCodeAt(3) * 256 + heard.charCodeAt(4),
    );
    peer.reset();
  });
  await run(["openssl", "s_client", "-connect", server.authority, "-servername", name]);
  return server.peers[0]?.heard ?? "";
}

/** A tunnel that stands, to the upstream that speaks first; its banner has come. */
async function tunnelTo(manner: Manner, host: string): Promise<RawPeer> {
  const client = await RawPeer.connect(portOf(manner));
  client.say(connect(`${host}:${speaker.port}`));
  await client.hearUntil("SSH-2.0-banner\r\n");
  return client;
}

function proxyOf(manner: Manner): RunningProxy {
  const proxy = proxies.get(manner);
  if (proxy === undefined) throw new Error(`Cannot find the proxy for ${manner}`);
  return proxy;
}

function portOf(manner: Manner): number {
  return proxyOf(manner).port;
}

function urlOf(manner: Manner): string {
  return proxyOf(manner).url;
}
