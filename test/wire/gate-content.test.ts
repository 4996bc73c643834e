/** What may be in a message: kinds and sizes, declared or real, with curl and real bodies. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type CurlAnswer, curl } from "../support/curl.ts";
import { counting, nothingIsLeft } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { startWebServer, type WebServer } from "../support/servers/web.ts";
import { type Folder, makeFolder, testWith } from "../support/tools.ts";
import { until } from "../support/until.ts";

const NEEDS = ["curl"];
const MOST = 100_000;

/** In which the first half of an answer gets to the client, who then can't be told of a status any more. */
const PAUSE_MS = 50;

const resources = new AsyncDisposableStack();

let folder: Folder;
let web: WebServer;
/** Answers without a length, and ends with its connection. */
let endless: RawServer;
let proxy: RunningProxy;
let audit: RunningProxy;

beforeAll(async () => {
  folder = resources.use(await makeFolder());
  for (const bytes of [MOST, MOST + 1]) await Bun.write(fileOf(bytes), new Uint8Array(bytes));
  web = resources.use(startWebServer(answer));
  endless = resources.use(
    startRawServer(async (peer) => {
      const head = await peer.hearUntil("\r\n\r\n");
      const answer = `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(sizeIn(head))}`;
      if (!head.includes("?slow")) return peer.say(answer).finish();
      peer.say(answer.slice(0, MOST / 2));
      await Bun.sleep(PAUSE_MS);
      peer.say(answer.slice(MOST / 2)).finish();
    }),
  );
  const policy = {
    rules: [
      {
        name: "no-films",
        action: "content",
        content: { mediaTypes: ["video/*", "application/zip"], extensions: ["exe", "tar.gz"] },
      },
      { name: "tiny", action: "content", paths: ["/tiny"], content: { answerBytes: "10B" } },
      { name: "small", action: "content", content: { requestBytes: `${MOST}B`, answerBytes: `${MOST}B` } },
    ],
  };
  proxy = resources.use(await startProxy({ workers: 1, policy }));
  audit = resources.use(await startProxy({ workers: 1, policy: { ...policy, mode: "audit" } }));
});

afterAll(async () => {
  await nothingIsLeft(proxy);
  await resources.disposeAsync();
});

describe("kinds", () => {
  // What it shows | the path | the status | the reason.
  const rows: readonly (readonly [string, string, number, string?])[] = [
    ["an extension", "/a.exe", 403, "content_extension"],
    ["in capitals", "/A.EXE", 403, "content_extension"],
    ["percent-encoded", "/a%2Eex%65", 403, "content_extension"],
    ["with a query behind it", "/a.exe?b=.txt", 403, "content_extension"],
    ["with parameters behind it", "/a.exe;b=.txt", 403, "content_extension"],
    ["with a slash behind it", "/a.exe/", 403, "content_extension"],
    ["with a zero byte behind it", "/a.exe%00.txt", 403, "content_extension"],
    ["of two parts", "/a.tar.gz", 403, "content_extension"],
    ["not one that only ends so", "/a.aexe", 200],
    ["not in a folder's name", "/a.exe/b", 200],
    ["not in the query", "/a?b=c.exe", 200],
    ["what an answer is to be saved as", "/saved", 403, "content_extension"],
    ["a media type", "/type?application/zip", 403, "content_type"],
    ["of a whole family, with parameters", "/type?Video/MP4;codecs=x", 403, "content_type"],
    ["not another", "/type?text/plain", 200],
  ];

  for (const [what, path, status, reason] of rows) {
    testWith(NEEDS, what, async () => {
      const answer = await curl(proxy.url, "--path-as-is", web.url + path);

      expect(answer.status).toBe(status);
      if (reason === undefined) return;
      expect(answer.body).toContain('Policy refused this content by rule "no-films": ');
      expect(answer.body).not.toContain("the content");
      expect(await lineAbout(web.url + path)).toMatchObject({ status, reason, rule: "no-films" });
    });
  }

  testWith(NEEDS, "in a tunnel are not seen", async () => {
    expect((await curl(proxy.url, "--proxytunnel", `${web.url}/a.exe`)).status).toBe(200);
  });
});

