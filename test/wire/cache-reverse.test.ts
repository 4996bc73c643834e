/** A reverse listener: a server, whose requests go by host and path to the config's own upstreams, through the cache. */
import { describe, expect, test } from "bun:test";
import { type HttpAnswer, HttpClient } from "../support/http-client.ts";
import { unusedPort } from "../support/port.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import {
  checkedBody,
  fresh,
  type OriginHandler,
  readChecked,
  startOrigin,
} from "../support/servers/origin.ts";

const REVERSE = { address: "127.0.0.1:0", mode: "reverse" };
const FORWARD = { address: "127.0.0.1:0", mode: "forward" };

/** As a browser sends them. */
const BROWSER = [
  'sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"',
  "sec-ch-ua-mobile: ?0",
  'sec-ch-ua-platform: "Linux"',
  "Upgrade-Insecure-Requests: 1",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Sec-Fetch-Site: none",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-User: ?1",
  "Sec-Fetch-Dest: document",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: de-DE,de;q=0.9,en;q=0.8",
  "Connection: keep-alive",
]
  .map((line) => `${line}\r\n`)
  .join("");

/** Says where it is and what it was asked for. */
function named(name: string): OriginHandler {
  return ({ path, headers }) =>
    fresh(`${name} ${headers.get("host")} ${path}`, { "cache-control": "no-store", "x-name": name });
}

describe("by host and path", () => {
  test("a request goes to the upstream of the route that fits best, with its own Host", async () => {
    using shop = startOrigin(named("shop"));
    using images = startOrigin(named("images"));
    using rest = startOrigin(named("rest"));
    await using proxy = await startProxy({
      workers: 1,
      listeners: [REVERSE],
      upstreams: upstreams({ shop: [shop.authority], images: [images.authority], rest: [rest.authority] }),
      routes: [
        { upstream: "rest" },
        { hosts: ["shop.example"], upstream: "shop" },
        { hosts: ["*.shop.example"], paths: ["/images/*"], upstream: "images" },
        { hosts: ["shop.example"], paths: ["/images/*"], upstream: "images" },
      ],
    });
    using client = await HttpClient.connect(proxy.port);

    // The Host | the path | whose answer.
    const rows = [
      ["shop.example", "/", "shop"],
      ["SHOP.example", "/cart?x=1", "shop"],
      ["shop.example", "/images/a.png", "images"],
      ["shop.example:8080", "/images/a.png", "images"],
      ["www.shop.example", "/images/a.png", "images"],
      ["www.shop.example", "/", "rest"],
      ["other.example", "/images/a.png", "rest"],
    ] as const;
    for (const [host, path, name] of rows) {
      const answer = await client.ask(server(host, path));
      expect(answer.body.toString()).toBe(`${name} ${host.toLowerCase()} ${path}`);
    }
  });

  test("what no route is for gets 404, and the connection goes on", async () => {
    using origin = startOrigin(named("a"));
    await using proxy = await startProxy({
      workers: 1,
      listeners: [REVERSE],
      upstreams: upstreams({ a: [origin.authority] }),
      routes: [{ hosts: ["a.example"], paths: ["/app/*"], upstream: "a" }],
    });
    using client = await HttpClient.connect(proxy.port);

    for (const [host, path] of [
      ["a.example", "/"],
      ["b.example", "/app/x"],
      ["a.example", "/app/../secret"],
      ["a.example", "/app%2f..%2fsecret"],
    ] as const) {
      const answer = await client.ask(server(host, path));
      expect([host, path, answer.status]).toEqual([host, path, 404]);
    }
    expect((await client.ask(server("a.example", "/app/x"))).status).toBe(200);
    expect(origin.heard).toEqual(["GET /app/x"]);
  });

  test("endpoints of an upstream are asked in turn", async () => {
    using one = startOrigin(named("one"));
    using two = startOrigin(named("two"));
    await using proxy = await startProxy({
      workers: 1,
      listeners: [REVERSE],
      upstreams: upstreams({ pair: [one.authority, two.authority] }),
      routes: [{ upstream: "pair" }],
    });
    using client = await HttpClient.connect(proxy.port);

    const names = new Set<string | undefined>();
    for (let at = 0; at < 4; at++)
      names.add((await client.ask(server("x.example", `/${at}`))).field("x-name"));

    expect([...names].toSorted()).toEqual(["one", "two"]);
  });
});

test("a browser's request is answered, kept alive, and stored for the next of any worker", async () => {
  using origin = startOrigin(({ path, headers }) =>
    fresh(checkedBody(path, 1, 10_000), {
      vary: "Accept-Encoding",
      "content-type": "text/html",
      "x-agent": headers.get("user-agent") ?? "",
    }),
  );
  await using proxy = await startReverse(origin.authority, 2);
  using client = await HttpClient.connect(proxy.port);

  const first = await client.ask(server("site.example", "/page", BROWSER));
  expect(first.field("cache-status")).toStartWith("headgate; fwd=uri-miss");
  expect(first.field("x-agent")).toStartWith("Mozilla/5.0 ");
  for (let at = 0; at < 12; at++) {
    using other = await HttpClient.connect(proxy.port);
    for (const _ of [1, 2]) {
      const answer = await other.ask(server("site.example", "/page", BROWSER));
      expect(answer.field("cache-status")).toStartWith("headgate; hit");
      expect(answer.field("connection")).not.toBe("close");
      expect(readChecked(answer.body)).toEqual({ path: "/page", version: 1 });
    }
  }
  const reloaded = await client.ask(
    server("site.example", "/page", `${BROWSER}Cache-Control: max-age=0\r\n`),
  );
  expect(reloaded.field("cache-status")).toStartWith("headgate; fwd=request");
  expect(origin.asked("/page")).toBe(2);
});

