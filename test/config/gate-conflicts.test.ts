/** What must hold of those who can log in, of lists and of limits. */
import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";

const TOKEN = "0123456789abcdef";
const HASH = `$2b$10$${"a".repeat(53)}`;
const BOTH = { password: "p", hash: HASH };

const sound: readonly (readonly [string, object])[] = [
  [
    "one name for a user, a group, a list and a limit",
    {
      authentication: { users: [{ name: "a", password: "p" }], groups: [{ name: "a", members: ["a"] }] },
      policy: { lists: [{ name: "a", file: "a" }], limits: [{ name: "a", exchanges: 1 }] },
    },
  ],
  [
    "a token in a group",
    { authentication: { tokens: [token("ci")], groups: [{ name: "a", members: ["ci"] }] } },
  ],
  [
    "anybody in a group",
    { authentication: { htpasswd: "users", groups: [{ name: "a", members: ["zoe"] }] } },
  ],
  [
    "a token that has expired",
    { authentication: { tokens: [{ ...token("ci"), expires: "2001-01-01T00:00:00Z" }] } },
  ],
  ["connections by client", limits({ by: "client", connections: "1/s", burst: 5, open: 3 })],
  ["connections of all", limits({ by: "all", connections: "1/s" })],
  ["connections to a host", limits({ by: "host", open: 3 })],
  [
    "connections to the hosts of a rule",
    {
      policy: {
        ...limits({ by: "host", open: 3 }).policy,
        rules: [{ name: "r", action: "limit", limit: "a" }],
      },
    },
  ],
];

test.each(sound)("%s", (_, input) => {
  expect(parseConfig(input, {})).toMatchObject({ ok: true });
});

// What it shows | the configuration | its problems.
const conflicts: readonly (readonly [string, object, readonly string[]])[] = [
  [
    "names that are taken",
    {
      authentication: {
        users: [user("ann"), user("ann")],
        tokens: [token("ci"), token("ci"), token("ann")],
        groups: [{ name: "a" }, { name: "a" }],
      },
      policy: {
        lists: [
          { name: "b", file: "a" },
          { name: "b", file: "a" },
        ],
        limits: [
          { name: "c", exchanges: 1 },
          { name: "c", exchanges: 1 },
        ],
      },
    },
    [
      "authentication.users[1].name: Expected another name, found that of authentication.users[0]",
      "authentication.tokens[1].name: Expected another name, found that of authentication.tokens[0]",
      "authentication.groups[1].name: Expected another name, found that of authentication.groups[0]",
      "authentication.tokens[2].name: Expected another name, found that of authentication.users[1]",
      "policy.lists[1].name: Expected another name, found that of policy.lists[0]",
      "policy.limits[1].name: Expected another name, found that of policy.limits[0]",
    ],
  ],
  [
    "a user with two secrets or none",
    { authentication: { users: [{ name: "ann" }, { name: "bob", ...BOTH }] } },
    [
      "authentication.users[0]: Expected either password or hash, found neither",
      "authentication.users[1]: Expected either password or hash, found both",
    ],
  ],
  [
    "a member that nobody knows",
    { authentication: { users: [user("ann")], groups: [{ name: "a", members: ["ann", "amn"] }] } },
    [
      'authentication.groups[0].members[1]: Expected the name of a user or token, found "amn", did you mean "ann"?',
    ],
  ],
  [
    "a list with two sources or none",
    { policy: { lists: [{ name: "a" }, { name: "b", file: "b", url: "https://b.example/" }] } },
    [
      "policy.lists[0]: Expected either file or url, found neither",
      "policy.lists[1]: Expected either file or url, found both",
    ],
  ],
  [
    "a limit that limits nothing",
    limits({ burst: 3 }),
    [
      "policy.limits[0]: Expected at least one of requests, connections, download, upload, budget, exchanges, open, found none",
      "policy.limits[0].burst: Expected requests or connections beside it, found neither",
    ],
  ],
  ...(["user", "host"] as const).map(
    (by) =>
      [
        `connections by ${by}, before it is known`,
        limits({ by, connections: "1/s" }),
        [`policy.limits[0].connections: Expected a limit by client or all, found one by ${by}`],
      ] as const,
  ),
  [
    "open connections of all, for which there is a setting",
    limits({ by: "all", open: 1 }),
    ["policy.limits[0].open: Expected a limit by client or user or host, found one by all"],
  ],
  [
    "a limit by rule that no rule names",
    limits({ by: "rule", requests: "1/s" }),
    ["policy.limits[0]: Expected a rule that names it, found none"],
  ],
  [
    "connections that a rule limits, before any request",
    {
      policy: {
        ...limits({ connections: "1/s", open: 1 }).policy,
        rules: [{ name: "r", action: "limit", limit: "a" }],
      },
    },
    [
      "policy.limits[0].connections: Expected a limit that no rule names, found policy.rules[0]",
      "policy.limits[0].open: Expected a limit that no rule names, found policy.rules[0]",
    ],
  ],
  [
    "connections of a user that a rule limits",
    {
      policy: {
        ...limits({ by: "user", open: 1 }).policy,
        rules: [{ name: "r", action: "limit", limit: "a" }],
      },
    },
    ["policy.limits[0].open: Expected a limit that no rule names, found policy.rules[0]"],
  ],
];

test.each(conflicts)("refuses %s", (_, input, problems) => {
  expect(parseConfig(input, {})).toEqual({ ok: false, problems: [...problems] });
});

function user(name: string): object {
  return { name, password: "p" };
}

function token(name: string): object {
  return { name, token: TOKEN };
}

function limits(limit: object): { policy: { limits: object[] } } {
  return { policy: { limits: [{ name: "a", ...limit }] } };
}