describe("sizes of requests", () => {
  // What it shows | bytes | more for curl | the status.
  const rows = [
    ["declared, as much as may be", MOST, [], 200],
    ["declared, a byte more", MOST + 1, [], 413],
    ["chunked, as much as may be", MOST, ["-H", "Transfer-Encoding: chunked"], 200],
    ["chunked, a byte more", MOST + 1, ["-H", "Transfer-Encoding: chunked"], 413],
    ["declared, with 100-continue", MOST + 1, ["-H", "Expect: 100-continue"], 413],
  ] as const;

  for (const [what, bytes, args, status] of rows) {
    testWith(NEEDS, what, async () => {
      const answer = await upload(proxy, bytes, ...args);

      expect([answer.status, answer.exit]).toEqual([status, 0]);
      if (status === 200) return expect(answer.body).toBe(String(bytes));
      expect(answer.body).toContain(`by rule "small": more than ${MOST} bytes`);
    });
  }

  testWith(NEEDS, "that are declared never begin to reach the upstream", async () => {
    const dials = await counting(proxy, "headgate_upstream_dials_total");
    const seen = web.seen.length;
    await upload(proxy, MOST + 1);

    expect([await dials(), web.seen.length - seen]).toEqual([0, 0]);
  });

  test("that turn out larger are not shown to the upstream as complete", async () => {
    using upstream = startRawServer(() => {});
    using client = await RawPeer.connect(proxy.port);
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    client.say(
      `POST http://${upstream.authority}/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    client.say(chunk);
    const heard = await until("the beginning has come", () =>
      upstream.peers.find(({ heardBytes }) => heardBytes > 0),
    );
    client.say(`${chunk}0\r\n\r\n`);

    expect(await client.hearUntil("\r\n\r\n")).toStartWith("HTTP/1.1 413 ");
    expect(await heard.hearOut()).toBe("reset");
    expect(heard.heardBytes).toBeLessThan(MOST + 1_000);
    expect(heard.heard).not.toEndWith("0\r\n\r\n");
  });
});

describe("sizes of answers", () => {
  const web200 = (path: string) => () => web.url + path;

  // What it shows | where | the status | curl's exit code: 0 whole, 18 cut short, 56 reset.
  const rows: readonly (readonly [string, () => string, number, readonly number[]])[] = [
    ["declared, as much as may be", web200(`/bytes?${MOST}`), 200, [0]],
    ["declared, a byte more", web200(`/bytes?${MOST + 1}`), 413, [0]],
    ["chunked, as much as may be", web200(`/chunked?${MOST}`), 200, [0]],
    ["chunked, a byte more: cut", web200(`/chunked?slow${MOST + 1}`), 200, [18, 56]],
    ["until its end, as much as may be", () => `http://${endless.authority}/?slow${MOST}`, 200, [0]],
    ["until its end, a byte more: cut", () => `http://${endless.authority}/?slow${MOST + 1}`, 200, [18, 56]],
    ["more, and nothing of it has passed yet", () => `http://${endless.authority}/tiny?20`, 413, [0]],
    ["a small range of something larger", web200("/range"), 413, [0]],
  ];

  for (const [what, url, status, exits] of rows) {
    testWith(NEEDS, what, async () => {
      const answer = await curl(proxy.url, url());

      expect(answer.status).toBe(status);
      expect(exits).toContain(answer.exit);
      if (status === 200) expect(answer.body.length).toBe(answer.exit === 0 ? MOST : answer.body.length);
      expect(answer.body.length).toBeLessThanOrEqual(MOST);
    });
  }

  testWith(NEEDS, "are told in the log: cut, by which rule and why", async () => {
    const url = `${web.url}/chunked?slow${MOST + 7}`;
    await curl(proxy.url, url);

    expect(await lineAbout(url)).toMatchObject({
      status: 200,
      error: "http_request_denied",
      rule: "small",
      reason: "content_size",
    });
  });

  testWith(NEEDS, "in a tunnel are not counted", async () => {
    const { body } = await curl(proxy.url, "--proxytunnel", `${web.url}/bytes?${MOST + 1}`);

    expect(body.length).toBe(MOST + 1);
  });
});

describe("in an audit everything passes, and is told", () => {
  const rows = [
    ["an extension", "/a.exe", "content_extension"],
    ["a media type", "/type?video/mp4", "content_type"],
    ["a declared size", `/bytes?${MOST + 1}`, "content_size"],
  ] as const;

  for (const [what, path, reason] of rows) {
    testWith(NEEDS, what, async () => {
      expect((await curl(audit.url, web.url + path)).status).toBe(200);
      expect(await lineAbout(web.url + path, audit)).toMatchObject({ status: 200, reason, would_deny: true });
    });
  }

  testWith(NEEDS, "a real size", async () => {
    const { exit, body } = await curl(audit.url, `${web.url}/chunked?${MOST + 1}`);

    expect([exit, body.length]).toEqual([0, MOST + 1]);
  });
});

/** `/count` says how much came. */
function upload(through: RunningProxy, bytes: number, ...args: readonly string[]): Promise<CurlAnswer> {
  return curl(through.url, "-T", fileOf(bytes), ...args, `${web.url}/count`);
}

function lineAbout(url: string, of = proxy): Promise<Record<string, unknown>> {
  return until(`a line about ${url}`, () => of.accessLog().findLast(({ target }) => target === url));
}

function answer(request: Request): Response | Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const size = sizeIn(search);
  switch (pathname) {
    case "/saved":
      return new Response("the content", {
        headers: { "content-disposition": 'attachment; filename="a.exe"' },
      });
    case "/type":
      return new Response("the content", { headers: { "content-type": search.slice(1) } });
    case "/bytes":
      return new Response("x".repeat(size));
    case "/chunked":
      return new Response(inPieces(size, search.startsWith("?slow") ? PAUSE_MS : 0));
    case "/range":
      return new Response("xx", { status: 206, headers: { "content-range": `bytes 0-1/${MOST + 1}` } });
    case "/count":
      return request.bytes().then(({ length }) => new Response(String(length)));
    default:
      return new Response("the content");
  }
}

async function* inPieces(size: number, pauseMs: number): AsyncGenerator<string> {
  const half = Math.floor(size / 2);
  yield "x".repeat(half);
  await Bun.sleep(pauseMs);
  yield "x".repeat(size - half);
}

function sizeIn(text: string): number {
  return Number(/\?(?:slow)?(\d+)/.exec(text)?.[1] ?? 0);
}

function fileOf(bytes: number): string {
  return `${folder.path}/${bytes}`;
}
