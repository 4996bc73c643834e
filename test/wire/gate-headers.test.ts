/** What an upstream sees of a request, and a client of an answer, byte for byte: the upstream says back the head that it heard. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { ask } from "../support/ask.ts";
import { curl } from "../support/curl.ts";
import { get } from "../support/http.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer } from "../support/raw.ts";
import { addressesFor, type DnsServer, startDnsServer } from "../support/servers/dns.ts";
import { startMirror } from "../support/servers/mirror.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = ["curl"];
const VIA = "Via: 1.1 headgate\r\n";
const resources = new AsyncDisposableStack();

/** What a client might say that tells of it, and of whom it serves. */
const TELLING = [
  "X-Forwarded-For: 192.0.2.7",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: first.test",
  "Forwarded: for=192.0.2.7;proto=https",
  "X-Real-IP: 192.0.2.7",
  "Client-IP: 192.0.2.7",
  "From: ada@example.com",
  "User-Agent: probe/1",
  "Referer: http://elsewhere.test/secret",
];

let upstream: RawServer;
let dns: DnsServer;
beforeAll(async () => {
  upstream = resources.use(startMirror());
  dns = resources.use(await startDnsServer((question) => addressesFor(question, ["127.0.0.1"])));
});
afterAll(() => resources.disposeAsync());

describe("of who asks, the upstream sees", () => {
  // What it shows | the config | the fields of the request | those that arrive. AT is the authority.
  const rows: readonly (readonly [string, object, readonly string[], readonly string[]])[] = [
    ["what came, and us", {}, TELLING, [...TELLING, "Via: 1.1 headgate"]],
    [
      "the client behind those before it",
      { forwarded: "append" },
      TELLING,
      [
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: first.test",
        ...TELLING.slice(4),
        "X-Forwarded-For: 192.0.2.7, 127.0.0.1",
        'Forwarded: for=192.0.2.7;proto=https, by=_headgate;for=127.0.0.1;host="AT";proto=http',
        "Via: 1.1 headgate",
      ],
    ],
    [
      "the client, when nobody was before it",
      { forwarded: "append" },
      [],
      [
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Host: AT",
        "X-Forwarded-Proto: http",
        'Forwarded: by=_headgate;for=127.0.0.1;host="AT";proto=http',
        "Via: 1.1 headgate",
      ],
    ],
    [
      "the client, whatever it says of others",
      { forwarded: "replace" },
      TELLING,
      [
        ...TELLING.slice(4),
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Host: AT",
        "X-Forwarded-Proto: http",
        'Forwarded: by=_headgate;for=127.0.0.1;host="AT";proto=http',
        "Via: 1.1 headgate",
      ],
    ],
    ["nothing of clients", { forwarded: "hide" }, TELLING, [...TELLING.slice(4), "Via: 1.1 headgate"]],
    ["our pseudonym", { via: { pseudonym: "edge-1" } }, [], ["Via: 1.1 edge-1"]],
    ["our name", { via: { mode: "on" } }, [], [`Via: 1.1 ${hostname()}`]],
    ["not us", { via: { mode: "off" } }, ["Via: 1.1 other"], ["Via: 1.1 other"]],
    ["us behind other proxies", {}, ["Via: 1.0 other"], ["Via: 1.0 other", "Via: 1.1 headgate"]],
    ["nobody", { anonymous: { enabled: true } }, TELLING, ["User-Agent: probe/1"]],
    [
      "nobody, and not by what",
      { anonymous: { enabled: true, userAgent: "anybody" } },
      TELLING,
      ["User-Agent: anybody"],
    ],
    [
      "nobody, but where it was on the same site",
      { anonymous: { enabled: true } },
      ["Referer: http://up.test/a", "Via: 1.1 inner"],
      ["Referer: http://up.test/a"],
    ],
  ];

  test.each(rows)("%s", async (_, config, sent, seen) => {
    await using proxy = await startProxy({ workers: 1, dns: { servers: [dns.authority] }, ...config });
    using client = await RawPeer.connect(proxy.port);
    const fields = sent.map((line) => `${line}\r\n`).join("");
    const authority = `up.test:${upstream.port}`;

    // Twice over one connection: what is the same as before is not read again.
    for (const path of ["/first", "/second"]) {
      const { body } = await ask(client, get(authority, path, fields));
      const lines = seen.map((line) => `${line.replaceAll("AT", authority)}\r\n`).join("");
      expect(body).toBe(`GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n${lines}\r\n`);
    }
  });
});

