/** What rules do with what they match, as curl and the upstream see it: resets, redirects and rewrites. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { curl } from "../support/curl.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import type { RawServer } from "../support/raw.ts";
import { addressesFor, startDnsServer } from "../support/servers/dns.ts";
import { startMirror } from "../support/servers/mirror.ts";
import { missingOf, testWith } from "../support/tools.ts";

const NEEDS = ["curl"];
const resources = new AsyncDisposableStack();

let upstream: RawServer;
let proxy: RunningProxy;

beforeAll(async () => {
  if (missingOf(NEEDS).length > 0) return;
  upstream = resources.use(startMirror());
  const dns = resources.use(await startDnsServer((question) => addressesFor(question, ["127.0.0.1"])));
  const { port } = upstream;
  proxy = resources.use(
    await startProxy({
      workers: 1,
      dns: { servers: [dns.authority] },
      policy: {
        rules: [
          { name: "no-ads", action: "deny", hosts: [".ads.test"] },
          { name: "cut", action: "reset", hosts: ["cut.test"] },
          { name: "cut-address", action: "reset", hosts: ["cut-address.test"], addresses: ["127.0.0.0/8"] },
          moved("moved", "moved.test", `http://new.test:${port}{path}`),
          moved("moved-post", "moved-post.test", `http://new.test:${port}{path}`, 307),
          moved(
            "blocked-page",
            "blocked.test",
            `http://new.test:${port}/why?host={host}&port={port}&url={url}`,
          ),
          rewritten("to-host", "host.test", { host: `new.test:${port}` }),
          rewritten("to-prefix", "prefix.test", { pathPrefix: { from: "/old", to: "/new/er" } }),
          rewritten("to-pattern", "pattern.test", { pattern: { from: "/u/([a-z]+)/(\\d+)", to: "/$2/$1" } }),
          rewritten("to-query", "query.test", {
            query: { set: [{ name: "safe", value: "on & on" }], remove: ["utm_source"] },
          }),
          rewritten("to-denied", "to-denied.test", { host: "x.ads.test" }),
          rewritten("there", "there.test", { host: `back.test:${port}` }),
          rewritten("and-back", "back.test", { host: `there.test:${port}` }),
        ],
      },
    }),
  );
});

afterAll(() => resources.disposeAsync());

describe("a reset", () => {
  // What it shows | the host | more for curl.
  const rows = [
    ["of a request", "cut.test", []],
    ["of a CONNECT", "cut.test", ["--proxytunnel"]],
    ["by the address", "cut-address.test", []],
    ["of a CONNECT, by the address", "cut-address.test", ["--proxytunnel"]],
  ] as const;

  for (const [what, host, args] of rows) {
    testWith(NEEDS, `cuts the connection without a word: ${what}`, async () => {
      const { exit, heads, complaint } = await curl(proxy.url, ...args, at(host));

      expect({ exit, heads }).toEqual({ exit: 56, heads: "" });
      expect(complaint).toContain("Connection reset by peer");
    });
  }
});

describe("a redirect", () => {
  testWith(NEEDS, "is followed by curl, path and query kept", async () => {
    const { heads, body } = await curl(proxy.url, "-L", at("moved.test", "/a/b?c=d"));

    expect(heads).toStartWith("HTTP/1.1 302 Found\r\n");
    expect(heads).toContain(`Location: http://new.test:${upstream.port}/a/b?c=d\r\n`);
    expect(body).toStartWith(`GET /a/b?c=d HTTP/1.1\r\nHost: new.test:${upstream.port}\r\n`);
  });

  testWith(NEEDS, "of 307 keeps the method", async () => {
    const { heads, body } = await curl(proxy.url, "-L", "-X", "DELETE", at("moved-post.test"));

    expect(heads).toStartWith("HTTP/1.1 307 ");
    expect(body).toStartWith("DELETE / HTTP/1.1\r\n");
  });

  testWith(NEEDS, "tells the page that it leads to what was asked for, encoded", async () => {
    const { heads } = await curl(proxy.url, at("blocked.test", "/a?b=1&c=%20"));

    const url = encodeURIComponent(at("blocked.test", "/a?b=1&c=%20"));
    expect(heads).toContain(`/why?host=blocked.test&port=${upstream.port}&url=${url}\r\n`);
  });

  testWith(NEEDS, "of a tunnel is a refusal, for nobody would follow it", async () => {
    const { connectStatus, heads } = await curl(proxy.url, "--proxytunnel", at("moved.test"));

    expect(connectStatus).toBe(403);
    expect(heads).toContain('by rule \\"moved\\"');
  });
});

describe("a rewrite", () => {
  // What it shows | the host | the path | what the upstream hears.
  const rows = [
    ["another host", "host.test", "/a?b", "GET /a?b HTTP/1.1\r\nHost: new.test:PORT\r\n"],
    ["another prefix", "prefix.test", "/old/a?b", "GET /new/er/a?b HTTP/1.1\r\nHost: prefix.test:PORT\r\n"],
    ["whole segments only", "prefix.test", "/older", "GET /older HTTP/1.1\r\n"],
    ["groups of a pattern", "pattern.test", "/u/ada/12?x", "GET /12/ada?x HTTP/1.1\r\n"],
    ["the query", "query.test", "/?a=1&utm_source=x&safe=off", "GET /?a=1&safe=on%20%26%20on HTTP/1.1\r\n"],
    [
      "each rule once, so that a circle ends",
      "there.test",
      "/",
      "GET / HTTP/1.1\r\nHost: there.test:PORT\r\n",
    ],
  ] as const;

  for (const [what, host, path, heard] of rows) {
    testWith(NEEDS, what, async () => {
      const { body } = await curl(proxy.url, at(host, path));

      expect(body).toStartWith(heard.replace("PORT", String(upstream.port)));
    });
  }

  testWith(NEEDS, "is judged again", async () => {
    const { status, heads } = await curl(proxy.url, at("to-denied.test"));

    expect(status).toBe(403);
    expect(heads).toContain('by rule \\"no-ads\\"');
  });

  testWith(NEEDS, "never touches a tunnel", async () => {
    const { body } = await curl(proxy.url, "--proxytunnel", at("prefix.test", "/old/a"));

    expect(body).toStartWith(`GET /old/a HTTP/1.1\r\nHost: prefix.test:${upstream.port}\r\n`);
  });
});

function at(host: string, path = "/"): string {
  return `http://${host}:${upstream.port}${path}`;
}

function moved(name: string, host: string, to: string, status = 302) {
  return { name, action: "redirect", hosts: [host], redirect: { to, status } };
}

function rewritten(name: string, host: string, rewrite: object) {
  return { name, action: "rewrite", hosts: [host], rewrite };
}
