import { expect, test } from "bun:test";
import { createAdminApp } from "../../src/admin/app.ts";
import { cells } from "../../src/observe/cells.ts";
import { parseExposition } from "../observe/exposition-parser.ts";
import { FakeDeps } from "./fake-deps.ts";

// Each row: what it shows | the request | the status | what was ordered.
const calls: [string, string, number, string[]][] = [
  ["the index", "GET /", 200, []],
  ["health", "GET /health", 200, []],
  ["readiness", "GET /ready", 200, []],
  ["status", "GET /status", 200, []],
  ["metrics", "GET /metrics", 200, []],
  ["the config", "GET /config", 200, []],
  ["a good config", 'PUT /config {"limits":{"dials":5}}', 200, ['apply {"limits":{"dials":5}}']],
  ["a bad config", 'PUT /config {"limits":{"dials":-5}}', 422, ['apply {"limits":{"dials":-5}}']],
  ["a config that is no JSON", "PUT /config limits: {}", 400, []],
  ["an empty config", "PUT /config", 400, []],
  ["a reload", "POST /reload", 200, ["reload"]],
  ["a drain", "POST /drain", 202, ["drain"]],
  ["a worker's restart", "POST /workers/1/restart", 202, ["restart 1"]],
  ["the restart of a worker that is not", "POST /workers/2/restart", 404, ["restart 2"]],
  ["the restart of no number", "POST /workers/one/restart", 404, []],
  ["an explanation", 'POST /explain {"url":"http://a/"}', 200, ['explain {"url":"http://a/"}']],
  ["a question that is no JSON", "POST /explain http://a/", 400, []],
  ["the lists", "GET /lists", 200, []],
  ["the tokens", "GET /tokens", 200, []],
  ["the bans", "GET /bans", 200, []],
  ["the lifting of no ban", "DELETE /bans/192.0.2.9", 404, ["lift 192.0.2.9"]],
  ["the lifting of nobody's ban", "DELETE /bans/", 404, []],
  ["the removal of no token", "DELETE /tokens/nobody", 404, ["remove nobody"]],
  ["the cache", "GET /cache", 200, []],
  ["what is stored", "GET /cache/entry?url=http://a/", 404, ["find http://a/"]],
  ["a purge", 'POST /cache/purge {"tag":"a"}', 200, ['purge {"matches":{"tag":"a"},"soft":false}']],
  ["what was missing", "GET /cache/offline", 200, []],
  ["going offline", 'POST /cache/offline {"offline":true}', 200, ["offline true"]],
  ["the script for browsers", "GET /proxy.pac", 200, []],
  ["an unknown path", "GET /nothing", 404, []],
  ["a path with a slash too many", "GET /status/", 404, []],
];

test.each(calls)("%s", async (_, line, status, ordered) => {
  const { call, deps } = running();

  const response = await call(line);

  expect(response.status).toBe(status);
  expect(deps.log).toEqual(ordered);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  if (status >= 400) expect((await bodyOf(response)).error).toBeString();
});

// Each row: the request | what is allowed instead.
const wrongMethods = [
  ["POST /status", "GET, HEAD"],
  ["DELETE /config", "GET, HEAD, PUT"],
  ["GET /drain", "POST"],
  ["GET /workers/0/restart", "POST"],
  ["OPTIONS /reload", "POST"],
  ["GET /explain", "POST"],
  ["PUT /tokens", "GET, HEAD, POST"],
  ["GET /tokens/ann", "DELETE"],
  ["POST /bans/192.0.2.1", "DELETE"],
  ["POST /proxy.pac", "GET, HEAD"],
  ["DELETE /cache", "GET, HEAD"],
  ["POST /cache/entry", "GET, HEAD"],
  ["GET /cache/purge", "POST"],
  ["PUT /cache/offline", "GET, HEAD, POST"],
] as const;

