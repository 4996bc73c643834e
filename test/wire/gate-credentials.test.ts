/** Who may log in: passwords over raw sockets and with curl, wrong ones, what rules say of users, and that no secret gets out. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, askAnew, basic, fieldOf } from "../support/ask.ts";
import { answerEach, connect, get } from "../support/http.ts";
import { order } from "../support/orders.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { startEchoServer } from "../support/servers/echo.ts";
import { runOk, testWith } from "../support/tools.ts";
import { until } from "../support/until.ts";

const PASSWORD = "pw-3f9c1d7e:with@signs";
const HASHED = "pw-77ab20e4-hashed";
const TOKEN = "tok-5d1e8a90c2b34f67";
const BURNT = "tok-0ddba11-expired-0";

const resources = new AsyncDisposableStack();
let upstream: RawServer;

beforeAll(() => {
  upstream = resources.use(startRawServer((peer) => answerEach(peer)));
});

afterAll(() => resources.disposeAsync());

describe("required credentials", () => {
  let proxy: RunningProxy;
  beforeAll(async () => {
    proxy = resources.use(await startProxy({ workers: 2, authentication: await everybody() }));
  });

  // Who | the field | the status of a request, and of a CONNECT.
  const rows = [
    ["a user with a password", basic("ada", PASSWORD), 200],
    ["a user with a hash", basic("grace", HASHED), 200],
    ["a token", basic("ci-build", TOKEN), 200],
    ["nobody", "", 407],
    ["a wrong password", basic("ada", HASHED), 407],
    ["a name that nobody has", basic("eve", PASSWORD), 407],
    ["an expired token", basic("burnt", BURNT), 407],
    ["no password", basic("ada", ""), 407],
    ["another scheme", `Proxy-Authorization: Bearer ${TOKEN}\r\n`, 407],
    ["two fields", basic("ada", PASSWORD) + basic("grace", HASHED), 400],
    ["the field of an origin server", basic("ada", PASSWORD).replace("Proxy-", ""), 407],
  ] as const;

  test.each(rows)("%s", async (_, field, status) => {
    const requests = [get(upstream.authority, "/", field), connect(upstream.authority, field)];
    const answers = await Promise.all(requests.map((request) => askAnew(proxy.port, request)));
    expect(answers).toEqual([status, status]);
  });

  test("a 407 says how to log in, leaves the connection usable, and is JSON for who asks for that", async () => {
    using client = await RawPeer.connect(proxy.port);

    const refused = await ask(client, get(upstream.authority, "/", "Accept: application/json\r\n"));
    const letIn = await ask(client, get(upstream.authority, "/", basic("ada", PASSWORD)));
    const forgotten = await ask(client, get(upstream.authority));

    expect(fieldOf(refused.head, "proxy-authenticate")).toBe('Basic realm="the gate", charset="UTF-8"');
    expect(fieldOf(refused.head, "proxy-status")).toContain("error=http_request_denied");
    expect(JSON.parse(refused.body)).toMatchObject({
      status: 407,
      reason: "credentials_missing",
      retry: true,
    });
    expect(letIn.body).toBe("hello");
    expect(forgotten.status).toBe(407);
  });

  const curl = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_connect} %{http_code}"];
  // How | its options | what curl saw, of the CONNECT and of the answer.
  const visits = [
    ["forwards", [], "000 200"],
    ["forwards, asked for credentials first", ["--proxy-anyauth"], "000 200"],
    ["tunnels", ["-p"], "200 200"],
    ["tunnels, asked for credentials first", ["-p", "--proxy-anyauth"], "200 200"],
  ] as const;

  for (const [how, options, seen] of visits) {
    testWith(["curl"], `curl ${how}`, async () => {
      using server = startEchoServer();
      const command = [
        ...curl,
        ...options,
        "-x",
        proxy.url,
        "-U",
        `ci-build:${TOKEN}`,
        `${server.url}/hello`,
      ];
      expect((await runOk(command)).stdout).toBe(seen);
    });
  }

  test("no secret is at the upstream, in the log, or in anything that the status port tells", async () => {
    const told: string[] = [];
    for (const [, field] of rows) {
      using client = await RawPeer.connect(proxy.port);
      told.push((await ask(client, get(upstream.authority, "/secret?x=1", field))).body);
    }
    await until(
      "all is logged",
      () => proxy.accessLog().filter(({ user }) => user !== undefined).length >= 6,
    );

    for (const path of ["/config", "/status", "/metrics", "/tokens", "/bans", "/lists"]) {
      told.push(await (await order(proxy, "GET", path)).text());
    }
    const question = { url: `http://${upstream.authority}/`, user: "ada" };
    told.push(await (await order(proxy, "POST", "/explain", question)).text());
    const heard = upstream.peers.map((peer) => peer.heard).join("");
    told.push(proxy.stdout(), proxy.stderr(), heard);

    expect(heard.toLowerCase()).not.toContain("proxy-auth");
    const all = told.join("\n");
    for (const secret of [PASSWORD, HASHED, TOKEN, BURNT]) expect(all).not.toContain(secret);
    for (const [, field] of rows) expect(all).not.toContain(field.trim().split(" ").at(-1) || "never");
    expect(all).not.toContain("$2b$");
  });
});

describe("wrong credentials", () => {
  const bans = { credentials: 3, exempt: [] };

  test("are answered late, then banned with what is open, and let in again when the ban is lifted", async () => {
    const authentication = { ...(await everybody()), delay: "300ms" };
    await using proxy = await startProxy({ workers: 2, bans, authentication });
    const right = get(upstream.authority, "/", basic("ada", PASSWORD));
    const wrong = get(upstream.authority, "/", basic("ada", "guess"));
    using kept = await RawPeer.connect(proxy.port, "127.0.0.1", "127.0.0.7");
    expect((await ask(kept, right)).status).toBe(200);

    const startedAt = performance.now();
    expect(await askAnew(proxy.port, wrong, "127.0.0.7")).toBe(407);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300);
    expect(await askAnew(proxy.port, connect(upstream.authority, basic("x", "y")), "127.0.0.7")).toBe(407);
    expect(await askAnew(proxy.port, wrong, "127.0.0.7")).toBe(0);

    expect(await askAnew(proxy.port, right, "127.0.0.7")).toBe(0);
    kept.say(right);
    expect(await kept.hearOut()).toBe("reset");
    expect(await askAnew(proxy.port, right, "127.0.0.8")).toBe(200);
    const { active, list } = (await proxy.status()).bans;
    expect(active).toBe(1);
    expect(list[0]).toMatchObject({ client: "127.0.0.7", cause: "credentials" });

    expect((await order(proxy, "DELETE", "/bans/127.0.0.7")).status).toBe(204);
    expect(await askAnew(proxy.port, right, "127.0.0.7")).toBe(200);
    expect((await proxy.status()).bans.active).toBe(0);
  });

  test("of an exempt client ban nobody, and a missing one is none", async () => {
    const authentication = { ...(await everybody()), delay: "0s" };
    await using proxy = await startProxy({ bans: { credentials: 3, exempt: ["127.0.0.7"] }, authentication });
    const wrong = get(upstream.authority, "/", basic("ada", "guess"));

    for (let count = 0; count < 4; count++) {
      expect(await askAnew(proxy.port, wrong, "127.0.0.7")).toBe(407);
      expect(await askAnew(proxy.port, get(upstream.authority), "127.0.0.8")).toBe(407);
    }
    expect((await proxy.status()).bans.active).toBe(0);
  });
});

describe("rules about users, where logging in is optional", () => {
  const rules = [
    { name: "admins", action: "allow", groups: ["admins"] },
    { name: "builders", action: "allow", groups: ["builders"], hosts: ["127.0.0.1"] },
    { name: "ada", action: "allow", users: ["ada"], methods: ["PUT"] },
    { name: "anybody", action: "allow", hosts: ["localhost"] },
  ];
  let proxy: RunningProxy;
  beforeAll(async () => {
    const authentication = { ...(await everybody()), mode: "optional", delay: "0s" };
    proxy = resources.use(await startProxy({ authentication, policy: { default: "deny", rules } }));
  });

  // Who | the host | the status | the field.
  const rows = [
    ["an admin", "127.0.0.1", 200, basic("grace", HASHED)],
    ["a builder", "127.0.0.1", 200, basic("ci-build", TOKEN)],
    ["a builder", "other.test", 403, basic("ci-build", TOKEN)],
    ["a user that no rule allows", "127.0.0.1", 403, basic("ada", PASSWORD)],
    ["nobody", "localhost", 200, ""],
    ["nobody", "127.0.0.1", 407, ""],
    ["a wrong password", "localhost", 407, basic("ada", "guess")],
  ] as const;

  test.each(rows)("%s asks for %s and gets %i", async (_, host, status, field) => {
    const request = get(`${host}:${upstream.port}`, "/", field);
    expect(await askAnew(proxy.port, request)).toBe(status);
  });
});

async function everybody() {
  const hash = await Bun.password.hash(HASHED, { algorithm: "bcrypt", cost: 4 });
  return {
    realm: "the gate",
    delay: "20ms",
    users: [
      { name: "ada", password: PASSWORD },
      { name: "grace", hash, groups: ["admins"] },
    ],
    groups: [{ name: "builders", members: ["ci-build"] }],
    tokens: [
      { name: "ci-build", token: TOKEN, expires: "2099-01-01T00:00:00Z" },
      { name: "burnt", token: BURNT, expires: "2020-01-01T00:00:00Z" },
    ],
  };
}
