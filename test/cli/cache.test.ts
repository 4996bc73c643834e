/** `headgate cache` against status ports that answer as ours do, and others. */
import { afterEach, describe, expect, test } from "bun:test";
import { createAdminApp } from "../../src/admin/app.ts";
import type { EntryReport } from "../../src/admin/cache-listing.ts";
import type { CacheReport } from "../../src/admin/cache-report.ts";
import type { CacheQuestion } from "../../src/cli/args-asking.ts";
import { runCache } from "../../src/cli/cache.ts";
import { renderCache, renderEntries } from "../../src/cli/cache-text.ts";
import { listingOf } from "../admin/fake-cache.ts";
import { FakeDeps } from "../admin/fake-deps.ts";

const servers: Bun.Server<undefined>[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop(true))));

const NOTHING = {
  hit: 0,
  hit_disk: 0,
  stale: 0,
  revalidated: 0,
  collapsed: 0,
  miss: 0,
  bypass: 0,
  missing: 0,
};

const empty: CacheReport = {
  enabled: true,
  offline: false,
  memory: { entries: 0, bytes: 0, capacityBytes: 67_108_864, evictions: 0, stored: 0, oldestSeconds: null },
  disk: null,
  requests: NOTHING,
  hitRatio: null,
  byteHitRatio: null,
  bytesSaved: 0,
  bytesFetched: 0,
  purged: 0,
  invalidated: 0,
  refreshes: 0,
};

const busy: CacheReport = {
  ...empty,
  offline: true,
  memory: {
    entries: 1_200,
    bytes: 12_582_912,
    capacityBytes: 67_108_864,
    evictions: 0,
    stored: 1_300,
    oldestSeconds: 3_720,
  },
  disk: {
    path: "/var/cache/headgate",
    entries: 17,
    bytes: 2_147_483_648,
    capacityBytes: 10_737_418_240,
    evictions: 3,
    stored: 20,
    oldestSeconds: 90_000,
  },
  requests: { ...NOTHING, hit: 90, revalidated: 2, miss: 8, bypass: 5 },
  hitRatio: 0.92,
  byteHitRatio: 0.805,
  bytesSaved: 104_857_600,
  bytesFetched: 25_165_824,
  purged: 4,
  invalidated: 1,
  refreshes: 6,
};

const entry: EntryReport = {
  tier: "memory",
  status: 200,
  storedAt: "2026-11-21T02:13:38.000Z",
  ageSeconds: 30,
  freshSeconds: 270,
  lifetimeSeconds: 300,
  heuristic: false,
  ruled: false,
  mustRevalidate: false,
  markedStale: false,
  vary: { names: [], key: "" },
  etag: null,
  lastModified: null,
  tags: [],
  bytes: 1_270,
  range: null,
  peer: "",
  why: "Fresh: 30.0s old, and its lifetime is 5m00s (max-age=300)",
};

const part: EntryReport = {
  ...entry,
  tier: "disk",
  status: 206,
  freshSeconds: -5,
  lifetimeSeconds: 25,
  heuristic: true,
  ruled: true,
  mustRevalidate: true,
  vary: { names: ["accept-encoding", "accept"], key: "gzip|*/*" },
  etag: '"v1"',
  lastModified: "Sat, 21 Nov 2026 02:00:00 GMT",
  tags: ["a", "b"],
  range: { first: 0, last: 99, whole: 1_000 },
  peer: "192.0.2.1",
  why: "Stale: a rule of cache.rules",
};

test("an empty cache says so", () => {
  expect(renderCache(empty, false)).toBe(`Cache, on

tier    entries  used       of  stored  evicted  oldest
memory        0    0B  64.0MiB       0        0

requests    none yet
bytes       0B saved, 0B fetched
`);
});

test("a busy one says what it was worth", () => {
  expect(renderCache(busy, false)).toBe(`Cache, offline: nothing is asked for outside

tier    entries     used       of  stored  evicted  oldest
memory     1200  12.0MiB  64.0MiB    1300        0   1h02m
disk         17  2.00GiB  10.0GiB      20        3   1d01h

requests    hit 90, revalidated 2, miss 8, bypass 5
hit ratio   92 % of requests, 81 % of bytes
bytes       100MiB saved, 24.0MiB fetched
removed     purged 4, invalidated 1
refreshed   6 while the stale answer was used
disk        /var/cache/headgate
`);
});

test("one that is off says no more", () => {
  expect(renderCache({ ...empty, enabled: false, memory: null }, false)).toBe(
    "There is no cache: cache.memory is off\n",
  );
});

