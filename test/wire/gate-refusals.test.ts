/** What is told of a refusal: to the client, in the log, in the counters and on the status port. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { curl } from "../support/curl.ts";
import { connect, get, post } from "../support/http.ts";
import { counting } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer } from "../support/raw.ts";
import { addressesFor, startDnsServer } from "../support/servers/dns.ts";
import { startMirror } from "../support/servers/mirror.ts";
import { testWith } from "../support/tools.ts";
import { until } from "../support/until.ts";

const NEEDS = ["curl"];
const ADVICE = "Do not retry: the answer will be the same.\n";
const resources = new AsyncDisposableStack();

let upstream: RawServer;
let proxy: RunningProxy;

beforeAll(async () => {
  upstream = resources.use(startMirror());
  const dns = resources.use(await startDnsServer((question) => addressesFor(question, ["127.0.0.1"])));
  proxy = resources.use(
    await startProxy({
      workers: 1,
      dns: { servers: [dns.authority] },
      policy: {
        default: "deny",
        rules: [
          { name: "all-tagged", action: "tag", tags: ["seen"] },
          { name: "also-tagged", action: "tag", hosts: ["tagged.test"], tags: ["special", "seen"] },
          { name: "no-ads", action: "deny", hosts: [".ads.test"] },
          { name: "cut", action: "reset", hosts: ["cut.test"] },
          {
            name: "moved",
            action: "redirect",
            hosts: ["moved.test"],
            redirect: { to: "http://new.test{path}" },
          },
          {
            name: "to-new",
            action: "rewrite",
            hosts: ["host.test"],
            rewrite: { host: `new.test:${upstream.port}` },
          },
          { name: "the-rest", action: "allow", hosts: [".test"] },
        ],
      },
    }),
  );
});

afterAll(() => resources.disposeAsync());

describe("a refusal", () => {
  testWith(NEEDS, "is a 403 that names the rule and says not to retry", async () => {
    const { status, heads, body } = await curl(proxy.url, at("x.ads.test"));

    expect(status).toBe(403);
    expect(heads).toContain(
      'Proxy-Status: headgate; error=http_request_denied; details="Policy refused this request by rule \\"no-ads\\""\r\n',
    );
    expect(heads).toContain("Cache-Control: no-store\r\n");
    expect(body).toBe(`403 Forbidden: Policy refused this request by rule "no-ads".\n${ADVICE}`);
  });

  testWith(NEEDS, "is JSON for who asks for that", async () => {
    const { heads, body } = await curl(proxy.url, "-H", "Accept: application/json", at("ads.test"));

    expect(heads).toContain("Content-Type: application/json\r\n");
    expect(JSON.parse(body)).toEqual({
      status: 403,
      error: "http_request_denied",
      detail: 'Policy refused this request by rule "no-ads"',
      rule: "no-ads",
      reason: "rule",
      retry: false,
    });
  });

  testWith(NEEDS, "by default says that no rule allows it", async () => {
    const { status, body } = await curl(proxy.url, at("elsewhere.invalid"));

    expect(status).toBe(403);
    expect(body).toBe(
      `403 Forbidden: Policy refused this request by default, for no rule allows it.\n${ADVICE}`,
    );
  });

  testWith(NEEDS, "of a CONNECT is told the same, and curl says so", async () => {
    const { exit, connectStatus, heads, complaint } = await curl(
      proxy.url,
      `https://ads.test:${upstream.port}/`,
    );

    expect([exit, connectStatus]).toEqual([56, 403]);
    expect(complaint).toContain("CONNECT tunnel failed, response 403");
    expect(heads).toContain('by rule \\"no-ads\\"');
    expect(heads).toContain("\r\nConnection: close\r\n");
  });

  test("of a CONNECT has a body too, in text and in JSON", async () => {
    for (const [accept, body] of [
      ["text/plain", ADVICE],
      ["application/json", '"rule":"no-ads"'],
    ] as const) {
      using client = await RawPeer.connect(proxy.port);
      client.say(connect("ads.test:443", `Accept: ${accept}\r\n`));

      expect(await client.hearOut()).toBe("ended");
      expect(client.heard).toContain(body);
    }
  });

  test("leaves the connection usable for the next request", async () => {
    using client = await RawPeer.connect(proxy.port);
    client.say(get(`ads.test:${upstream.port}`));
    await client.hearUntil(ADVICE);
    client.takeHeard();
    client.say(get(`plain.test:${upstream.port}`));

    expect(await client.hearUntil("GET / HTTP/1.1")).toStartWith("HTTP/1.1 200 ");
  });

  test("of a request with a body ends the connection, so that the body is never read as a request", async () => {
    using client = await RawPeer.connect(proxy.port);
    const before = upstream.peers.length;
    client.say(post(`ads.test:${upstream.port}`, "Content-Length: 1000\r\n"));
    client.say(get(`plain.test:${upstream.port}`));

    expect(await client.hearOut()).toBe("ended");
    expect(client.heard.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 403"]);
    expect(upstream.peers.length).toBe(before);
  });

  testWith(NEEDS, "never reaches the upstream", async () => {
    const before = upstream.peers.length;
    await curl(proxy.url, at("ads.test"));
    await curl(proxy.url, "--proxytunnel", at("ads.test"));
    await curl(proxy.url, at("elsewhere.invalid"));

    expect(upstream.peers.length).toBe(before);
  });
});

describe("what is seen of it", () => {
  // What it shows | more for curl | the host | what its line has.
  const rows = [
    [
      "allowed by a rule",
      [],
      "plain.test",
      { status: 200, rule: "the-rest", reason: "rule", tags: ["seen"] },
    ],
    ["allowed, with tags, each once", [], "tagged.test", { status: 200, tags: ["seen", "special"] }],
    [
      "denied",
      [],
      "log.ads.test",
      {
        kind: "forward",
        status: 403,
        error: "http_request_denied",
        rule: "no-ads",
        reason: "rule",
        tags: ["seen"],
      },
    ],
    [
      "denied, a tunnel",
      ["--proxytunnel"],
      "tunnel.ads.test",
      { kind: "tunnel", method: "CONNECT", status: 403, rule: "no-ads", reason: "rule" },
    ],
    ["by default", [], "log.invalid", { status: 403, rule: "default", reason: "default" }],
    ["reset", [], "cut.test", { status: 0, error: "http_request_denied", rule: "cut", reason: "rule" }],
    ["redirected", [], "moved.test", { status: 302, rule: "moved", reason: "rule" }],
    ["rewritten", [], "host.test", { status: 200, rule: "the-rest", upstream: "127.0.0.1:PORT" }],
  ] as const;

  for (const [what, args, host, expected] of rows) {
    testWith(NEEDS, `in a line of the log: ${what}`, async () => {
      await curl(proxy.url, ...args, at(host, "/log"));

      const filled = JSON.parse(JSON.stringify(expected).replace("PORT", String(upstream.port)));
      const target = args.length > 0 ? `${host}:${upstream.port}` : at(host, "/log");
      expect(await lineOf(target)).toMatchObject(filled);
    });
  }

  testWith(NEEDS, "in the counters and the status, by rule, by tag and by refused host", async () => {
    const series = [
      'headgate_policy_decisions_total{decision="denied"}',
      'headgate_rule_matches_total{rule="no-ads"}',
      'headgate_tag_exchanges_total{tag="special"}',
    ];
    const grown = await Promise.all(series.map((each) => counting(proxy, each)));
    await curl(proxy.url, at("top.ads.test"));
    await curl(proxy.url, at("tagged.test"));

    expect(await Promise.all(grown.map((each) => each()))).toEqual([1, 1, 1]);
    const policy = await until("the host is among the refused", async () => {
      const { policy } = await proxy.status();
      return policy.refusedHosts.some(({ host }) => host === "top.ads.test") ? policy : undefined;
    });
    expect(policy.rules.find(({ name }) => name === "no-ads")?.matches).toBeGreaterThan(0);
    expect(policy).toMatchObject({ default: "deny", mode: "enforce", ruleCount: 7 });
  });
});

function at(host: string, path = "/"): string {
  return `http://${host}:${upstream.port}${path}`;
}

/** The last line about a target; lines come in batches. */
function lineOf(target: string): Promise<object> {
  return until(`a line about ${target}`, () =>
    proxy.accessLog().findLast((line) => line["target"] === target),
  );
}
