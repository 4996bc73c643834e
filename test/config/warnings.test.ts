import { expect, test } from "bun:test";
import { warningsOf } from "../../src/config/warnings.ts";
import { configOf } from "../runtime/configs.ts";

const NOW = Date.UTC(2030, 0, 1);
const TOKEN = "0123456789abcdef";
const LOOPS = "Without Via, a request that comes round through other proxies is not found to be in a loop";

// What it shows | the configuration | its warnings.
const rows: readonly (readonly [string, Readonly<Record<string, unknown>>, readonly string[]])[] = [
  ["all defaults", {}, []],
  [
    "a listener that lets everybody in from everywhere",
    { listeners: [{ address: "0.0.0.0:1", clients: ["10.0.0.0/8", "0.0.0.0/0"] }] },
    [openProxy("listeners[0].clients[1]", "0.0.0.0/0", "0.0.0.0:1")],
  ],
  [
    "listeners that do so by IPv6, in both of its spellings",
    {
      listeners: [
        { address: "[::]:1", clients: ["::/0"] },
        { address: "[::]:2", clients: ["::ffff:0:0/96"] },
      ],
    },
    [
      openProxy("listeners[0].clients[0]", "::/0", "[::]:1"),
      openProxy("listeners[1].clients[0]", "::ffff:0:0/96", "[::]:2"),
    ],
  ],
  [
    "a listener that does so, where who comes may log in or not",
    {
      listeners: [{ address: "0.0.0.0:1", clients: ["0.0.0.0/0"] }],
      authentication: { mode: "optional", htpasswd: "users" },
    },
    [openProxy("listeners[0].clients[0]", "0.0.0.0/0", "0.0.0.0:1")],
  ],
  [
    "a listener that does so, where everybody must log in",
    {
      listeners: [{ address: "0.0.0.0:1", clients: ["0.0.0.0/0"] }],
      authentication: { htpasswd: "users" },
    },
    [],
  ],
  [
    "listeners that only this machine can reach, or half of the others",
    {
      listeners: [
        { address: "127.0.0.1:1", clients: ["0.0.0.0/0"] },
        { address: "0.0.0.0:2", clients: ["0.0.0.0/1", "2000::/3"] },
      ],
    },
    [],
  ],
  [
    "a token that has just expired, and one that will",
    {
      authentication: {
        tokens: [
          { name: "old", token: TOKEN, expires: "2030-01-01T00:00:00Z" },
          { name: "new", token: TOKEN, expires: "2030-01-01T00:00:01Z" },
          { name: "ever", token: TOKEN },
        ],
      },
    },
    ['authentication.tokens[0]: "old" expired at 2030-01-01T00:00:00Z, and gets 407'],
  ],
  [
    "a log-in that nobody can do",
    {
      policy: {
        rules: [{ name: "a", action: "allow", users: ["*"] }],
        limits: [{ name: "b", by: "user", exchanges: 1 }],
      },
    },
    [
      "policy.rules[0]: It wants somebody who has logged in, and authentication has nobody who could",
      "policy.limits[0].by: It counts by user, and authentication has nobody who could log in",
    ],
  ],
  [
    "a log-in that somebody of a file can do",
    {
      authentication: { htpasswd: "users" },
      policy: { rules: [{ name: "a", action: "allow", users: ["*"] }] },
    },
    [],
  ],
  [
    "an audit",
    { policy: { mode: "audit" } },
    ["policy.mode: An audit lets everything pass, and only reports what it would deny"],
  ],
  [
    "a list over http, and one over https",
    {
      policy: {
        lists: [
          { name: "a", url: "HTTP://lists.example/" },
          { name: "b", url: "https://lists.example/" },
        ],
        rules: [{ name: "a", action: "deny", lists: ["a", "b"] }],
      },
    },
    [
      "policy.lists[0].url: Whoever is on the way can change a list that comes over http; https is safe from that",
    ],
  ],
  [
    "tunnels that are looked into nowhere",
    { policy: { tunnels: { sni: "enforce", ports: [] } } },
    ['policy.tunnels.ports: Without a port no tunnel is looked into, though policy.tunnels.sni is "enforce"'],
  ],
  [
    "a disk that nothing is stored on",
    { cache: { memory: "off", disk: { path: "/c", size: "1GiB" } } },
    ["cache.disk: Nothing is stored there, for cache.memory is off"],
  ],
  [
    "cookies that are shared by all servers, and by one",
    { cache: { rules: [{ hosts: ["a.example"], cookies: true }, { cookies: true }] } },
    [
      "cache.rules[1].cookies: Without hosts, what any server answers to one client's cookie is answered to others",
    ],
  ],
  [
    "routes that no listener has",
    { routes: [{ upstream: "web" }], upstreams: { web: { endpoints: ["a:1"] } } },
    ['routes: No request takes one, for no listener has the mode "reverse"'],
  ],
  [
    "an upstream that no route leads to",
    {
      listeners: [{ address: "127.0.0.1:1", mode: "reverse" }],
      routes: [{ upstream: "web" }],
      upstreams: { old: { endpoints: ["a:1"] }, web: { endpoints: ["a:1"] } },
    },
    ["upstreams.old: No route leads to it"],
  ],
  [
    "a reverse listener that everybody can reach, as a server is",
    {
      listeners: [{ address: "0.0.0.0:1", mode: "reverse", clients: ["0.0.0.0/0"] }],
      routes: [{ upstream: "web" }],
      upstreams: { web: { endpoints: ["a:1"] } },
    },
    [],
  ],
  ["no Via", { via: { mode: "off" } }, [`via.mode: ${LOOPS}`]],
  ["no Via for anonymous clients", { anonymous: { enabled: true } }, [`anonymous.enabled: ${LOOPS}`]],
  [
    "what the policy warns of itself",
    { policy: { lists: [{ name: "ads", file: "a" }] } },
    ['policy.lists[0]: No rule uses list "ads"'],
  ],
];

test.each(rows)("%s", (_, input, warnings) => {
  expect(warningsOf(configOf(input), NOW)).toEqual([...warnings]);
});

function openProxy(setting: string, range: string, listener: string): string {
  return `${setting}: ${range} is everybody who can reach ${listener}, and nobody has to log in: an open proxy`;
}
