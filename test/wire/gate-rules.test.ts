/** Whatever a rule can match, with curl: one rule for each row, and a request that it means or does not mean. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { curl } from "../support/curl.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import type { RawServer } from "../support/raw.ts";
import { addressesFor, startDnsServer } from "../support/servers/dns.ts";
import { startMirror } from "../support/servers/mirror.ts";
import { makeFolder, missingOf, testWith } from "../support/tools.ts";

const NEEDS = ["curl"];
const resources = new AsyncDisposableStack();

/** A rule that names no host gets that of its row, `rN.example`; every name leads to the upstream, `at-N.…` to 127.0.0.N. */
type Row = readonly [
  what: string,
  rule: object,
  request: (host: string) => readonly string[],
  isMeant: boolean,
];

const ADS = { hosts: [], lists: ["ads"] };

const url =
  (path = "/", ...args: string[]) =>
  (host: string) => [...args, `http://${host}:PORT${path}`];
const tunnel =
  (...args: string[]) =>
  (host: string) => ["--proxytunnel", ...args, `http://${host}:PORT/`];
const to =
  (host: string, ...args: string[]) =>
  () => [...args, `http://${host}:PORT/`];

const rows: Readonly<Record<string, readonly Row[]>> = {
  clients: [
    ["an address", { clients: ["127.0.0.1"] }, url(), true],
    ["a range", { clients: ["127.0.0.0/30"] }, url("/", "--interface", "127.0.0.3"), true],
    ["not an address beside it", { clients: ["127.0.0.0/30"] }, url("/", "--interface", "127.0.0.4"), false],
    ["not the other family", { clients: ["::/0"] }, url(), false],
  ],
  "users and groups": [
    ["a user", { users: ["ada"] }, url("/", "-U", "ada:secret-of-ada"), true],
    ["not another", { users: ["ada"] }, url("/", "-U", "eve:secret-of-eve"), false],
    ["not nobody", { users: ["ada"] }, url(), false],
    ["anybody who has logged in", { users: ["*"] }, url("/", "-U", "eve:secret-of-eve"), true],
    ["nobody is not anybody", { users: ["*"] }, url(), false],
    ["a group", { groups: ["staff"] }, url("/", "-U", "ada:secret-of-ada"), true],
    ["not who is not in it", { groups: ["staff"] }, url("/", "-U", "eve:secret-of-eve"), false],
    ["a user in a tunnel", { users: ["ada"] }, tunnel("-U", "ada:secret-of-ada"), true],
  ],
  listeners: [
    ["the second", { listeners: ["127.0.0.2:0"] }, url("/", "-x", "SECOND"), true],
    ["and not the first", { listeners: ["127.0.0.2:0"] }, url(), false],
  ],
  schemes: [
    ["http", { schemes: ["http"] }, url(), true],
    ["http is no tunnel", { schemes: ["http"] }, tunnel(), false],
    ["a tunnel", { schemes: ["tunnel"] }, tunnel(), true],
    ["a tunnel is not http", { schemes: ["tunnel"] }, url(), false],
    ["https is a tunnel to port 443", { schemes: ["https"] }, (host) => [`https://${host}/`], true],
    ["and to no other", { schemes: ["https"] }, tunnel(), false],
  ],
  hosts: [
    ["itself", { hosts: ["one.test"] }, to("one.test"), true],
    ["in capitals", { hosts: ["capital.test"] }, to("CaPiTaL.TEST"), true],
    ["with a dot at its end", { hosts: ["dot.test"] }, to("dot.test."), true],
    ["not what is below it", { hosts: ["above.test"] }, to("a.above.test"), false],
    ["what is below it", { hosts: ["*.below.test"] }, to("a.b.below.test"), true],
    ["and not itself", { hosts: ["*.below-only.test"] }, to("below-only.test"), false],
    ["both", { hosts: [".both.test"] }, to("both.test"), true],
    ["both, below", { hosts: [".both-too.test"] }, to("a.both-too.test"), true],
    ["not what only ends so", { hosts: [".ends.test"] }, to("bends.test"), false],
    ["an international name", { hosts: ["bücher.test"] }, to("xn--bcher-kva.test"), true],
    ["an address", { hosts: ["127.0.0.5"] }, to("127.0.0.5"), true],
    ["an address is no name that leads to it", { hosts: ["127.0.0.6"] }, to("r.test"), false],
    ["an IPv6 address in another spelling", { hosts: ["::1"] }, () => ["http://[0:0::1]:PORT/"], true],
    [
      "in a tunnel",
      { hosts: ["one-tunnel.test"] },
      () => ["--proxytunnel", "http://ONE-tunnel.test.:PORT/"],
      true,
    ],
  ],
  // All by the same list, so that the path has to tell the rows apart.
  lists: [
    ["a host", { ...ADS, paths: ["/1"] }, () => ["http://ads.test:PORT/1"], true],
    ["what is below it", { ...ADS, paths: ["/2"] }, () => ["http://a.ads.test:PORT/2"], true],
    ["not an exception", { ...ADS, paths: ["/3"] }, () => ["http://good.ads.test:PORT/3"], false],
    ["a range, by the address", { ...ADS, paths: ["/4"] }, () => ["http://127.0.0.77:PORT/4"], true],
    ["a range, by what a name leads to", { ...ADS, paths: ["/5"] }, () => ["http://at-77.test:PORT/5"], true],
    ["in a tunnel", { ...ADS, schemes: ["tunnel"] }, to("ads.test", "--proxytunnel"), true],
    ["or a host of the rule", { hosts: ["or.test"], lists: ["ads"] }, to("or.test"), true],
  ],
  ports: [
    ["a port", { ports: ["PORT"] }, url(), true],
    ["a range", { ports: ["1-65535"] }, url(), true],
    ["not another", { ports: [1, "2-3"] }, url(), false],
    ["of a tunnel", { ports: ["PORT"] }, tunnel(), true],
  ],
  methods: [
    ["one of two", { methods: ["POST", "DELETE"] }, url("/", "-X", "DELETE"), true],
    ["not another", { methods: ["POST", "DELETE"] }, url(), false],
    ["in whatever case", { methods: ["POST"] }, url("/", "-X", "post"), true],
    ["that of a tunnel is CONNECT", { methods: ["CONNECT"] }, tunnel(), true],
    ["what is in a tunnel is not seen", { methods: ["GET"] }, tunnel(), false],
  ],
  paths: [
    ["a whole path", { paths: ["/private"] }, url("/private"), true],
    ["not a longer one", { paths: ["/private"] }, url("/private/a"), false],
    ["a glob", { paths: ["/private/*"] }, url("/private/a/b"), true],
    ["without its query", { paths: ["/private"] }, url("/private?a=/public"), true],
    ["not by the query", { paths: ["*/private*"] }, url("/a?b=/private"), false],
    ["percent-encoded", { paths: ["/private/*"] }, url("/%70riv%61te/a"), true],
    ["with dot segments", { paths: ["/private/*"] }, url("/public/../private/./a", "--path-as-is"), true],
    [
      "with encoded dot segments",
      { paths: ["/private/*"] },
      url("/public/%2e%2E/private/a", "--path-as-is"),
      true,
    ],
    ["with slashes too many", { paths: ["/private/*"] }, url("//private///a"), true],
    ["not outside", { paths: ["/private/*"] }, url("/private/../public", "--path-as-is"), false],
    ["never a tunnel", { paths: ["*"] }, tunnel(), false],
  ],
  patterns: [
    ["somewhere in the path", { patterns: ["v[0-9]+/secret"] }, url("/api/v12/secret/a"), true],
    ["in the query", { patterns: ["[?&]token="] }, url("/a?b=1&token=2"), true],
    ["not elsewhere", { patterns: ["^/secret"] }, url("/api/secret"), false],
    ["never a tunnel", { patterns: ["."] }, tunnel(), false],
  ],
  headers: [
    ["that it is there", { headers: [{ name: "X-Probe" }] }, url("/", "-H", "x-probe: 1"), true],
    ["not when it is not", { headers: [{ name: "X-Probe" }] }, url("/", "-H", "x-probes: 1"), false],
    ["its value", { headers: [{ name: "User-Agent", value: "*bot*" }] }, url("/", "-A", "A BOTtle"), true],
    ["not another", { headers: [{ name: "User-Agent", value: "*bot*" }] }, url("/", "-A", "curl"), false],
    ["of a CONNECT", { headers: [{ name: "User-Agent", value: "spy" }] }, tunnel("-A", "spy"), true],
    ["not what is in a tunnel", { headers: [{ name: "X-Probe" }] }, tunnel("-H", "X-Probe: 1"), false],
  ],
  times: [
    ["now", { times: [fromNow(-60, 60)] }, url(), true],
    ["later", { times: [fromNow(60, 120)] }, url(), false],
    ["now, on every day", { times: [{ ...fromNow(-60, 60), days: ["mon-sun"] }] }, url(), true],
    ["not on other days", { times: [{ days: [farDay()] }] }, url(), false],
    [
      "the same clock elsewhere",
      { times: [{ ...fromNow(-60, 60), zone: "Pacific/Honolulu" }] },
      url(),
      false,
    ],
  ],
  addresses: [
    ["what a name leads to", { addresses: ["127.0.0.9"] }, (host) => [`http://at-9.${host}:PORT/`], true],
    ["a range", { addresses: ["127.0.0.8/29"] }, (host) => [`http://at-10.${host}:PORT/`], true],
    ["not another", { addresses: ["127.0.0.9"] }, url(), false],
    [
      "an address that was asked for",
      { hosts: ["127.0.0.11"], addresses: ["127.0.0.8/29"] },
      to("127.0.0.11"),
      true,
    ],
    [
      "of a tunnel",
      { addresses: ["127.0.0.9"] },
      (host) => ["--proxytunnel", `http://at-9.${host}:PORT/`],
      true,
    ],
  ],
  "several at once": [
    ["all hold", { methods: ["POST"], paths: ["/a"], ports: ["PORT"] }, url("/a", "-d", ""), true],
    ["one does not", { methods: ["POST"], paths: ["/a"], ports: [1] }, url("/a", "-d", ""), false],
  ],
};

