import { expect, test } from "bun:test";
import { createAdminApp } from "../../src/admin/app.ts";
import { FakeDeps } from "./fake-deps.ts";

// Each row: the body | what is ordered.
const purges: [string, object][] = [
  ['{"url":"http://example.com/a?b"}', { matches: { url: "http://example.com/a?b" }, soft: false }],
  ['{"host":"Example.COM.","soft":true}', { matches: { host: "example.com" }, soft: true }],
  ['{"host":"example.com:8080"}', { matches: { host: "example.com:8080" }, soft: false }],
  ['{"host":"[2001:DB8::1]"}', { matches: { host: "[2001:db8::1]" }, soft: false }],
  ['{"prefix":"http://example.com/"}', { matches: { prefix: "http://example.com/" }, soft: false }],
  ['{"prefix":"http://example.com/a?b="}', { matches: { prefix: "http://example.com/a?b=" }, soft: false }],
  ['{"tag":"release-7","soft":false}', { matches: { tag: "release-7" }, soft: false }],
  ['{"tag":"b:c/\xe9","url":null}', { matches: { tag: "b:c/\xe9" }, soft: false }],
];

test.each(purges)("a purge of %s", async (body, request) => {
  const { purge, deps } = running();
  deps.fakeCache.purgeable = 12;

  const response = await purge(body);

  expect([response.status, await bodyOf(response)]).toEqual([200, { purged: 12 }]);
  expect(deps.log).toEqual([`purge ${JSON.stringify(request)}`]);
});

// Each row: the body | what is wrong with it.
const badPurges: [string, string | RegExp][] = [
  ["{}", "the body: Expected exactly one of url, host, prefix and tag, found none"],
  ["null", "the body: Expected exactly one of url, host, prefix and tag, found none"],
  ['{"soft":true}', "the body: Expected exactly one of url, host, prefix and tag, found none"],
  [
    '{"tag":"a","host":"example.com"}',
    "the body: Expected exactly one of url, host, prefix and tag, found host and tag",
  ],
  ["[]", "the body: Expected a group of settings, found a list"],
  ['"http://example.com/"', 'the body: Expected a group of settings, found "http://example.com/"'],
  ['{"tags":"a"}', "tags: Unknown field"],
  ['{"url":"/a"}', /^url: Expected an absolute URL .* found "\/a"$/],
  ['{"url":7}', /^url: Expected an absolute URL .* found 7$/],
  ['{"host":"http://example.com/"}', /^host: Expected a host, or a host and a port, /],
  ['{"host":"*.example.com"}', /^host: Expected a host, or a host and a port, /],
  ['{"prefix":"http://example.com"}', /^prefix: Expected the beginning of a URL .* found "http/],
  ['{"prefix":"/a"}', /^prefix: Expected the beginning of a URL .* found "\/a"$/],
  [
    '{"tag":"a b"}',
    'tag: Expected a tag of 1 to 1024 characters of Latin-1, without spaces and commas, found "a b"',
  ],
  [
    '{"tag":"a,b"}',
    'tag: Expected a tag of 1 to 1024 characters of Latin-1, without spaces and commas, found "a,b"',
  ],
  [
    '{"tag":""}',
    'tag: Expected a tag of 1 to 1024 characters of Latin-1, without spaces and commas, found ""',
  ],
  ['{"tag":"a","soft":"yes"}', 'soft: Expected true or false, found "yes"'],
];

test.each(badPurges)("a purge of %s purges nothing", async (body, problem) => {
  const { purge, deps } = running();

  const response = await purge(body);

  expect(response.status).toBe(400);
  expect(await bodyOf(response)).toEqual({
    error: "Cannot purge",
    problems: [typeof problem === "string" ? problem : expect.stringMatching(problem)],
  });
  expect(deps.log).toEqual([]);
});

// Each row: what it shows | the body | the status | the error.
const refused: [string, string, number, string][] = [
  ["no body", "", 400, "Cannot purge: the body is not JSON"],
  ["a body that is no JSON", "http://example.com/", 400, "Cannot purge: the body is not JSON"],
  [
    "a body of more than 64 KiB",
    `{"tag":"${"x".repeat(64 * 1024)}"}`,
    413,
    "Cannot purge: the body has more than 65536 bytes",
  ],
];

test.each(refused)("%s purges nothing", async (_, body, status, error) => {
  const { purge, deps } = running();

  const response = await purge(body);

  expect([response.status, await bodyOf(response)]).toEqual([status, { error }]);
  expect(deps.log).toEqual([]);
});

async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

function running() {
  const deps = new FakeDeps();
  const app = createAdminApp(deps);
  const purge = (body: string) =>
    app.request("/cache/purge", { method: "POST", headers: { Host: "127.0.0.1:8889" }, body });
  return { deps, purge };
}
