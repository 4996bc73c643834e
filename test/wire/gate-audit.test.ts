/** A policy that is only rehearsed, and policies that take each other's place while clients are there. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, askAnew } from "../support/ask.ts";
import { curl } from "../support/curl.ts";
import { answerEach, connect, echo, get } from "../support/http.ts";
import { Load } from "../support/load.ts";
import { counting } from "../support/metrics.ts";
import { order, reload } from "../support/orders.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { addressesFor, type DnsServer, startDnsServer } from "../support/servers/dns.ts";
import { testWith } from "../support/tools.ts";
import { until } from "../support/until.ts";

const NEEDS = ["curl"];
const resources = new AsyncDisposableStack();

let upstream: RawServer;
let dns: DnsServer;
beforeAll(async () => {
  upstream = resources.use(startRawServer((peer) => answerEach(peer)));
  dns = resources.use(
    await startDnsServer((question) =>
      addressesFor(question, [question.name === "far.test" ? "169.254.169.254" : "127.0.0.1"]),
    ),
  );
});
afterAll(() => resources.disposeAsync());

const RULES = [
  { name: "no-ads", action: "deny", hosts: [".ads.test"] },
  { name: "cut", action: "reset", hosts: ["cut.test"] },
  { name: "moved", action: "redirect", hosts: ["moved.test"], redirect: { to: "http://new.test/" } },
  { name: "by-address", action: "deny", hosts: ["led.test"], addresses: ["127.0.0.1"] },
  { name: "fine", action: "allow", hosts: [".test"] },
];

describe("an audit", () => {
  let proxy: RunningProxy;
  beforeAll(async () => {
    const policy = {
      mode: "audit",
      default: "deny",
      rules: RULES,
      tunnels: { sni: "enforce", notTls: "deny", ports: ["1-65535"] },
    };
    proxy = resources.use(await startProxy(configOf(policy)));
  });

  // What it would have been | the host | the rule.
  const rows = [
    ["a refusal", "x.ads.test", "no-ads"],
    ["a reset", "cut.test", "cut"],
    ["a redirect", "moved.test", "moved"],
    ["a refusal by the address", "led.test", "by-address"],
    ["a refusal by default", "elsewhere.invalid", "default"],
  ] as const;

  for (const [what, host, rule] of rows) {
    testWith(NEEDS, `lets pass, and tells: ${what}`, async () => {
      const told = await Promise.all([
        counting(proxy, 'headgate_policy_decisions_total{decision="would_deny"}'),
        rule === "default" ? undefined : counting(proxy, `headgate_rule_would_deny_total{rule="${rule}"}`),
      ]);
      const { status, body } = await curl(proxy.url, `http://${host}:${upstream.port}/`);

      expect([status, body]).toEqual([200, "hello"]);
      const line = await lineAbout(proxy, `http://${host}:${upstream.port}/`);
      expect(line).toMatchObject({
        status: 200,
        rule,
        reason: rule === "default" ? "default" : "rule",
        would_deny: true,
      });
      for (const grown of told) if (grown !== undefined) expect(await grown()).toBe(1);
    });
  }

  testWith(NEEDS, "lets tunnels pass, and what is in them", async () => {
    const { status, connectStatus } = await curl(
      proxy.url,
      "--proxytunnel",
      `http://t.ads.test:${upstream.port}/`,
    );

    expect([connectStatus, status]).toEqual([200, 200]);
    expect(await lineAbout(proxy, `t.ads.test:${upstream.port}`)).toMatchObject({ would_deny: true });
  });

  testWith(NEEDS, "says nothing of what is allowed", async () => {
    await curl(proxy.url, `http://plain.test:${upstream.port}/`);

    const line = await lineAbout(proxy, `http://plain.test:${upstream.port}/`);
    expect([line["rule"], line["would_deny"]]).toEqual(["fine", undefined]);
  });

  test("opens no special address and none of our own", async () => {
    expect(await askAnew(proxy.port, get("far.test"))).toBe(403);
    expect(await askAnew(proxy.port, get(`127.0.0.1:${proxy.port}`))).toBe(508);
  });

  test("is told in the status, rule by rule", async () => {
    const { policy } = await proxy.status();

    expect(policy.mode).toBe("audit");
    expect(policy.rules.find(({ name }) => name === "cut")).toMatchObject({ matches: 1, wouldDeny: 1 });
  });
});

describe("a policy that is loaded while clients are there", () => {
  const ALLOWS = { rules: [] };
  const DENIES = { rules: [{ name: "closed", action: "deny", hosts: ["turned.test"] }] };

  test("holds for the next request of a connection that was there before", async () => {
    await using proxy = await startProxy(configOf(ALLOWS));
    using client = await RawPeer.connect(proxy.port);
    const statuses: number[] = [];
    for (const policy of [ALLOWS, DENIES, { ...DENIES, mode: "audit" }, DENIES, ALLOWS]) {
      await reload(proxy, configOf(policy));
      statuses.push((await ask(client, get(at("turned.test")))).status);
    }

    expect(statuses).toEqual([200, 403, 200, 403, 200]);
  });

  test("leaves a tunnel that stands, and refuses the next one", async () => {
    using other = startRawServer(echo);
    await using proxy = await startProxy(configOf(ALLOWS));
    using tunnel = await RawPeer.connect(proxy.port);
    tunnel.say(connect(`turned.test:${other.port}`));
    await tunnel.hearUntil("\r\n\r\n");
    await reload(proxy, configOf(DENIES));

    tunnel.say("still here");
    await tunnel.hearUntil("still here");
    expect(await askAnew(proxy.port, connect(`turned.test:${other.port}`))).toBe(403);
  });

  test("is refused whole when something is wrong with it, and the old one stays", async () => {
    await using proxy = await startProxy(configOf(DENIES));
    const wrong = {
      rules: [
        { name: "closed", action: "deny", hosts: ["a b"] },
        { name: "x", action: "limit", limit: "none" },
      ],
    };
    await proxy.rewriteConfig(configOf(wrong));
    const answer = await order(proxy, "POST", "/reload");

    expect(answer.status).toBe(422);
    const told = JSON.stringify(await answer.json());
    expect(told).toContain("policy.rules[0].hosts[0]");
    expect(told).toContain("policy.rules[1].limit");
    expect(await askAnew(proxy.port, get(at("turned.test")))).toBe(403);
    expect(await askAnew(proxy.port, get(at("plain.test")))).toBe(200);
  });

  test("keeps the counts of rules that have the same name", async () => {
    await using proxy = await startProxy(configOf(DENIES));
    await askAnew(proxy.port, get(at("turned.test")));
    await reload(
      proxy,
      configOf({ rules: [{ name: "new", action: "deny", hosts: ["b.test"] }, ...DENIES.rules] }),
    );
    await askAnew(proxy.port, get(at("turned.test")));
    await askAnew(proxy.port, get(at("b.test")));

    expect(await proxy.metric('headgate_rule_matches_total{rule="closed"}')).toBe(2);
    expect(await proxy.metric('headgate_rule_matches_total{rule="new"}')).toBe(1);
  });

  test("under load fails no request, and once it is told to be in force it is, in every worker", async () => {
    await using proxy = await startProxy({ ...configOf(ALLOWS), workers: 2 });
    await using load = new Load({ port: proxy.port, authority: at("plain.test"), kept: 4, anew: 2 });
    for (let times = 0; times < 10; times++) {
      const isClosed = times % 2 === 0;
      await reload(proxy, { ...configOf(isClosed ? DENIES : ALLOWS), workers: 2 });
      for (let asked = 0; asked < 4; asked++) {
        expect(await askAnew(proxy.port, get(at("turned.test")))).toBe(isClosed ? 403 : 200);
      }
    }
    await load.stop();

    expect(load.failures).toEqual([]);
    expect(load.answered).toBeGreaterThan(100);
  });
});

function configOf(policy: object) {
  return { workers: 1, dns: { servers: [dns.authority] }, policy };
}

function at(host: string): string {
  return `${host}:${upstream.port}`;
}

function lineAbout(proxy: RunningProxy, target: string): Promise<Record<string, unknown>> {
  return until(`a line about ${target}`, () =>
    proxy.accessLog().findLast((line) => line["target"] === target),
  );
}
