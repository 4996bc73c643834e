import { expect, setSystemTime, test } from "bun:test";
import { createAdminApp } from "../../src/admin/app.ts";
import type { TokenState } from "../../src/credentials/keeper.ts";
import { FakeDeps } from "./fake-deps.ts";

const NOW = Date.UTC(2026, 0, 1);

// Each row: what it shows | the body | what is asked of whoever keeps them.
const good: [string, unknown, unknown][] = [
  ["a name alone", { name: "ci" }, { name: "ci", groups: [] }],
  [
    "an expiry",
    { name: "ci", expires: "2030-01-31T12:00:00Z" },
    { name: "ci", expires: Date.UTC(2030, 0, 31, 12), groups: [] },
  ],
  ["a time to live", { name: "ci", ttl: "30m" }, { name: "ci", expires: NOW + 1_800_000, groups: [] }],
  ["groups", { name: "ci", groups: ["build", "night"] }, { name: "ci", groups: ["build", "night"] }],
  ["what is null, which is not there", { name: "ci", ttl: null }, { name: "ci", groups: [] }],
];

test.each(good)("a token is added with %s", async (_, body, wanted) => {
  await at(NOW, async () => {
    const { call, deps } = running();

    const response = await call("POST", "/tokens", JSON.stringify(body));

    expect(response.status).toBe(201);
    expect(deps.log).toEqual([`add ${JSON.stringify(wanted)}`]);
  });
});

test("the secret is told once, with all that a client needs", async () => {
  const { call, deps } = running();
  deps.tokenStates = [tokenState({ name: "ann" })];

  const added = await call("POST", "/tokens", '{"name":"ci","expires":"2030-01-31T12:00:00+01:00"}');

  expect(await added.json()).toEqual({
    name: "ci",
    secret: "s3cret",
    expires: "2030-01-31T11:00:00.000Z",
    groups: [],
    proxyUrl: "http://ci:s3cret@127.0.0.1:8888",
  });
  expect(await (await call("GET", "/tokens")).text()).not.toContain("s3cret");
});

test("whoever can't reach a listener is told no URL", async () => {
  const { call } = running({ Host: "proxy.example:8889", Authorization: "Bearer correct-horse-battery" });

  const added = await call("POST", "/tokens", '{"name":"ci"}');

  expect(await added.json()).toEqual({ name: "ci", secret: "s3cret", groups: [] });
});

// Each row: what it shows | the body | where it is wrong.
const bad: [string, string, string][] = [
  [
    "no name",
    "{}",
    "name: Expected 1 to 64 letters, digits or any of ._-, a letter or digit first, found nothing",
  ],
  ["a name with a colon", '{"name":"a:b"}', "name: Expected 1 to 64 letters"],
  ["a name of another kind", '{"name":7}', "name: Expected 1 to 64 letters"],
  [
    "an expiry without a zone",
    '{"name":"a","expires":"2030-01-31T12:00:00"}',
    "expires: Expected a time as in RFC 3339",
  ],
  ["an expiry in numbers", '{"name":"a","expires":1}', "expires: Expected a time as in RFC 3339"],
  ["a time to live of another kind", '{"name":"a","ttl":60}', "ttl: Expected a duration"],
  ["a time to live without end", '{"name":"a","ttl":"99999h"}', "ttl: Expected a duration"],
  [
    "both an expiry and a time to live",
    '{"name":"a","ttl":"1h","expires":"2030-01-31T12:00:00Z"}',
    "ttl: Expected either `expires` or `ttl`, found both",
  ],
  ["groups that are no list", '{"name":"a","groups":"b"}', "groups: Expected a list of 0 to 100"],
  ["a group that is none", '{"name":"a","groups":["b"," "]}', "groups[1]: Expected 1 to 64 letters"],
  [
    "too many groups",
    JSON.stringify({ name: "a", groups: Array.from({ length: 101 }, () => "b") }),
    "groups: Expected a list of 0 to 100, found a list of 101",
  ],
  ["a field that is none", '{"name":"a","secret":"mine"}', "secret: Unknown field"],
  ["a list", "[]", "the body: Expected a group of settings, found a list"],
  ["text", '"ci"', "the body: Expected a group of settings"],
];