describe("header rules", () => {
  let proxy: RunningProxy;
  beforeAll(async () => {
    const rules = [
      {
        name: "both-ways",
        action: "headers",
        hosts: ["changed.test", "hidden.test"],
        request: {
          remove: ["Cookie", "x-tracker"],
          set: [{ name: "Authorization", value: "Bearer of-the-rule" }],
          add: [
            { name: "X-Team", value: "one" },
            { name: "X-Team", value: "two" },
          ],
        },
        response: {
          remove: ["x-powered-by"],
          set: [{ name: "Cache-Control", value: "no-store" }],
          add: [{ name: "X-Passed", value: "the gate" }],
        },
      },
      {
        name: "and-then",
        action: "headers",
        hosts: ["changed.test"],
        request: { set: [{ name: "X-Team", value: "three" }] },
      },
      {
        name: "posts",
        action: "headers",
        methods: ["POST"],
        request: { set: [{ name: "X-Method", value: "post" }] },
      },
      {
        name: "says-who",
        action: "headers",
        hosts: ["says-who.test"],
        request: { set: [{ name: "X-Forwarded-For", value: "a rule's" }] },
      },
    ];
    const config = { workers: 1, dns: { servers: [dns.authority] }, forwarded: "replace", policy: { rules } };
    proxy = resources.use(await startProxy(config));
  });

  testWith(NEEDS, "change a request, one rule after the other", async () => {
    const { body } = await curl(
      proxy.url,
      ...[
        "-H",
        "Cookie: a=1",
        "-H",
        "X-TRACKER: x",
        "-H",
        "Authorization: Basic own",
        "-H",
        "X-Team: zero",
        "-A",
        "a",
      ],
      at("changed.test"),
    );

    const fields = fieldsOf(body);
    expect(fields).toContain("Authorization: Bearer of-the-rule");
    expect(fields.filter((line) => /^x-team:/i.test(line))).toEqual(["X-Team: three"]);
    expect(fields.filter((line) => /^(cookie|x-tracker):/i.test(line))).toEqual([]);
  });

  testWith(NEEDS, "add to what is there", async () => {
    const { body } = await curl(proxy.url, "-H", "X-Team: zero", at("hidden.test"));

    expect(fieldsOf(body).filter((line) => line.startsWith("X-Team"))).toEqual([
      "X-Team: zero",
      "X-Team: one",
      "X-Team: two",
    ]);
  });

  testWith(NEEDS, "change an answer", async () => {
    const { heads } = await curl(proxy.url, at("changed.test"));

    expect(heads).toContain("\r\nCache-Control: no-store\r\n");
    expect(heads).toContain("\r\nX-Passed: the gate\r\n");
    expect(heads).not.toContain("X-Powered-By");
  });

  testWith(NEEDS, "have the last word on what we say of the client", async () => {
    const { body } = await curl(proxy.url, at("says-who.test"));

    expect(fieldsOf(body).filter((line) => line.startsWith("X-Forwarded-For"))).toEqual([
      "X-Forwarded-For: a rule's",
    ]);
  });

  testWith(NEEDS, "leave a tunnel as it is", async () => {
    const { heads, body } = await curl(proxy.url, "--proxytunnel", "-H", "X-Team: zero", at("changed.test"));

    expect(fieldsOf(body)).toEqual([
      `Host: changed.test:${upstream.port}`,
      expect.stringContaining("User-Agent: "),
      "Accept: */*",
      "X-Team: zero",
    ]);
    expect(heads).not.toContain("X-Passed");
  });

  test("hold for each request of a connection by itself, though its fields are the same", async () => {
    using client = await RawPeer.connect(proxy.port);
    const teams: string[][] = [];
    for (const host of ["changed.test", "plain.test", "hidden.test", "changed.test", "plain.test"]) {
      const { head, body } = await ask(client, get(`${host}:${upstream.port}`, "/", "X-Team: zero\r\n"));
      teams.push(fieldsOf(body).filter((line) => line.startsWith("X-Team")));
      expect(head.includes("X-Passed")).toBe(host !== "plain.test");
    }

    expect(teams.map((team) => team.map((line) => line.slice(8)).join())).toEqual([
      "three",
      "zero",
      "zero,one,two",
      "three",
      "zero",
    ]);
  });

  test("say the same of a kept connection's clients as of new ones", async () => {
    for (const from of ["127.0.0.1", "127.0.0.4", "127.0.0.1"]) {
      using client = await RawPeer.connect(proxy.port, "127.0.0.1", from);
      const { body } = await ask(client, get(`plain.test:${upstream.port}`));

      expect(fieldsOf(body)).toContain(`X-Forwarded-For: ${from}`);
    }
  });
});

test("what goes in the Via of a CONNECT's answer, or of our own, stays out of a tunnel", async () => {
  await using proxy = await startProxy({ workers: 1, dns: { servers: [dns.authority] } });
  using client = await RawPeer.connect(proxy.port);
  const authority = `up.test:${upstream.port}`;
  client.say(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  await client.hearUntil("\r\n\r\n");
  client.takeHeard();
  const { head, body } = await ask(client, get("in.test"));

  expect(`${head}${body}`).not.toContain(VIA.trim());
});

function at(host: string): string {
  return `http://${host}:${upstream.port}/`;
}

/** The field lines of a head, without the first line. */
function fieldsOf(head: string): string[] {
  return head
    .split("\r\n")
    .slice(1)
    .filter((line) => line !== "");
}