let proxy: RunningProxy;
let upstream: RawServer;

beforeAll(async () => {
  if (missingOf(NEEDS).length > 0) return;
  const folder = resources.use(await makeFolder());
  const list = `${folder.path}/ads.txt`;
  await Bun.write(list, "! ads\n||ads.test^\n@@||good.ads.test^\n127.0.0.77/32\n");
  upstream = resources.use(startMirror());
  const dns = resources.use(
    await startDnsServer((question) => {
      const last = /^at-(\d+)\./.exec(question.name)?.[1] ?? "1";
      return addressesFor(question, [`127.0.0.${last}`]);
    }),
  );
  proxy = resources.use(
    await startProxy({
      workers: 1,
      listeners: [{ address: "127.0.0.1:0" }, { address: "127.0.0.2:0" }],
      dns: { servers: [dns.authority] },
      authentication: {
        mode: "optional",
        users: ["ada", "eve"].map((name) => ({ name, password: `secret-of-${name}` })),
        groups: [{ name: "staff", members: ["ada"] }],
      },
      policy: {
        lists: [{ name: "ads", file: list }],
        rules: Object.values(rows)
          .flat()
          .map(([, rule], at) => ruleOf(rule, at)),
      },
    }),
  );
});

afterAll(() => resources.disposeAsync());

