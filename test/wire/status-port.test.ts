/** The status port over real HTTP: who may ask, and what each endpoint tells of the traffic there was. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { answerEach, connect, echo, get } from "../support/http.ts";
import { EXECUTABLE, type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { run } from "../support/tools.ts";
import { until } from "../support/until.ts";

const TOKEN = "a-token-of-some-length";

let proxy: RunningProxy;
beforeAll(async () => {
  proxy = await startProxy({ workers: 2 });
});
afterAll(() => proxy.stop());

describe("a request with", () => {
  // What it carries | the status | the fields, with PORT for the port's own.
  const rows = [
    ["its own Host", 200, "Host: 127.0.0.1:PORT"],
    ["localhost as Host, at another port, as through a port forward", 200, "Host: localhost:1234"],
    ["a foreign Host", 403, "Host: rebound.example"],
    ["no Host", 403, "Host:"],
    ["a foreign Origin", 403, "Host: 127.0.0.1:PORT\r\nOrigin: http://evil.example"],
    ["an Origin at another port of ours", 403, "Host: 127.0.0.1:PORT\r\nOrigin: http://127.0.0.1:1"],
    ["the Origin null", 403, "Host: 127.0.0.1:PORT\r\nOrigin: null"],
    ["its own Origin", 200, "Host: 127.0.0.1:PORT\r\nOrigin: http://127.0.0.1:PORT"],
    [
      "the word of a browser that another site asks",
      403,
      "Host: 127.0.0.1:PORT\r\nSec-Fetch-Site: cross-site",
    ],
  ] as const;

  test.each(rows)("%s gets %i", async (_, status, fields) => {
    expect(await ask(proxy, "GET /status", fields)).toStartWith(`HTTP/1.1 ${status} `);
  });
});

test("a page elsewhere can't have it drain", async () => {
  const fields = "Host: 127.0.0.1:PORT\r\nOrigin: http://evil.example\r\nContent-Length: 0";

  expect(await ask(proxy, "POST /drain", fields)).toStartWith("HTTP/1.1 403 ");
  expect((await fetch(`${proxy.admin}/ready`, { proxy: false })).status).toBe(200);
});

describe("with a token", () => {
  let guarded: RunningProxy;
  beforeAll(async () => {
    guarded = await startProxy({ workers: 1, admin: { address: "127.0.0.1:0", token: TOKEN } });
  });
  afterAll(() => guarded.stop());

  // What is asked | the token | the status.
  const rows = [
    ["GET /status", undefined, 401],
    ["GET /status", "a-token-of-some-lengtH", 401],
    ["GET /status", TOKEN, 200],
    ["GET /metrics", undefined, 401],
    ["PUT /config", undefined, 401],
    ["POST /drain", undefined, 401],
    ["GET /health", undefined, 200],
    ["GET /ready", undefined, 200],
  ] as const;

  test.each(rows)("%s with %s gets %i", async (line, token, status) => {
    const authorization = token === undefined ? "" : `\r\nAuthorization: Bearer ${token}`;

    expect(await ask(guarded, line, `Host: any.example${authorization}`)).toStartWith(`HTTP/1.1 ${status} `);
  });

  test("/config does not show it", async () => {
    const answer = await ask(guarded, "GET /config", `Host: h\r\nAuthorization: Bearer ${TOKEN}`);

    expect(answer).toStartWith("HTTP/1.1 200 ");
    expect(answer).not.toContain(TOKEN);
  });

  test("headgate status wants it, from the flag or the environment", async () => {
    const command = [EXECUTABLE, "status", "--url", guarded.admin ?? "", "--json"];

    expect(await run(command)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("it wants a token"),
    });
    expect((await run([...command, "--token", TOKEN])).code).toBe(0);
    expect((await run(command, { env: { HEADGATE_TOKEN: TOKEN } })).code).toBe(0);
  });
});

describe("each endpoint", () => {
  const endpoints = [
    ["GET /", 200, "Headgate status port"],
    ["GET /health", 200, '{"phase":"ready"}'],
    ["GET /ready", 200, '{"phase":"ready"}'],
    ["GET /status", 200, '"phase":"ready"'],
    ["GET /metrics", 200, "# TYPE headgate_exchanges_total counter"],
    ["GET /config", 200, '"generation":1'],
    ["GET /nope", 404, "Cannot find /nope"],
    ["DELETE /config", 405, "Cannot DELETE /config"],
    ["GET /drain", 405, "Cannot GET /drain"],
  ] as const;

  test.each(endpoints)("%s", async (line, status, text) => {
    const answer = await ask(proxy, line, "Host: 127.0.0.1");

    expect(answer).toStartWith(`HTTP/1.1 ${status} `);
    expect(answer).toContain(text);
    expect(answer.toLowerCase()).toContain("cache-control: no-store");
  });

  // What comes | the status.
  const bodies = [
    ["no JSON", "{ nope", 400],
    ["a wrong config", '{"wrokers":2}', 422],
    ["nothing", "", 400],
    ["two megabytes", " ".repeat(2 << 20), 413],
  ] as const;

  test.each(bodies)("PUT /config with %s is refused", async (_, body, status) => {
    const answer = await fetch(`${proxy.admin}/config`, { method: "PUT", body, proxy: false });

    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain("    at ");
    expect(await proxy.metric("headgate_config_generation")).toBe(1);
  });
});

test("the counters tell what there was", async () => {
  await using counted = await startProxy({ workers: 2 });
  using upstream = startRawServer((peer) => answerEach(peer));
  using echoing = startRawServer(echo);
  using client = await RawPeer.connect(counted.port);
  for (let round = 0; round < 3; round++) {
    client.say(get(upstream.authority));
    await client.hearUntil("hello");
    client.takeHeard();
  }
  using tunnel = await RawPeer.connect(counted.port);
  tunnel.say(connect(echoing.authority));
  await tunnel.hearUntil("\r\n\r\n");
  tunnel.say("there and back");
  await tunnel.hearUntil("there and back");

  // The series | its value.
  const series = {
    'headgate_exchanges_total{kind="forward",status="2xx"}': 3,
    'headgate_exchanges_total{kind="tunnel",status="2xx"}': 0,
    headgate_tunnels_open: 1,
    headgate_exchanges_in_flight: 1,
    'headgate_connections_total{listener="0"}': 2,
    'headgate_connections_open{listener="0"}': 2,
    headgate_upstream_dials_total: 2,
    headgate_upstream_reuses_total: 2,
    headgate_first_byte_seconds_count: 3,
    headgate_exchange_seconds_count: 3,
  };
  for (const [name, value] of Object.entries(series))
    expect([name, await counted.metric(name)]).toEqual([name, value]);
  tunnel.finish();
  await tunnel.hearOut();
  await until(
    "the tunnel is counted",
    async () => (await counted.metric('headgate_exchanges_total{kind="tunnel",status="2xx"}')) === 1,
  );
  expect(await counted.metric("headgate_tunnels_open")).toBe(0);
  const heard = await counted.metric("headgate_client_sent_bytes_total");
  expect(heard).toBe(tunnel.heardBytes + client.heardBytes);
});

test("it answers while every worker is busy, and headgate status prints it", async () => {
  const { code, stdout, stderr } = await run([EXECUTABLE, "status", "--url", proxy.admin ?? ""]);

  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain(`127.0.0.1:${proxy.port}`);
  const { stdout: json } = await run([EXECUTABLE, "status", "--json", "--url", proxy.admin ?? ""]);
  expect(JSON.parse(json)).toMatchObject({ phase: "ready", generation: 1 });
});

/** One request, as it stands there, over a raw socket. */
async function ask({ admin }: RunningProxy, line: string, fields: string): Promise<string> {
  const port = Number(new URL(admin ?? "").port);
  using client = await RawPeer.connect(port);
  const own = fields.replaceAll("PORT", String(port));
  client.say(`${line} HTTP/1.1\r\n${own}\r\nConnection: close\r\n\r\n`);
  await client.hearOut();
  return client.heard;
}
