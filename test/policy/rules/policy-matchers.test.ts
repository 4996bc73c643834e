/** One rule that denies, with one matcher: does it match, and what does its trace say? */
import { expect, test } from "bun:test";
import type { RequestFacts, TraceStep, User } from "../../../src/policy/decision.ts";
import type { RuleSpec } from "../../../src/policy/spec.ts";
import { ALICE, addressOf, BOB, hostList, policyOf, requestOf } from "./rules.ts";

const GET = "GET http://www.example.com/a/b?c";
const LISTS = { ads: hostList("ads.example"), nets: hostList("203.0.113.7", "listed.example") };

type Row = readonly [
  sentence: string,
  rule: Partial<RuleSpec>,
  line: string,
  verdict: "deny" | "allow",
  because: string,
  asked?: { client?: string; listener?: number; user?: User; facts?: Partial<RequestFacts> },
];

const rows: readonly Row[] = [
  ["nothing to match by matches everything", {}, GET, "deny", "it matches everything"],

  ["clients by address", { clients: ["192.0.2.1"] }, GET, "deny", "clients: 192.0.2.1"],
  ["clients by range", { clients: ["10.0.0.0/8", "192.0.2.0/24"] }, GET, "deny", "clients: 192.0.2.0/24"],
  ["another client", { clients: ["10.0.0.0/8"] }, GET, "allow", "clients: not 192.0.2.1"],
  [
    "an IPv6 client",
    { clients: ["2001:db8::/32"] },
    GET,
    "deny",
    "clients: 2001:db8::/32",
    { client: "2001:DB8::9" },
  ],
  ["IPv4 is not in ::/0", { clients: ["::/0"] }, GET, "allow", "clients: not 192.0.2.1"],
  [
    "a mapped client is an IPv4 client",
    { clients: ["10.0.0.0/8"] },
    GET,
    "deny",
    "clients: 10.0.0.0/8",
    { client: "::ffff:10.1.2.3" },
  ],

  ["a listener", { listeners: ["10.0.0.1:3128"] }, GET, "deny", "listeners: 10.0.0.1:3128", { listener: 1 }],
  ["another listener", { listeners: ["10.0.0.1:3128"] }, GET, "allow", "listeners: not 127.0.0.1:8888"],
  [
    "a listener that is unknown",
    { listeners: ["10.0.0.1:3128"] },
    GET,
    "allow",
    "listeners: not one of them",
    { listener: 7 },
  ],

  ["a user", { users: ["alice"] }, GET, "deny", "users: alice", { user: ALICE }],
  ["another user", { users: ["alice"] }, GET, "allow", "users: not bob", { user: BOB }],
  ["nobody", { users: ["alice"] }, GET, "allow", "users: nobody has logged in"],
  ["any user", { users: ["*"] }, GET, "deny", "users: *", { user: BOB }],
  ["a star is not nobody", { users: ["*"] }, GET, "allow", "users: nobody has logged in"],
  ["a group", { groups: ["x", "ops"] }, GET, "deny", "groups: ops", { user: ALICE }],
  ["another group", { groups: ["x"] }, GET, "allow", "groups: not alice", { user: ALICE }],
  ["no group", { groups: ["x"] }, GET, "allow", "groups: not bob", { user: BOB }],
  ["a group and nobody", { groups: ["x"] }, GET, "allow", "groups: nobody has logged in"],
  ["a star is no group", { groups: ["*"] }, GET, "allow", "groups: not alice", { user: ALICE }],
  [
    "users and groups are two matchers",
    { users: ["*"], groups: ["ops"] },
    GET,
    "allow",
    "groups: not bob",
    { user: BOB },
  ],

  ["http", { schemes: ["http"] }, GET, "deny", "schemes: http"],
  ["http is no tunnel", { schemes: ["tunnel", "https"] }, GET, "allow", "schemes: not http"],
  ["a tunnel", { schemes: ["tunnel"] }, "CONNECT a.example:22", "deny", "schemes: tunnel"],
  [
    "a tunnel to 443 is a tunnel",
    { schemes: ["tunnel"] },
    "CONNECT a.example:443",
    "deny",
    "schemes: tunnel",
  ],
  ["and https", { schemes: ["https"] }, "CONNECT a.example:443", "deny", "schemes: https"],
  [
    "a tunnel elsewhere is not https",
    { schemes: ["https"] },
    "CONNECT a.example:8443",
    "allow",
    "schemes: not tunnel",
  ],
  [
    "http to port 443 is not https",
    { schemes: ["https"] },
    "GET http://a.example:443/",
    "allow",
    "schemes: not http",
  ],
  ["a tunnel is not http", { schemes: ["http"] }, "CONNECT a.example:443", "allow", "schemes: not https"],

  ["a host", { hosts: ["a.example", "www.example.com"] }, GET, "deny", "hosts: www.example.com"],
  ["a host below", { hosts: ["*.example.com"] }, GET, "deny", "hosts: *.example.com"],
  ["a host and below", { hosts: [".example.com"] }, GET, "deny", "hosts: .example.com"],
  ["another host", { hosts: ["example.com"] }, GET, "allow", "hosts: not www.example.com"],
  [
    "a host with a dot at the end",
    { hosts: ["a.example"] },
    "GET http://a.example./",
    "deny",
    "hosts: a.example",
  ],
  [
    "an address as a host",
    { hosts: ["2001:db8::1"] },
    "GET http://[2001:DB8:0:0::1]/",
    "deny",
    "hosts: 2001:db8::1",
  ],
  [
    "a mapped address as a host",
    { hosts: ["192.0.2.9"] },
    "GET http://[::ffff:192.0.2.9]/",
    "deny",
    "hosts: 192.0.2.9",
  ],

  ["a list", { lists: ["nets", "ads"] }, "GET http://ads.example/", "deny", "lists: ads"],
  ["a host in no list", { lists: ["ads"] }, GET, "allow", "lists: not www.example.com"],
  [
    "a host in a list or a rule: in the list",
    { hosts: ["x.example"], lists: ["ads"] },
    "GET http://ads.example/",
    "deny",
    "lists: ads",
  ],
  [
    "a host in a list or a rule: in the rule",
    { hosts: ["x.example"], lists: ["ads"] },
    "GET http://x.example/",
    "deny",
    "hosts: x.example",
  ],
  ["a host in neither", { hosts: ["x.example"], lists: ["ads"] }, GET, "allow", "hosts: not www.example.com"],
  ["an address in a list", { lists: ["nets"] }, "GET http://203.0.113.7/", "deny", "lists: nets"],
  [
    "an address in a list, through NAT64",
    { lists: ["nets"] },
    "GET http://[64:ff9b::203.0.113.7]/",
    "deny",
    "lists: nets",
  ],
  [
    "an address in no list",
    { lists: ["nets"] },
    "GET http://203.0.113.8/",
    "allow",
    "lists: not 203.0.113.8",
  ],
  ["a list that is not there", { lists: ["gone"] }, GET, "allow", "lists: not www.example.com"],

  ["a port", { ports: [{ from: 80, to: 80 }] }, GET, "deny", "ports: 80"],
  [
    "a range of ports",
    {
      ports: [
        { from: 22, to: 22 },
        { from: 8000, to: 8999 },
      ],
    },
    "GET http://a.example:8999/",
    "deny",
    "ports: 8000-8999",
  ],
  [
    "another port",
    { ports: [{ from: 8000, to: 8999 }] },
    "GET http://a.example:9000/",
    "allow",
    "ports: not 9000",
  ],

  ["a method", { methods: ["POST", "GET"] }, GET, "deny", "methods: GET"],
  ["another method", { methods: ["POST"] }, GET, "allow", "methods: not GET"],
  ["a method of a rule in another case", { methods: ["get"] }, GET, "deny", "methods: get"],
  [
    "a method of a request in another case",
    { methods: ["GET"] },
    GET.replace("GET", "get"),
    "deny",
    "methods: GET",
  ],
  [
    "a method in a mixture of cases",
    { methods: ["Post"] },
    GET.replace("GET", "pOST"),
    "deny",
    "methods: Post",
  ],
  ["CONNECT", { methods: ["CONNECT"] }, "CONNECT a.example:443", "deny", "methods: CONNECT"],

  ["a path", { paths: ["/x", "/a/*"] }, GET, "deny", "paths: /a/*"],
  ["a path without its query", { paths: ["/a/b"] }, GET, "deny", "paths: /a/b"],
  ["another path", { paths: ["/b"] }, GET, "allow", "paths: not /a/b"],
  [
    "a path in another spelling",
    { paths: ["/admin/*"] },
    "GET http://a.example/x/..//%61dmin%2Fy",
    "deny",
    "paths: /admin/*",
  ],
  [
    "a glob in another spelling",
    { paths: ["/a%20b"] },
    "GET http://a.example/a%20b",
    "deny",
    "paths: /a%20b",
  ],
  [
    "a path with two readings",
    { paths: ["/admin/*"] },
    "GET http://a.example/x%2F..%2Fy",
    "deny",
    "paths: the path can be read in two ways",
  ],
  [
    "a path of a tunnel",
    { paths: ["*"] },
    "CONNECT a.example:443",
    "allow",
    "a tunnel shows no path and no content",
  ],

  ["a pattern", { patterns: ["^/x", "b\\?c$"] }, GET, "deny", "patterns: b\\?c$"],
  ["another pattern", { patterns: ["^/b"] }, GET, "allow", "patterns: not /a/b?c"],
  [
    "a pattern in a query in another spelling",
    { patterns: ["[?&]key="] },
    "GET http://a.example/?%6bey=1",
    "deny",
    "patterns: [?&]key=",
  ],
  [
    "a pattern and a path with two readings",
    { patterns: ["^/admin"] },
    "GET http://a.example/x/..;/y",
    "deny",
    "patterns: the path can be read in two ways",
  ],
  [
    "a pattern of a tunnel",
    { patterns: [".*"] },
    "CONNECT a.example:443",
    "allow",
    "a tunnel shows no path and no content",
  ],

  [
    "a header",
    { headers: [{ name: "x-env", value: "Prod*" }] },
    GET,
    "deny",
    "headers: x-env: Prod*",
    { facts: { fieldLines: "X-Env: production\r\n" } },
  ],
  [
    "one header of two",
    {
      headers: [
        { name: "a", value: undefined },
        { name: "b", value: undefined },
      ],
    },
    GET,
    "deny",
    "headers: b",
    { facts: { fieldLines: "B: 1\r\n" } },
  ],
  [
    "no such header",
    { headers: [{ name: "x-env", value: undefined }] },
    GET,
    "allow",
    "headers: the request has no such field",
  ],
  [
    "a header of a CONNECT",
    { headers: [{ name: "x-env", value: undefined }] },
    "CONNECT a.example:443",
    "deny",
    "headers: x-env",
    { facts: { fieldLines: "x-env: 1\r\n" } },
  ],

  [
    "a time",
    { times: [{ days: ["thu"], from: 0, to: 60, zone: "UTC" }] },
    GET,
    "deny",
    "times: thu 00:00-01:00 UTC",
  ],
  [
    "another time",
    { times: [{ days: ["fri"], from: 0, to: 60, zone: "UTC" }] },
    GET,
    "allow",
    "times: not now",
  ],

  [
    "several matchers, all of them",
    { methods: ["GET"], hosts: [".com"], paths: ["/a/*"] },
    GET,
    "deny",
    "hosts: .com; methods: GET; paths: /a/*",
  ],
  [
    "several matchers, one of them not",
    { methods: ["GET"], hosts: [".com"], paths: ["/b/*"] },
    GET,
    "allow",
    "paths: not /a/b",
  ],
];

