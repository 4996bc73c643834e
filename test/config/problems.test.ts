/** What is said, word for word: a message is part of what a user sees. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what is read here
import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";

const ADDRESS = 'an IP address and a port such as "127.0.0.1:8888" or "[::1]:8888"';
const DURATION = 'a duration such as "250ms", "30s" or "5m", from 10ms to 24h';

// What it shows | the input | what is said.
const messages: readonly (readonly [string, unknown, readonly string[]])[] = [
  ["a list for the whole", [], ["the configuration: Expected a group of settings, found a list"]],
  ["a text for the whole", "workers", ['the configuration: Expected a group of settings, found "workers"']],
  ["a list for a section", { timeouts: [] }, ["timeouts: Expected a group of settings, found a list"]],
  ["a number for a section", { log: 5 }, ["log: Expected a group of settings, found 5"]],
  [
    "a section for a list",
    { listeners: {} },
    ["listeners: Expected a list of 1 to 64, found a group of settings"],
  ],
  ["no listener", { listeners: [] }, ["listeners: Expected a list of 1 to 64, found a list of 0"]],
  [
    "a listener without an address",
    { listeners: [{}] },
    [`listeners[0].address: Expected ${ADDRESS}, found nothing`],
  ],
  ["an empty listener", { listeners: [null] }, [`listeners[0].address: Expected ${ADDRESS}, found nothing`]],
  [
    "a listener that is text",
    { listeners: ["a"] },
    ['listeners[0]: Expected a group of settings, found "a"'],
  ],
  ["a number for a duration", { timeouts: { head: 10 } }, [`timeouts.head: Expected ${DURATION}, found 10`]],
  [
    "a duration too long",
    { timeouts: { head: "25h" } },
    [`timeouts.head: Expected ${DURATION}, found "25h"`],
  ],
  [
    "a size with a wrong unit",
    { limits: { headBytes: "32k" } },
    ['limits.headBytes: Expected a size such as "512B", "32KiB" or "10MB", from 1KiB to 1MiB, found "32k"'],
  ],
  [
    "a count too high",
    { limits: { dials: 65_536 } },
    ["limits.dials: Expected a whole number from 1 to 65535, found 65536"],
  ],
  ["a word or a count", { workers: 0 }, ['workers: Expected "auto" or a whole number from 1 to 64, found 0']],
  [
    "a word or an address",
    { admin: { address: false } },
    [`admin.address: Expected "off" or ${ADDRESS}, found false`],
  ],
  [
    "one of some words",
    { log: { format: "xml" } },
    ['log.format: Expected one of "auto", "json", "common", "pretty", found "xml"'],
  ],
  [
    "one of two words",
    { listeners: [{ address: "127.0.0.1:1", mode: "revers" }] },
    ['listeners[0].mode: Expected one of "forward", "reverse", found "revers"'],
  ],
  ["a truth", { log: { query: "no" } }, ['log.query: Expected true or false, found "no"']],
  [
    "a log that looks like a typo",
    { log: { access: "stdot" } },
    ['log.access: Expected "stdout", "off" or a path such as "/var/log/headgate.log", found "stdot"'],
  ],
  [
    "a range with bits set behind it",
    { listeners: [{ address: "127.0.0.1:1", clients: ["::1", "10.0.0.1/8"] }] },
    [
      'listeners[0].clients[1]: Expected an address or a range such as "10.0.0.0/8", with no bits set behind the prefix, found "10.0.0.1/8"',
    ],
  ],
  [
    "a long text, cut",
    { workers: "x".repeat(99) },
    [`workers: Expected "auto" or a whole number from 1 to 64, found "${"x".repeat(60)}…"`],
  ],
  [
    "control bytes, escaped",
    { via: { pseudonym: "a\r\n\u001b[31m" } },
    [
      'via.pseudonym: Expected 1 to 64 letters, digits or any of !#$%&\'*+-.^_`|~, found "a\\r\\n\\u001b[31m"',
    ],
  ],
  [
    "a token, never shown",
    { admin: { token: "secret" } },
    ["admin.token: Expected 16 to 512 visible ASCII characters, found a text of 6 characters"],
  ],
  [
    "a token of one character",
    { admin: { token: "s" } },
    ["admin.token: Expected 16 to 512 visible ASCII characters, found a text of 1 character"],
  ],
  [
    "a token that is a number, never shown",
    { admin: { token: 1234567890123456 } },
    ["admin.token: Expected 16 to 512 visible ASCII characters, found no text"],
  ],

  [
    "a pattern that RE2 can't read, and why",
    rule({ patterns: ["[a-z", "(?=a)"] }),
    [
      'policy.rules[0].patterns[0]: Missing closing ]: "[a-z"',
      'policy.rules[0].patterns[1]: Invalid or unsupported Perl syntax: "(?=": RE2 has no look-ahead and no look-behind',
    ],
  ],
  [
    "a hash of another kind, and what to do",
    { authentication: { users: [{ name: "ann", hash: "$apr1$abc$def" }] } },
    [
      `authentication.users[0].hash: $apr1$ (Apache's MD5) is not supported; make a bcrypt hash with "htpasswd -B"`,
    ],
  ],
  [
    "a field that no rule may change",
    rule({ action: "headers", request: { remove: ["Proxy-Authorization"] } }),
    [
      'policy.rules[0].request.remove[0]: Expected a field that rules may change, found "Proxy-Authorization", which frames the message or belongs to one hop',
    ],
  ],
  [
    "a range among hosts",
    rule({ hosts: ["a.example", "10.0.0.0/8"] }),
    ["policy.rules[0].hosts[1]: Expected a host, found a range, which belongs in addresses"],
  ],
  [
    "a star among hosts, and what to do",
    rule({ hosts: ["a.example", "*"] }),
    ['policy.rules[0].hosts[1]: Expected a host, found "*"; a rule for every host leaves hosts out'],
  ],
  [
    "a host that could be read as an address",
    rule({ hosts: ["0x7f.1"] }),
    [
      'policy.rules[0].hosts[0]: Expected a host such as "example.com", "*.example.com", ".example.com" or "192.0.2.1", found "0x7f.1"',
    ],
  ],
  [
    "settings of a rule at the wrong level",
    { hosts: [], policy: { rule: [] } },
    [
      'hosts: Unknown setting, did you mean "policy.rules[].hosts"?',
      'policy.rule: Unknown setting, did you mean "rules"?',
    ],
  ],
  ["a list for a map", { upstreams: [] }, ["upstreams: Expected a group of settings by name, found a list"]],
  [
    "a map with too many names",
    { upstreams: manyUpstreams(1_001) },
    ["upstreams: Expected at most 1000 names, found 1001"],
  ],
  [
    "a name that is none, and what is wrong behind it",
    { upstreams: { "a b": { endpoints: ["c"] } } },
    [
      'upstreams.a b: Expected a name of 1 to 64 letters, digits or any of ._-, a letter or digit first, found "a b"',
      'upstreams.a b.endpoints[0]: Expected a host and a port such as "192.0.2.1:8080", "[2001:db8::1]:80" or "app.example.com:8080", found "c"',
    ],
  ],
  [
    "an upstream that is empty",
    { upstreams: { a: null } },
    ["upstreams.a.endpoints: Expected a list of 1 to 256, found a list of 0"],
  ],
  [
    "a typo behind a name",
    { upstreams: { a: { endpoints: ["b:1"], endpoint: "c" } } },
    ['upstreams.a.endpoint: Unknown setting, did you mean "endpoints"?'],
  ],
  [
    "what belongs behind a name",
    { endpoints: ["b:1"] },
    ['endpoints: Unknown setting, did you mean "upstreams.NAME.endpoints"?'],
  ],
  [
    "a cache that is off in no word",
    { cache: { memory: 0 } },
    ['cache.memory: Expected "off" or a size such as "512B", "32KiB" or "10MB", from 1MiB to 4GiB, found 0'],
  ],
  ["a typo in a section's name", { listners: [] }, ['listners: Unknown setting, did you mean "listeners"?']],
  [
    "two neighbours swapped",
    { timeouts: { haed: "1s" } },
    ['timeouts.haed: Unknown setting, did you mean "head"?'],
  ],
  [
    "a name in the wrong case",
    { limits: { HeadBytes: "1KiB" } },
    ['limits.HeadBytes: Unknown setting, did you mean "headBytes"?'],
  ],
  [
    "a name in snake case",
    { limits: { head_bytes: "1KiB" } },
    ['limits.head_bytes: Unknown setting, did you mean "headBytes"?'],
  ],
  [
    "a name in the wrong section",
    { headBytes: "1KiB" },
    ['headBytes: Unknown setting, did you mean "limits.headBytes"?'],
  ],
  ["a name near to none", { zebra: 1 }, ["zebra: Unknown setting"]],
  [
    "a name that objects inherit",
    JSON.parse('{"constructor": 1, "__proto__": {}, "toString": 2}'),
    ["constructor: Unknown setting", "__proto__: Unknown setting", "toString: Unknown setting"],
  ],
  [
    "a name in a listener",
    { listeners: [{ address: "127.0.0.1:1", mod: "forward" }] },
    ['listeners[0].mod: Unknown setting, did you mean "mode"?'],
  ],
  [
    "every unknown name of a section",
    { pool: { a: 1, b: 2 } },
    ["pool.a: Unknown setting", "pool.b: Unknown setting"],
  ],
];

test.each(messages)("%s", (_, input, problems) => {
  expect(parseConfig(input, {})).toEqual({ ok: false, problems: [...problems] });
});

test("every problem is told at once, unknown names first, conflicts last", () => {
  const input = {
    listeners: [{ address: "0.0.0.0:80" }, { address: "nowhere" }],
    workers: 0,
    zebra: 1,
    admin: { token: "${TOKEN}" },
    timeouts: { idle: "5 min", head: "1h" },
    dns: { ttlMin: "6m" },
  };

  const parsed = parseConfig(input, {});

  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.split(":")[0])).toEqual([
    "admin.token",
    "zebra",
    "listeners[1].address",
    "workers",
    "timeouts.idle",
    "listeners[0].clients",
    "dns.ttlMin",
  ]);
});

function manyUpstreams(count: number): object {
  const upstream = { endpoints: ["b:1"] };
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`a${at}`, upstream]));
}

function rule(settings: object): object {
  return { policy: { rules: [{ name: "a", action: "deny", ...settings }] } };
}
