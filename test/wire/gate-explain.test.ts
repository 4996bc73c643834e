/** `headgate explain` and POST /explain, held to what the proxy then really does with the same request. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { curl } from "../support/curl.ts";
import { order } from "../support/orders.ts";
import { EXECUTABLE, type RunningProxy, startProxy } from "../support/proxy.ts";
import type { RawServer } from "../support/raw.ts";
import { addressesFor, type DnsServer, startDnsServer } from "../support/servers/dns.ts";
import { startMirror } from "../support/servers/mirror.ts";
import { type Folder, makeFolder, type Outcome, run, testWith } from "../support/tools.ts";

const NEEDS = ["curl"];
const resources = new AsyncDisposableStack();

let folder: Folder;
let upstream: RawServer;
let dns: DnsServer;
let proxy: RunningProxy;

beforeAll(async () => {
  folder = resources.use(await makeFolder());
  upstream = resources.use(startMirror());
  dns = resources.use(
    await startDnsServer((question) => {
      const address = /^to-([\d.]+)\.test$/.exec(question.name)?.[1];
      if (question.name === "both.test") return addressesFor(question, ["127.0.0.9", "127.0.0.1"]);
      return question.name === "nowhere.test"
        ? { code: "NXDOMAIN" }
        : addressesFor(question, [address ?? "127.0.0.1"]);
    }),
  );
  await Bun.write(`${folder.path}/ads.txt`, "ads.test\n");
  await Bun.write(configPath(), JSON.stringify(config()));
  proxy = resources.use(await startProxy(["-c", configPath()]));
});

afterAll(() => resources.disposeAsync());

interface Row {
  readonly what: string;
  /** PORT is the upstream's. */
  readonly url: string;
  readonly flags?: readonly string[];
  readonly question?: object;
  /** What curl is told, so that it asks the same. */
  readonly curl?: readonly string[];
  readonly verdict: string;
  readonly rule: string;
  readonly exit: 0 | 3;
  /** Of the request itself; 0: it is cut. */
  readonly status: number;
}

const allowed = { verdict: "allow", exit: 0, status: 200 } as const;
const denied = { verdict: "deny", exit: 3, status: 403 } as const;
const asPost = { flags: ["--method", "POST"], question: { method: "POST" }, curl: ["-X", "POST"] };
const asAda = { flags: ["--user", "ada"], question: { user: "ada" }, curl: ["-U", "ada:secret-of-ada"] };
const fromFar = {
  flags: ["--client", "127.0.0.7"],
  question: { client: "127.0.0.7" },
  curl: ["--interface", "127.0.0.7"],
};

const rows: readonly Row[] = [
  { what: "an allowed host", url: "http://fine.test:PORT/", rule: "the-rest", ...allowed },
  { what: "no rule for it", url: "http://fine.invalid:PORT/", rule: "default", ...denied },
  { what: "a list", url: "http://ads.test:PORT/", rule: "no-ads", ...denied },
  { what: "a method", url: "http://fine.test:PORT/", ...asPost, rule: "read-only", ...denied },
  { what: "a client", url: "http://fine.test:PORT/", ...fromFar, rule: "not-him", ...denied },
  {
    what: "a path",
    url: "http://fine.test:PORT/private/../private/a",
    rule: "private",
    ...denied,
    curl: ["--path-as-is"],
  },
  { what: "a user who may", url: "http://staff.invalid:PORT/", ...asAda, rule: "staff", ...allowed },
  {
    what: "nobody, where a user may",
    url: "http://staff.invalid:PORT/",
    verdict: "log-in",
    rule: "default",
    exit: 3,
    status: 407,
  },
  { what: "a tunnel", url: "fine.test:PORT", curl: ["--proxytunnel"], rule: "the-rest", ...allowed },
  { what: "a tunnel to a list", url: "ads.test:PORT", curl: ["--proxytunnel"], rule: "no-ads", ...denied },
  { what: "a reset", url: "http://cut.test:PORT/", verdict: "reset", rule: "cut", exit: 3, status: 0 },
  {
    what: "a redirect",
    url: "http://moved.test:PORT/",
    verdict: "redirect",
    rule: "moved",
    exit: 3,
    status: 302,
  },
  { what: "a rewrite to what is denied", url: "http://turned.test:PORT/", rule: "no-ads", ...denied },
  {
    what: "a rewrite to what is allowed",
    url: "http://turned-well.test:PORT/",
    rule: "the-rest",
    ...allowed,
  },
  { what: "an extension", url: "http://fine.test:PORT/a.exe", rule: "no-programs", ...denied },
  { what: "one address of two that may", url: "http://both.test:PORT/", rule: "the-rest", ...allowed },
  { what: "an address that may not", url: "http://to-127.0.0.9.test:PORT/", rule: "not-there", ...denied },
  { what: "a special address", url: "http://to-169.254.169.254.test:PORT/", rule: "addresses", ...denied },
];