let at = 0;
for (const [kind, ofKind] of Object.entries(rows)) {
  describe(kind, () => {
    for (const [what, , request, isMeant] of ofKind) {
      const place = at++;
      testWith(NEEDS, what, async () => {
        const args = request(`r${place}.example`).map(filledIn);
        const { status, connectStatus, heads, complaint } = await curl(proxy.url, ...args);

        if (!isMeant) return expect({ status, complaint }).toEqual({ status: 200, complaint: "" });
        expect(connectStatus || status).toBe(403);
        expect(heads).toContain(`by rule \\"rule-${place}\\"`);
      });
    }
  });
}

function ruleOf(matchers: object, place: number): object {
  const hosts = [`.r${place}.example`];
  const { ports, ...others } = matchers as { ports?: readonly unknown[] };
  const filled = ports?.map((port) => (port === "PORT" ? upstream.port : port));
  return { name: `rule-${place}`, action: "deny", hosts, ...others, ...(filled && { ports: filled }) };
}

function filledIn(arg: string): string {
  return arg.replace("PORT", String(upstream.port)).replace("SECOND", `http://127.0.0.2:${proxy.ports[1]}`);
}

/** A span of the day in UTC, minutes from now. */
function fromNow(from: number, to: number): { from: string; to: string } {
  const clock = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
  return { from: clock(from), to: clock(to) };
}

/** A weekday that is neither today, yesterday nor tomorrow, wherever the test runs and however long. */
function farDay(): string {
  const names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
  return names[(new Date().getUTCDay() + 3) % 7] ?? "";
}
