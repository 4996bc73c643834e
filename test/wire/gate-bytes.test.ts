/** Limits on bytes: what is faster is held back and nothing of it is lost; what is more than a budget is cut, and then refused. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { ask, askAnew, fieldOf } from "../support/ask.ts";
import { connect, get } from "../support/http.ts";
import { nothingIsLeft } from "../support/metrics.ts";
import { startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { startWebServer, type WebServer } from "../support/servers/web.ts";
import { makeFolder, missingOf, runOk } from "../support/tools.ts";
import { until } from "../support/until.ts";

const MIB = 1 << 20;
const BODY = Uint8Array.from({ length: 3 * MIB }, (_, at) => (at * 31) >> 3);
const SUM = sumOf(BODY);

/** What a second's worth at once and a last read of 512 KiB leave to wait for at 1 MiB/s. */
const SECONDS_MIN = 1.4;
const SECONDS_MAX = 10;

const resources = new AsyncDisposableStack();
let server: WebServer;

beforeAll(() => {
  server = resources.use(
    startWebServer(async (request) => {
      if (request.method !== "POST") return new Response(BODY);
      return new Response(sumOf(await request.bytes()));
    }),
  );
});

afterAll(() => resources.disposeAsync());

describe.skipIf(missingOf(["curl"]).length > 0)(
  "at 1 MiB/s, three MiB take their time and arrive whole:",
  () => {
    const down = ["-o", "got"];
    const up = ["-T", "sent", "-X", "POST"];
    // What | the limit | curl's options.
    const rows = [
      ["a download", { download: "1MiB/s" }, down],
      ["an upload", { upload: "1MiB/s" }, up],
      ["an upload in chunks", { upload: "1MiB/s" }, [...up, "-H", "Transfer-Encoding: chunked"]],
      ["a download through a tunnel", { download: "1MiB/s" }, [...down, "-p"]],
      ["an upload through a tunnel", { upload: "1MiB/s" }, [...up, "-p"]],
    ] as const;

    // They wait most of the time, and need not do so one after the other.
    test.concurrent.each(rows)("%s", async (_, limit, options) => {
      await using folder = await makeFolder();
      await Bun.write(`${folder.path}/sent`, BODY);
      await using proxy = await startProxy({ workers: 1, policy: { limits: [{ name: "rate", ...limit }] } });
      const isDownload = "download" in limit;

      const startedAt = performance.now();
      const command = ["curl", "-sS", "-x", proxy.url, ...options, `${server.url}/`];
      const { stdout } = await runOk(command, { cwd: folder.path });
      const seconds = (performance.now() - startedAt) / 1_000;

      expect(isDownload ? sumOf(await Bun.file(`${folder.path}/got`).bytes()) : stdout).toBe(SUM);
      expect(seconds).toBeGreaterThan(SECONDS_MIN);
      expect(seconds).toBeLessThan(SECONDS_MAX);
      await nothingIsLeft(proxy);
      await until("nothing is held", async () => (await proxy.metric("headgate_links_held")) === 0);
    });

    test.concurrent("two at once share it, and another client has its own", async () => {
      const limits = [{ name: "rate", by: "client", download: "2MiB/s" }];
      await using proxy = await startProxy({ workers: 2, policy: { limits } });
      const download = async (from: string) => {
        const command = ["curl", "-sS", "--interface", from, "-x", proxy.url, "-o", "/dev/null"];
        const startedAt = performance.now();
        await runOk([...command, `${server.url}/`]);
        return (performance.now() - startedAt) / 1_000;
      };

      const [one, other, alone] = await Promise.all([
        download("127.0.0.7"),
        download("127.0.0.7"),
        download("127.0.0.8"),
      ]);

      // Six MiB, less a second's worth and a last read of each.
      expect(Math.max(one, other)).toBeGreaterThan(1.4);
      expect(alone).toBeLessThan(Math.max(one, other));
    });
  },
);

describe("a budget", () => {
  const limits = [{ name: "daily", by: "client", budget: "4MiB/24h" }];
  // What is read at once may be 512 KiB, and is let pass whole.
  const body = Buffer.alloc(3 * MIB, "x");
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
  let upstream: RawServer;
  beforeAll(() => {
    upstream = resources.use(
      startRawServer(async (peer) => {
        await peer.hearUntil("\r\n\r\n");
        peer.say(answer).say(body).finish();
      }),
    );
  });

  test("that runs out cuts the transfer, refuses what comes next, and leaves others theirs", async () => {
    await using proxy = await startProxy({ workers: 2, policy: { limits } });
    const fetchAll = async (from: string) => {
      using client = await RawPeer.connect(proxy.port, "127.0.0.1", from);
      client.say(get(upstream.authority, "/", "Connection: close\r\n"));
      return { fate: await client.hearOut(), bytes: client.heardBytes };
    };

    expect((await fetchAll("127.0.0.7")).bytes).toBeGreaterThan(body.length);
    const second = await fetchAll("127.0.0.7");
    expect(second.fate).toBe("reset");
    expect(second.bytes).toBeLessThan(body.length);

    using client = await RawPeer.connect(proxy.port, "127.0.0.1", "127.0.0.7");
    const refused = await ask(client, get(upstream.authority));
    expect(refused.status).toBe(429);
    expect(Number(fieldOf(refused.head, "retry-after"))).toBeGreaterThan(86_000);
    expect(fieldOf(refused.head, "ratelimit-policy")).toBe('"daily";q=4194304;qu="content-bytes";w=86400');
    expect(await askAnew(proxy.port, connect(upstream.authority), "127.0.0.7")).toBe(429);
    expect((await fetchAll("127.0.0.8")).bytes).toBeGreaterThan(body.length);
    expect((await proxy.status()).policy.limits[0]?.refusals).toBeGreaterThanOrEqual(2);
    expect(await proxy.metric('headgate_policy_refusals_total{reason="limit"}')).toBe(3);
  });

  test("that runs out cuts a tunnel, whoever sends", async () => {
    await using proxy = await startProxy({ workers: 1, policy: { limits } });
    using silent = startRawServer(() => {});
    using client = await RawPeer.connect(proxy.port);
    client.say(connect(silent.authority));
    await client.hearUntil("\r\n\r\n");

    client.say(body);
    await until("that much may pass", () => silent.heardBytes() === body.length);
    silent.peers[0]?.say(body);

    expect(await client.hearOut()).toBe("reset");
    expect(await silent.peers[0]?.hearOut()).toBe("reset");
    await nothingIsLeft(proxy);
  });
});

function sumOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
