import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";

const LAN = ["10.0.0.0/8"];
const TOKEN = "0123456789abcdef";

const sound: readonly (readonly [string, unknown])[] = [
  [
    "a listener on loopback needs no clients",
    { listeners: [{ address: "127.9.9.9:1" }, { address: "[::1]:1" }] },
  ],
  ["a public listener with clients", { listeners: [{ address: "0.0.0.0:80", clients: LAN }] }],
  [
    "a public listener whose clients must log in",
    { listeners: [{ address: "0.0.0.0:80" }], authentication: { htpasswd: "users" } },
  ],
  ["any free port, twice", { listeners: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:0" }] }],
  ["one port at two addresses", { listeners: [{ address: "127.0.0.1:1" }, { address: "127.0.0.2:1" }] }],
  [
    "every address and one of them, each with its clients",
    { listeners: [{ address: "0.0.0.0:1", clients: LAN }, { address: "127.0.0.1:1" }] },
  ],
  ["a public status port with a token", { admin: { address: "0.0.0.0:1", token: TOKEN } }],
  ["a status port that is off", { listeners: [{ address: "127.0.0.1:8889" }], admin: { address: "off" } }],
  ["any free port for both", { listeners: [{ address: "127.0.0.1:0" }], admin: { address: "127.0.0.1:0" } }],
  ["a name is remembered for just one time", { dns: { ttlMin: "5m" } }],
  ["anonymous clients that are hidden anyway", { anonymous: { enabled: true }, forwarded: "hide" }],
  ["what is told of clients while they are not anonymous", { forwarded: "append", via: { mode: "on" } }],
];

test.each(sound)("%s", (_, input) => {
  expect(parseConfig(input, {})).toMatchObject({ ok: true });
});

const conflicts: readonly (readonly [string, unknown, readonly string[]])[] = [
  [
    "an open proxy on every address",
    { listeners: [{ address: "0.0.0.0:80" }] },
    [
      'listeners[0].clients: Expected at least one range such as "10.0.0.0/8", or users who must log in, for other machines can reach 0.0.0.0:80, found none',
    ],
  ],
  [
    "an open proxy on one public address",
    { listeners: [{ address: "127.0.0.1:80" }, { address: "[2001:db8::1]:80", clients: [] }] },
    [
      'listeners[1].clients: Expected at least one range such as "10.0.0.0/8", or users who must log in, for other machines can reach [2001:db8::1]:80, found none',
    ],
  ],
  [
    "two listeners in one place",
    { listeners: [{ address: "127.0.0.1:1" }, { address: "127.0.0.1:2" }, { address: "localhost:1" }] },
    ["listeners[2].address: Expected another address or port, found that of listeners[0]"],
  ],
  [
    "two listeners in one place, spelled apart",
    { listeners: [{ address: "[::ffff:127.0.0.1]:1" }, { address: "127.0.0.1:1" }] },
    ["listeners[1].address: Expected another address or port, found that of listeners[0]"],
  ],
  [
    "a public status port without a token",
    { admin: { address: "192.0.2.1:8889" } },
    ["admin.token: Expected a token, for other machines can reach 192.0.2.1:8889, found nothing"],
  ],
  [
    "a status port in a listener's place",
    { listeners: [{ address: "127.0.0.1:1" }, { address: "[::1]:8889" }], admin: { address: "[::1]:8889" } },
    ["admin.address: Expected another address or port, found that of listeners[1]"],
  ],
  [
    "a status port under a listener on every address",
    { listeners: [{ address: "0.0.0.0:8889", clients: LAN }] },
    ["admin.address: Expected another address or port, found that of listeners[0]"],
  ],
  [
    "a status port over a listener on one address",
    { listeners: [{ address: "127.0.0.1:1" }], admin: { address: "[::]:1", token: TOKEN } },
    ["admin.address: Expected another address or port, found that of listeners[0]"],
  ],
  [
    "the least above the most",
    { dns: { ttlMin: "90s", ttlMax: "1m" } },
    ["dns.ttlMin: Expected no more than dns.ttlMax, which is 1m, found 90s"],
  ],
  [
    "an open proxy, for to log in is optional",
    {
      listeners: [{ address: "0.0.0.0:80" }],
      authentication: { mode: "optional", users: [{ name: "ann", password: "p" }] },
    },
    [
      'listeners[0].clients: Expected at least one range such as "10.0.0.0/8", or users who must log in, for other machines can reach 0.0.0.0:80, found none',
    ],
  ],
  [
    "an open proxy, for nobody could log in",
    { listeners: [{ address: "0.0.0.0:80" }], authentication: { groups: [{ name: "staff" }] } },
    [
      'listeners[0].clients: Expected at least one range such as "10.0.0.0/8", or users who must log in, for other machines can reach 0.0.0.0:80, found none',
    ],
  ],
  [
    "to tell of anonymous clients",
    { anonymous: { enabled: true }, forwarded: "append", via: { mode: "on" } },
    [
      'forwarded: Expected "pass" or "hide", for anonymous.enabled hides clients, found "append"',
      'via.mode: Expected "pseudonym" or "off", for anonymous.enabled turns it off, found "on"',
    ],
  ],
];

test.each(conflicts)("refuses %s", (_, input, problems) => {
  expect(parseConfig(input, {})).toEqual({ ok: false, problems: [...problems] });
});

test("somebody who can't be read may be one who could log in", () => {
  const parsed = parseConfig(
    { listeners: [{ address: "0.0.0.0:80" }], authentication: { users: [{ name: "ann", password: 1 }] } },
    {},
  );

  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.split(":")[0])).toEqual([
    "authentication.users[0].password",
  ]);
});

test("what can't be read conflicts with nothing", () => {
  const parsed = parseConfig(
    { listeners: [{ address: 1 }, { address: "127.0.0.1:8889" }], admin: { token: 1 } },
    {},
  );

  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.split(":")[0])).toEqual([
    "listeners[0].address",
    "admin.token",
  ]);
});
