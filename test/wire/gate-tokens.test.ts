/** Tokens that come, run out and go while the proxy runs, and real clients that log in with one. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { ask, askAnew, basic } from "../support/ask.ts";
import { answerEach, connect, get } from "../support/http.ts";
import { order, reload } from "../support/orders.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { makeCertificate } from "../support/servers/certificate.ts";
import { GIT_ENV, makeRepository, startGitServer } from "../support/servers/git.ts";
import { makePackages, startRegistry } from "../support/servers/npm.ts";
import { makeFolder, runOk, testWith } from "../support/tools.ts";
import { until } from "../support/until.ts";

/** Enough connections that each of two workers gets some. */
const CONNECTIONS = 16;

const authentication = {
  delay: "0s",
  tokens: [{ name: "steady", token: "tok-steady-1234567890", groups: ["ci"] }],
};

interface Added {
  readonly name: string;
  readonly secret: string;
  readonly proxyUrl: string;
}

const resources = new AsyncDisposableStack();
let upstream: RawServer;

beforeAll(() => {
  upstream = resources.use(startRawServer((peer) => answerEach(peer)));
});

afterAll(() => resources.disposeAsync());

test("a token is taken at once by all workers, and refused at once when it is removed", async () => {
  await using proxy = await startProxy({ workers: 2, authentication });
  const { secret } = await add(proxy, { name: "job-1", ttl: "1h" });
  const request = get(upstream.authority, "/", basic("job-1", secret));

  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => RawPeer.connect(proxy.port)));
  expect(await statuses(clients, request)).toEqual(Array(CONNECTIONS).fill(200));
  expect((await proxy.status()).workers.every(({ exchanges }) => exchanges > 0)).toBe(true);

  expect((await order(proxy, "DELETE", "/tokens/job-1")).status).toBe(204);
  expect(await statuses(clients, request)).toEqual(Array(CONNECTIONS).fill(407));
  expect(await askAnew(proxy.port, connect(upstream.authority, basic("job-1", secret)))).toBe(407);
  const steady = get(upstream.authority, "/", basic("steady", "tok-steady-1234567890"));
  expect(await statuses(clients, steady)).toEqual(Array(CONNECTIONS).fill(200));
  for (const client of clients) client.reset();
});

test("a token outlives a reload, one of the config goes with it", async () => {
  await using proxy = await startProxy({ workers: 2, authentication });
  const { secret } = await add(proxy, { name: "job-1" });
  using client = await RawPeer.connect(proxy.port);
  const steady = get(upstream.authority, "/", basic("steady", "tok-steady-1234567890"));
  expect((await ask(client, steady)).status).toBe(200);

  await reload(proxy, { workers: 2, authentication: { delay: "0s" } });

  expect((await ask(client, steady)).status).toBe(407);
  expect((await ask(client, get(upstream.authority, "/", basic("job-1", secret)))).status).toBe(200);
});

test("a token that has run out is refused, also on a connection that it has opened", async () => {
  await using proxy = await startProxy({ workers: 1, authentication });
  const { secret } = await add(proxy, { name: "brief", ttl: "1s" });
  const request = get(upstream.authority, "/", basic("brief", secret));
  using client = await RawPeer.connect(proxy.port);
  expect((await ask(client, request)).status).toBe(200);

  const refused = await until("it has run out", async () => {
    const answer = await ask(client, request);
    return answer.status === 407 && answer;
  });

  expect(refused.body).toContain("The token for this proxy has expired");
  expect(await askAnew(proxy.port, request)).toBe(407);
  const { tokens } = (await (await order(proxy, "GET", "/tokens")).json()) as { tokens: unknown[] };
  expect(tokens).toMatchObject([
    { name: "steady" },
    { name: "brief", hasExpired: true, from: "status port" },
  ]);
});

describe("refused is", () => {
  let proxy: RunningProxy;
  beforeAll(async () => {
    proxy = resources.use(await startProxy({ workers: 1, authentication }));
  });

  // What | the order | its body | the status | what the answer says.
  const rows = [
    ["a name that is taken", "POST", "/tokens", { name: "steady" }, 409, "steady"],
    ["two ends", "POST", "/tokens", { name: "x", ttl: "1h", expires: "2099-01-01T00:00:00Z" }, 400, "ttl"],
    ["a name with a colon", "POST", "/tokens", { name: "a:b" }, 400, "name"],
    ["to remove one of the config", "DELETE", "/tokens/steady", undefined, 409, "it stands in the config"],
    ["to remove one that is not there", "DELETE", "/tokens/nobody", undefined, 404, "no such token"],
  ] as const;

  test.each(rows)("%s", async (_, method, path, body, status, says) => {
    const answer = await order(proxy, method, path, body);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(says);
  });
});

describe.each(["HTTP", "HTTPS"] as const)("with the URL that a new token comes with, over %s,", (scheme) => {
  testWith(["openssl", "git"], "git clones", async () => {
    await using folder = await makeFolder();
    await using proxy = await startProxy({ authentication });
    const certificate = await makeCertificate(folder.path);
    await makeRepository(folder.path, { "small.txt": "hello\n" });
    using server = startGitServer(folder.path, scheme === "HTTPS" ? certificate : undefined);
    const { proxyUrl } = await add(proxy, { name: "git-job.7" });
    const settings = ["-c", `http.proxy=${proxyUrl}`, "-c", `http.sslCAInfo=${certificate.caFile}`];

    await runOk(["git", ...settings, "clone", "--quiet", `${server.url}/repo.git`, "clone"], {
      cwd: folder.path,
      env: GIT_ENV,
    });

    expect(await Bun.file(`${folder.path}/clone/small.txt`).text()).toBe("hello\n");
    expect((await proxy.status()).logIns["user"]).toBeGreaterThan(0);
    for (const { headers } of server.seen) expect(headers.get("proxy-authorization")).toBeNull();
  });

  testWith(["openssl", "npm", "tar"], "npm installs", async () => {
    await using folder = await makeFolder();
    await using proxy = await startProxy({ authentication });
    const certificate = await makeCertificate(folder.path);
    await makePackages(folder.path, ["first", "second"]);
    using server = startRegistry(
      folder.path,
      ["first", "second"],
      scheme === "HTTPS" ? certificate : undefined,
    );
    const { proxyUrl } = await add(proxy, { name: "npm" });
    await mkdir(`${folder.path}/project`);
    await Bun.write(`${folder.path}/project/package.json`, "{}");
    const settings = {
      registry: `${server.url}/`,
      [scheme === "HTTP" ? "proxy" : "https-proxy"]: proxyUrl,
      cafile: certificate.caFile,
      cache: `${folder.path}/cache`,
      userconfig: `${folder.path}/no-user-config`,
      globalconfig: `${folder.path}/no-global-config`,
      audit: "false",
      "update-notifier": "false",
    };
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);

    await runOk(["npm", "install", "first", ...options], {
      cwd: `${folder.path}/project`,
      env: { HOME: folder.path },
    });

    expect(await Bun.file(`${folder.path}/project/node_modules/second/index.js`).exists()).toBe(true);
    expect((await proxy.status()).logIns["user"]).toBeGreaterThan(0);
  });
});

async function add(proxy: RunningProxy, token: Record<string, unknown>): Promise<Added> {
  const answer = await order(proxy, "POST", "/tokens", token);
  expect(answer.status).toBe(201);
  return (await answer.json()) as Added;
}

async function statuses(clients: readonly RawPeer[], request: string): Promise<number[]> {
  const answers = await Promise.all(clients.map((client) => ask(client, request)));
  return answers.map(({ status }) => status);
}
