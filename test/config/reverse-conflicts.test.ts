/** What must hold of routes, upstreams and the listeners that need them. */
import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";

const PUBLIC = { address: "0.0.0.0:80", mode: "reverse" };
const UPSTREAMS = { web: { endpoints: ["10.0.0.7:80"] } };
const ROUTES = [{ upstream: "web" }];

const sound: readonly (readonly [string, object])[] = [
  [
    "a reverse listener that everybody can reach",
    { listeners: [PUBLIC], routes: ROUTES, upstreams: UPSTREAMS },
  ],
  [
    "a reverse listener with clients",
    { listeners: [{ ...PUBLIC, clients: ["10.0.0.0/8"] }], routes: ROUTES, upstreams: UPSTREAMS },
  ],
  ["routes without a reverse listener", { routes: ROUTES, upstreams: UPSTREAMS }],
  ["an upstream without a route", { upstreams: UPSTREAMS }],
  [
    "one endpoint in two upstreams",
    { upstreams: { a: UPSTREAMS.web, b: UPSTREAMS.web }, routes: [{ upstream: "a" }, { upstream: "b" }] },
  ],
  [
    "an upstream that is called what objects inherit",
    JSON.parse('{"upstreams":{"constructor":{"endpoints":["a:1"]}},"routes":[{"upstream":"constructor"}]}'),
  ],
];

test.each(sound)("%s", (_, input) => {
  expect(parseConfig(input, {})).toMatchObject({ ok: true });
});

// What it shows | the configuration | its problems.
const conflicts: readonly (readonly [string, object, readonly string[]])[] = [
  [
    "a route to nowhere",
    { routes: [...ROUTES, { upstream: "wed" }, { upstream: "constructor" }], upstreams: UPSTREAMS },
    [
      'routes[1].upstream: Expected the name of one of upstreams, found "wed", did you mean "web"?',
      'routes[2].upstream: Expected the name of one of upstreams, found "constructor"',
    ],
  ],
  [
    "a reverse listener without a route",
    { listeners: [{ address: "127.0.0.1:1" }, PUBLIC], upstreams: UPSTREAMS },
    ['routes: Expected at least one, for the mode of listeners[1] is "reverse", found none'],
  ],
  [
    "a forward listener that everybody can reach, beside a reverse one",
    {
      listeners: [PUBLIC, { address: "0.0.0.0:3128" }],
      routes: ROUTES,
      upstreams: UPSTREAMS,
    },
    [
      'listeners[1].clients: Expected at least one range such as "10.0.0.0/8", or users who must log in, for other machines can reach 0.0.0.0:3128, found none',
    ],
  ],
  [
    "an endpoint twice, in whatever spelling",
    { upstreams: { web: { endpoints: ["a:1", "b:1", "A.:1"] } } },
    ["upstreams.web.endpoints[2]: Expected another endpoint, found that of upstreams.web.endpoints[0]"],
  ],
];

test.each(conflicts)("refuses %s", (_, input, problems) => {
  expect(parseConfig(input, {})).toEqual({ ok: false, problems: [...problems] });
});

test.each([
  [
    "an upstream that can't be read",
    { routes: ROUTES, upstreams: { web: { endpoints: [1] } } },
    "upstreams.web.endpoints[0]",
  ],
  [
    "one beside an upstream that can't be read",
    { upstreams: { web: { endpoints: [1] }, other: { endpoints: ["a:1", "a:1"] } } },
    "upstreams.web.endpoints[0]",
  ],
  ["upstreams that are none", { routes: ROUTES, upstreams: [] }, "upstreams"],
  ["routes that can't be read", { listeners: [PUBLIC], routes: 1, upstreams: UPSTREAMS }, "routes"],
])("%s may be what is missing", (_, input, path) => {
  const parsed = parseConfig(input, {});

  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.split(":")[0])).toEqual([path]);
});