test.each(rows.map((row) => [...row] as const))("%s", (_, rule, line, verdict, because, asked = {}) => {
  const policy = policyOf([{ name: "the rule", ...rule }], { hostLists: LISTS });
  const who = policy.who(addressOf(asked.client ?? "192.0.2.1"), asked.listener ?? 0, asked.user);
  const request = requestOf(line, asked.facts);
  const trace: TraceStep[] = [];

  const decision = policy.decide(who, request, trace);

  expect(trace[0]).toEqual({
    rule: "the rule",
    action: "deny",
    outcome: verdict === "deny" ? "decided" : "did_not_match",
    because,
  });
  expect(decision).toMatchObject({ verdict, rule: verdict === "deny" ? "the rule" : "default" });
  expect(policy.decide(who, request)).toEqual(decision);
});

// What allows must hold for every reading of a path and a query, and what refuses for one of them.
const readings = [
  ["allow", { paths: ["/pub/*"] }, "/pub/x", true],
  ["allow", { paths: ["/pub/*"] }, "/pub%2Fx", true],
  ["allow", { paths: ["/*"] }, "/a%2F..%2Fb", false],
  ["allow", { patterns: ["."] }, "/a/..;/b", false],
  ["allow", { patterns: ["[?&]ok=1"] }, "/?a=1%26ok=1", false],
  ["allow", { patterns: ["[?&]ok=1"] }, "/?ok=1&b=%20", true],
  ["deny", { patterns: ["[?&]no=1"] }, "/?a=1%26no=1", true],
  ["deny", { patterns: ["%26"] }, "/?a=1%26no=1", true],
  ["reset", { paths: ["/x"] }, "/a%2F..%2Fb", true],
  ["redirect", { paths: ["/x"], redirect: { to: "http://b.example/", status: 302 } }, "/a%2F..%2Fb", true],
  ["tag", { paths: ["/x"], tags: ["t"] }, "/a%2F..%2Fb", false],
  ["tag", { paths: ["/b"], tags: ["t"] }, "/a%2F..%2Fb", true],
] as const;

test.each(readings)("%s by %o and the path %s: matches %p", (action, rule, path, matches) => {
  const policy = policyOf([{ name: "the rule", action, ...rule }], { default: "deny" });

  const decision = policy.decide(
    policy.who(addressOf("192.0.2.1"), 0, undefined),
    requestOf(`GET http://a.example${path}`),
  );

  const took = decision.rule === "the rule" || decision.effects !== undefined;
  expect(took).toBe(matches);
});