test.each(wrongMethods)("%s is refused and told what would do", async (line, allowed) => {
  const { call, deps } = running();

  const response = await call(line);

  expect(response.status).toBe(405);
  expect(response.headers.get("Allow")).toBe(allowed);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(deps.log).toEqual([]);
});

test("HEAD is GET without the body, but with its length", async () => {
  const { call } = running();

  const response = await call("HEAD /health");
  const { length } = await (await call("GET /health")).text();

  expect(length).toBeGreaterThan(0);
  expect(response.headers.get("Content-Length")).toBe(String(length));

  expect(response.status).toBe(200);
  expect(await response.text()).toBe("");
});

test.each(["starting", "draining"] as const)("while %s it is alive and not ready", async (phase) => {
  const { call, deps } = running();
  deps.phaseNow = phase;

  expect((await call("GET /health")).status).toBe(200);
  expect((await call("GET /ready")).status).toBe(503);
});

test("a refused config comes with all its problems", async () => {
  const { call } = running();

  const response = await call('PUT /config {"limits":{"dials":-5},"prot":1}');

  expect((await bodyOf(response)).problems).toHaveLength(2);
});

test("a config of more than a mebibyte is not read", async () => {
  const { call, deps } = running();

  const response = await call(`PUT /config {"a":"${"x".repeat(1024 * 1024)}"}`);

  expect(response.status).toBe(413);
  expect(deps.log).toEqual([]);
});

test("the config shows no secret", async () => {
  const { call } = running("correct-horse-battery");

  const text = await (await call("GET /config", { Authorization: "Bearer correct-horse-battery" })).text();

  expect(text).not.toContain("horse");
  expect(JSON.parse(text)).toMatchObject({ generation: 7, config: { limits: { headBytes: "32KiB" } } });
});

test("a reload without a file, or of a bad one, says so", async () => {
  const { call, deps } = running();

  deps.reloadResult = "no_file";
  expect((await call("POST /reload")).status).toBe(409);
  deps.reloadResult = { ok: false, problems: ["limits.dials: expected more"] };
  const response = await call("POST /reload");

  expect(response.status).toBe(422);
  expect((await bodyOf(response)).problems).toEqual(["limits.dials: expected more"]);
});

test("an error of ours is reported and shows no stack", async () => {
  const { call, deps } = running();
  deps.failing = true;

  const response = await call("GET /status");

  expect(response.status).toBe(500);
  expect(await bodyOf(response)).toEqual({ error: "Internal error, see the log" });
  expect(deps.log).toEqual(["report the snapshot is broken"]);
});

test("a web page can neither read nor order anything", async () => {
  const { call, deps } = running();

  const response = await call("POST /drain", { Origin: "https://evil.example" });

  expect(response.status).toBe(403);
  expect((await bodyOf(response)).because).toBe("origin_foreign");
  expect(deps.log).toEqual([]);
});

test("without the token, an answer says which scheme would do", async () => {
  const { call, deps } = running("correct-horse-battery");

  const response = await call("POST /drain");

  expect(response.status).toBe(401);
  expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="headgate"');
  expect(deps.log).toEqual([]);
  expect((await call("GET /ready")).status).toBe(200);
});

test("metrics are what a scraper expects", async () => {
  const { call, deps } = running();
  deps.counters(1).add(cells.retries, 3);

  const response = await call("GET /metrics");

  expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(parseExposition(await response.text()).samples.get("headgate_retries_total")).toBe(3);
});

async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

function running(token?: string) {
  const deps = new FakeDeps(token);
  const app = createAdminApp(deps);
  const call = (line: string, headers: Record<string, string> = {}) => {
    const [, method = "", path = "", body] = /^(\S+) (\S+)(?: (.*))?$/.exec(line) ?? [];
    return app.request(path, {
      method,
      headers: { Host: "127.0.0.1:8889", ...headers },
      ...(body && { body }),
    });
  };
  return { deps, call };
}