test("what is kept for a URL is told one by one", () => {
  expect(renderEntries("http://a.example/b", [entry, part], false)).toBe(`http://a.example/b

kept        in memory: 200, 1.24KiB
stored      2026-11-21T02:13:38Z
fresh       4m30s more of 5m00s
why         Fresh: 30.0s old, and its lifetime is 5m00s (max-age=300)

kept        on disk: 206, 1.24KiB, a part: 0-99 of 1000
stored      2026-11-21T02:13:38Z, from 192.0.2.1
fresh       no more, stale for 5.00s
why         Stale: a rule of cache.rules
vary        accept-encoding, accept (gzip|*/*)
etag        "v1"
modified    Sat, 21 Nov 2026 02:00:00 GMT
tags        a b
`);
});

// What it shows | what the entry is | its line.
test.each([
  ["to this second", { freshSeconds: 0 }, "no more, stale for 0s"],
  ["marked", { markedStale: true, freshSeconds: 9 }, "no more, marked as stale"],
  ["for ever", { freshSeconds: 31_536_000, lifetimeSeconds: 31_536_000 }, "365d00h more of 365d00h"],
] as const)("how fresh it is: %s", (_, changes, line) => {
  expect(renderEntries("u", [{ ...entry, ...changes }], false)).toContain(`\nfresh       ${line}\n`);
});

test("a whole of unknown length is a question mark", () => {
  const unknown = { ...part, range: { first: 5, last: 9, whole: null } };

  expect(renderEntries("u", [unknown], false)).toContain("a part: 5-9 of ?\n");
});

test("colours change nothing but colours", () => {
  expect(Bun.stripANSI(renderCache(busy, true))).toBe(renderCache(busy, false));
  expect(renderCache(busy, true)).toContain("\x1b[33moffline\x1b[0m");
  expect(Bun.stripANSI(renderEntries("u", [part], true))).toBe(renderEntries("u", [part], false));
});

describe("a question", () => {
  // The question | method and target | body.
  const rows: readonly (readonly [CacheQuestion, string, unknown])[] = [
    [{ verb: "stats" }, "GET /cache", undefined],
    [
      { verb: "show", url: "http://a/b?c=d&e#f" },
      "GET /cache/entry?url=http%3A%2F%2Fa%2Fb%3Fc%3Dd%26e%23f",
      undefined,
    ],
    [
      { verb: "purge", matches: { url: "http://a/" }, soft: false },
      "POST /cache/purge",
      { url: "http://a/", soft: false },
    ],
    [{ verb: "purge", matches: { tag: "t" }, soft: true }, "POST /cache/purge", { tag: "t", soft: true }],
  ];

  test.each(rows)("%j is asked with the token", async (question, line, body) => {
    const asked: unknown[] = [];
    const url = serve(async (request) => {
      const { pathname, search } = new URL(request.url);
      const text = await request.text();
      asked.push(`${request.method} ${pathname}${search}`, text === "" ? undefined : JSON.parse(text));
      asked.push(request.headers.get("Authorization"));
      return Response.json({ ...busy, url: "u", entries: [entry], purged: 3 });
    });

    const { code } = await run(url, question, { token: "t0ken" });

    expect(code).toBe(0);
    expect(asked).toEqual([line, body, "Bearer t0ken"]);
  });

  test("is answered for people", async () => {
    const url = serve(() => Response.json({ purged: 3 }));

    expect(await run(url, { verb: "purge", matches: { tag: "t" }, soft: false })).toEqual({
      code: 0,
      out: "3 purged\n",
      err: "",
    });
    expect((await run(url, { verb: "purge", matches: { tag: "t" }, soft: true })).out).toBe(
      "3 marked as stale\n",
    );
  });

  test("is answered for programs as it came", async () => {
    const url = serve(() => Response.json(empty));

    const { out } = await run(url, { verb: "stats" }, { json: true });

    expect(JSON.parse(out)).toEqual(empty);
    expect(out).toEndWith("}\n");
  });

  test("gets no answer that steers the terminal", async () => {
    const url = serve(() =>
      Response.json({ url: "http://a/\u001b[2J", entries: [{ ...entry, why: "a\u009b\nb" }] }),
    );

    const { out } = await run(url, { verb: "show", url: "http://a/" });

    expect(out).toStartWith("http://a/?[2J\n");
    expect(out).toContain("why         a??b\n");
  });
});