for (const row of rows) {
  describe(row.what, () => {
    testWith(NEEDS, "on the command line", async () => {
      const told = await explain(filled(row.url), ...(row.flags ?? []), "--json");

      expect(told.stderr).toBe("");
      expect(told.code).toBe(row.exit);
      expect(JSON.parse(told.stdout)).toMatchObject({ verdict: row.verdict, rule: row.rule });
    });

    testWith(NEEDS, "on the status port", async () => {
      const answer = await order(proxy, "POST", "/explain", { url: filled(row.url), ...row.question });

      expect(await answer.json()).toMatchObject({ verdict: row.verdict, rule: row.rule });
    });

    testWith(NEEDS, "in truth", async () => {
      const url = filled(row.url);
      const { status, connectStatus } = await curl(
        proxy.url,
        ...(row.curl ?? []),
        url.startsWith("http") ? url : `http://${url}/`,
      );

      expect(row.curl?.includes("--proxytunnel") ? connectStatus : status).toBe(row.status);
    });
  });
}

describe("for people", () => {
  test("it names the rules on the way, the one that decides and the verdict on each address", async () => {
    const { stdout } = await explain(filled("http://both.test:PORT/"));

    expect(stdout).toStartWith(
      `GET ${filled("http://both.test:PORT/")} from 127.0.0.1 at 127.0.0.1:18888, nobody has logged in\n`,
    );
    expect(stdout).toMatch(/^ +no-ads +deny +no match +/m);
    expect(stdout).toMatch(/^ +not-there +deny +waits for the address/m);
    expect(stdout).toMatch(/^ +127\.0\.0\.9 +denied +/m);
    expect(stdout).toMatch(/^ +127\.0\.0\.1 +allowed +/m);
  });

  test("a name that does not resolve is told", async () => {
    const { stdout } = await explain("http://nowhere.test/");

    expect(stdout).toContain("nowhere.test does not resolve now (ENOTFOUND)");
  });
});

describe("what can't be explained is exit code 2, and a 400", () => {
  // What it shows | the URL | flags | the question on the status port.
  test.each([
    ["no URL", "not a url", [], { url: "not a url" }],
    ["a client that is none", "http://a.test/", ["--client", "me"], { url: "http://a.test/", client: "me" }],
    ["a user that nobody is", "http://a.test/", ["--user", "eve"], { url: "http://a.test/", user: "eve" }],
    ["another spelling of an address", "http://127.1/", [], { url: "http://127.1/" }],
  ] as const)("%s", async (_, url, flags, question) => {
    const told = await explain(url, ...flags);
    const answer = await order(proxy, "POST", "/explain", question);

    expect([told.code, told.stdout]).toEqual([2, ""]);
    expect(told.stderr).toStartWith("headgate: ");
    expect(answer.status).toBe(400);
  });
});

test("nothing is dialled to explain, and no secret is told", async () => {
  const before = upstream.peers.length;
  const { stdout } = await explain(filled("http://fine.test:PORT/"), "--json");

  expect(upstream.peers.length).toBe(before);
  expect(stdout).not.toContain("secret-of");
});

function config() {
  const upstreamAt = (host: string) => `${host}:${upstream.port}`;
  return {
    // Only a name: a flag gives the proxy a free port, and who explains binds none.
    listeners: [{ address: "127.0.0.1:18888" }],
    dns: { servers: [dns.authority] },
    authentication: { mode: "optional", users: [{ name: "ada", password: "secret-of-ada" }] },
    policy: {
      default: "deny",
      lists: [{ name: "ads", file: `${folder.path}/ads.txt` }],
      rules: [
        { name: "no-ads", action: "deny", lists: ["ads"] },
        { name: "not-him", action: "deny", clients: ["127.0.0.7"] },
        { name: "read-only", action: "deny", methods: ["POST", "PUT"] },
        { name: "private", action: "deny", paths: ["/private/*"] },
        { name: "staff", action: "allow", hosts: ["staff.invalid"], users: ["ada"] },
        { name: "cut", action: "reset", hosts: ["cut.test"] },
        { name: "moved", action: "redirect", hosts: ["moved.test"], redirect: { to: "http://fine.test/" } },
        {
          name: "turn",
          action: "rewrite",
          hosts: ["turned.test"],
          rewrite: { host: upstreamAt("ads.test") },
        },
        {
          name: "turn-well",
          action: "rewrite",
          hosts: ["turned-well.test"],
          rewrite: { host: upstreamAt("fine.test") },
        },
        { name: "no-programs", action: "content", content: { extensions: ["exe"] } },
        { name: "not-there", action: "deny", addresses: ["127.0.0.9"] },
        { name: "the-rest", action: "allow", hosts: [".test"] },
      ],
    },
  };
}

function explain(url: string, ...flags: readonly string[]): Promise<Outcome> {
  return run([EXECUTABLE, "explain", url, "-c", configPath(), ...flags]);
}

function configPath(): string {
  return `${folder.path}/headgate.json`;
}

function filled(url: string): string {
  return url.replace("PORT", String(upstream.port));
}