test.each(bad)("refused with its place: %s", async (_, body, problem) => {
  const { call, deps } = running();

  const response = await call("POST", "/tokens", body);
  const answer = (await response.json()) as { error: string; problems: string[] };

  expect(response.status).toBe(400);
  expect(answer.error).toBe("Cannot add a token");
  expect(answer.problems).toHaveLength(1);
  expect(answer.problems[0]).toStartWith(problem);
  expect(deps.log).toEqual([]);
});

test("several mistakes are told at once", async () => {
  const { call } = running();

  const response = await call("POST", "/tokens", '{"name":":","ttl":"x"}');

  expect(((await response.json()) as { problems: string[] }).problems).toHaveLength(2);
});

// Each row: what it shows | the body | the status | the error.
const unread: [string, string, number, string][] = [
  ["no JSON", "name=ci", 400, "Cannot add a token: the body is not JSON"],
  ["nothing", "", 400, "Cannot add a token: the body is not JSON"],
  [
    "more than 16 KiB",
    JSON.stringify({ name: "x".repeat(16 * 1024) }),
    413,
    "Cannot add a token: the body has more than 16384 bytes",
  ],
  ["a name that is taken", '{"name":"ann"}', 409, 'Cannot add a token: "ann" is a name already taken'],
];

test.each(unread)("no token from %s", async (_, body, status, error) => {
  const { call, deps } = running();
  deps.tokenStates = [tokenState({ name: "ann" })];

  const response = await call("POST", "/tokens", body);

  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error });
});

test("what the keeper finds invalid is the asker's mistake", async () => {
  const { call, deps } = running();
  deps.addToken = async () => ({
    ok: false,
    because: "invalid",
    problem: "Expected an expiry that lies ahead",
  });

  const response = await call("POST", "/tokens", '{"name":"ci","expires":"2001-01-01T00:00:00Z"}');

  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    error: "Cannot add a token",
    problems: ["Expected an expiry that lies ahead"],
  });
});

test("tokens say where they are from and whether they still hold", async () => {
  const { call, deps } = running();
  deps.tokenStates = [
    tokenState({ isOfConfig: true, addedAt: undefined }),
    tokenState({ name: "old", expires: NOW, hasExpired: true, groups: ["build"] }),
  ];

  expect(await (await call("GET", "/tokens")).json()).toEqual({
    tokens: [
      { name: "ci", groups: [], hasExpired: false, from: "config" },
      {
        name: "old",
        groups: ["build"],
        expires: "2026-01-01T00:00:00.000Z",
        hasExpired: true,
        from: "status port",
        addedAt: "2025-12-31T23:59:59.000Z",
      },
    ],
  });
});

// Each row: what it shows | the name | the status.
const removals: [string, string, number][] = [
  ["one that was added", "ci", 204],
  ["one whose name is escaped", "c%69", 204],
  ["one of the config", "fixed", 409],
  ["one that is not there", "nobody", 404],
];

test.each(removals)("removing %s", async (_, name, status) => {
  const { call, deps } = running();
  deps.tokenStates = [tokenState(), tokenState({ name: "fixed", isOfConfig: true })];

  expect((await call("DELETE", `/tokens/${name}`)).status).toBe(status);
});

function tokenState(changes: Partial<TokenState> = {}): TokenState {
  return {
    name: "ci",
    isOfConfig: false,
    groups: [],
    expires: undefined,
    hasExpired: false,
    addedAt: NOW - 1_000,
    ...changes,
  };
}

async function at(ms: number, run: () => Promise<void>): Promise<void> {
  setSystemTime(ms);
  try {
    await run();
  } finally {
    setSystemTime();
  }
}

function running(headers: Record<string, string> = { Host: "127.0.0.1:8889" }) {
  const deps = new FakeDeps(headers["Authorization"] === undefined ? undefined : "correct-horse-battery");
  const app = createAdminApp(deps);
  const call = (method: string, path: string, body?: string) =>
    app.request(path, { method, headers, ...(body !== undefined && { body }) });
  return { deps, call };
}