// The question | the exit code | how the answer begins.
test.each([
  [{ verb: "stats" }, 0, "Cache, on\n"],
  [
    { verb: "show", url: "http://example.com/a?b=c&d=e" },
    0,
    "http://example.com/a?b=c&d=e\n\nkept        in memory: 200",
  ],
  [{ verb: "purge", matches: { url: "http://example.com/" }, soft: true }, 0, "3 marked as stale\n"],
  [{ verb: "purge", matches: { host: "example.com:80" }, soft: false }, 0, "3 purged\n"],
  [{ verb: "purge", matches: { prefix: "http://example.com/a" }, soft: false }, 0, "3 purged\n"],
  [{ verb: "purge", matches: { tag: "t" }, soft: false }, 0, "3 purged\n"],
  [
    { verb: "purge", matches: { prefix: "http://example.com" }, soft: false },
    2,
    "Cannot purge\nprefix: Expected",
  ],
  [{ verb: "show", url: "http://ann@example.com/" }, 2, "Cannot show what is stored\nurl: Expected"],
] as const)("our own status port understands %j", async (question, code, begins) => {
  const deps = new FakeDeps();
  deps.fakeCache.listings = [listingOf()];
  deps.fakeCache.purgeable = 3;

  const answered = await run(serve(createAdminApp(deps).fetch), question);

  expect([answered.code, answered.out + answered.err]).toEqual([
    code,
    expect.stringMatching(startOf(begins)),
  ]);
});

test("our own status port says that nothing is kept", async () => {
  const { code, err } = await run(serve(createAdminApp(new FakeDeps()).fetch), {
    verb: "show",
    url: "http://a/",
  });

  expect([code, err]).toEqual([1, "Cannot show what is stored: nothing is stored for http://a/\n"]);
});

// What it shows | what answers | the exit code | what is said.
const refusals: readonly (readonly [string, () => Response, number, string])[] = [
  [
    "nothing is kept",
    () =>
      Response.json(
        { error: "Cannot show what is stored: nothing is stored for http://a/" },
        { status: 404 },
      ),
    1,
    "Cannot show what is stored: nothing is stored for http://a/",
  ],
  [
    "there is no cache",
    () => Response.json({ error: "Cannot show what is stored: there is no cache" }, { status: 409 }),
    1,
    "Cannot show what is stored: there is no cache",
  ],
  [
    "the question is wrong",
    () =>
      Response.json({ error: "Cannot show what is stored", problems: ["url: a", "url: b"] }, { status: 400 }),
    2,
    "Cannot show what is stored\nurl: a\nurl: b",
  ],
  [
    "a token is wanted",
    () => Response.json({}, { status: 401 }),
    1,
    "Cannot ask URL about its cache: it wants a token",
  ],
  [
    "a stranger's page",
    () => new Response("<html>"),
    1,
    "Cannot ask URL about its cache: that is no Headgate status port",
  ],
  [
    "a stranger's 404",
    () => new Response("no", { status: 404 }),
    1,
    "Cannot ask URL about its cache: that is no Headgate status port, it answered 404",
  ],
  [
    "a stranger's JSON",
    () => Response.json({ url: "u", entries: [{}] }),
    1,
    "Cannot ask URL about its cache: that is no Headgate status port",
  ],
  [
    "a redirect",
    () => new Response("", { status: 302, headers: { Location: "/other" } }),
    1,
    "Cannot ask URL about its cache: that is no Headgate status port, it answered 302",
  ],
];

test.each(refusals)("what is wrong is said: %s", async (_, answer, code, said) => {
  const url = serve(answer);

  expect(await run(url, { verb: "show", url: "http://a/" })).toEqual({
    code,
    out: "",
    err: `${said.replace("URL", url)}\n`,
  });
});

test.each([
  ["stats", { verb: "stats" }],
  ["purge", { verb: "purge", matches: { tag: "t" }, soft: false }],
] as const)("another program's JSON is no answer to %s", async (_, question) => {
  const { code, err } = await run(
    serve(() => Response.json({ enabled: 1, requests: null, purged: "3" })),
    question,
  );

  expect([code, err]).toEqual([1, expect.stringContaining("that is no Headgate status port")]);
});

function serve(answer: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => answer(request) });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

function startOf(text: string): RegExp {
  return new RegExp(`^${RegExp.escape(text)}`);
}

async function run(
  url: string,
  question: CacheQuestion,
  changes: { json?: boolean; token?: string | undefined } = {},
) {
  let out = "";
  let err = "";
  const output = {
    write: async (text: string) => {
      out += text;
      return true;
    },
    complain: async (line: string) => void (err += `${line}\n`),
    colour: false,
  };
  const code = await runCache({ url, token: undefined, json: false, ...changes, question }, output);
  return { code, out, err };
}