test("what a reverse and a forward listener store under one name is kept apart, and so are two upstreams", async () => {
  using one = startOrigin(({ path }) => fresh(checkedBody(path, 1)));
  using two = startOrigin(({ path }) => fresh(checkedBody(path, 2)));
  await using proxy = await startProxy({
    workers: 1,
    listeners: [REVERSE, FORWARD],
    upstreams: upstreams({ one: [one.authority], two: [two.authority] }),
    routes: [
      { paths: ["/one/*"], upstream: "one" },
      { paths: ["/two/*"], upstream: "two" },
    ],
  });
  const [reversePort = 0, forwardPort = 0] = proxy.ports;
  using reverse = await HttpClient.connect(reversePort);
  using forward = await HttpClient.connect(forwardPort);

  // The reverse listener is asked under the name of the other origin.
  const served = await reverse.ask(server(two.authority, "/one/a"));
  const passed = await forward.get(two.authority, "/one/a");
  expect(readChecked(served.body).version).toBe(1);
  expect(readChecked(passed.body).version).toBe(2);
  expect(passed.field("cache-status")).toStartWith("headgate; fwd=uri-miss");
  for (const [answer, version] of [
    [await reverse.ask(server(two.authority, "/one/a")), 1],
    [await forward.get(two.authority, "/one/a"), 2],
  ] as readonly (readonly [HttpAnswer, number])[]) {
    expect(answer.field("cache-status")).toStartWith("headgate; hit");
    expect(readChecked(answer.body).version).toBe(version);
  }

  // A purge by URL means all that is kept apart under it.
  const purged = await fetch(`${proxy.admin}/cache/purge`, {
    method: "POST",
    body: JSON.stringify({ url: `http://${two.authority}/one/a` }),
    proxy: false,
  });
  expect(await purged.json()).toEqual({ purged: 2 });
});

test("PURGE and unsafe methods reach what a reverse listener has stored", async () => {
  using origin = startOrigin(({ path, count }) => fresh(checkedBody(path, count)));
  await using proxy = await startReverse(origin.authority, 2);
  using client = await HttpClient.connect(proxy.port);
  const status = async () => (await client.ask(server("site.example", "/a"))).field("cache-status");
  await status();

  expect(await status()).toStartWith("headgate; hit");
  await client.ask(server("site.example", "/a", "Content-Length: 0\r\n", "PUT"));
  expect(await status()).toStartWith("headgate; fwd=uri-miss");
  expect(await status()).toStartWith("headgate; hit");
  expect((await client.ask(server("site.example", "/a", "", "PURGE"))).status).toBe(200);
  expect(await status()).toStartWith("headgate; fwd=uri-miss");
});

test("an upstream that is gone is told as 502, and what is stored is served", async () => {
  const port = unusedPort();
  await using proxy = await startReverse(`127.0.0.1:${port}`, 1);
  using client = await HttpClient.connect(proxy.port);
  expect((await client.ask(server("site.example", "/a"))).status).toBe(502);

  const origin = startOrigin(({ path }) => fresh(checkedBody(path, 1)), port);
  expect((await client.ask(server("site.example", "/a"))).status).toBe(200);
  origin.stop();

  expect((await client.ask(server("site.example", "/a"))).field("cache-status")).toStartWith("headgate; hit");
});

test("one that other machines can reach starts without clients, and tunnels for nobody", async () => {
  using origin = startOrigin(named("a"));
  await using proxy = await startProxy({
    workers: 1,
    listeners: [{ address: "0.0.0.0:0", mode: "reverse" }],
    upstreams: upstreams({ a: [origin.authority] }),
    routes: [{ hosts: ["a.example"], upstream: "a" }],
  });
  using client = await HttpClient.connect(proxy.port);

  expect((await client.ask(server("a.example", "/"))).status).toBe(200);
  const elsewhere = await client.get(origin.authority, "/");
  expect(elsewhere.status).toBe(404);
  using other = await HttpClient.connect(proxy.port);
  const tunnel = await other.ask(`CONNECT ${origin.authority} HTTP/1.1\r\nHost: ${origin.authority}\r\n\r\n`);
  expect(tunnel.status).toBeWithin(400, 506);
  expect(origin.heard).toEqual(["GET /"]);
});

function startReverse(authority: string, workers: number): Promise<RunningProxy> {
  return startProxy({
    workers,
    listeners: [REVERSE],
    upstreams: upstreams({ only: [authority] }),
    routes: [{ upstream: "only" }],
  });
}

function upstreams(endpoints: Readonly<Record<string, readonly string[]>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(endpoints).map(([name, each]) => [name, { endpoints: each }]));
}

/** As a server is asked. */
function server(host: string, path: string, fields = "", method = "GET"): string {
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`;
}
