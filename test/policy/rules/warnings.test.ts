import { expect, test } from "bun:test";
import { warnAbout } from "../../../src/policy/rules/warnings.ts";
import type { LimitSpec, ListSpec, PolicySpec, RuleSpec } from "../../../src/policy/spec.ts";
import { policySpec } from "./rules.ts";

const SNI = `policy.tunnels.sni: "log" lets a tunnel to a host that a rule allows carry TLS for another; "enforce" does not`;
const PATHS = `policy.rules[0].paths: A tunnel (https) does not show its path, so this rule matches plain http alone; "schemes: [http]" says that this is meant`;

const REWRITE = PATHS.replace("paths", "action").replace("its path", "what rewrite works on");
const BY_ADDRESS = `policy.rules[0].hosts[2]: A name that leads to ADDRESS is not matched by it; a rule with "addresses" in place of "hosts" matches both`;

const rewrite = { host: "b.example", pathPrefix: undefined, pattern: undefined, query: undefined };
const redirect = { to: "http://b.example/", status: 302 } as const;

const rules = [
  ["paths, which a tunnel does not show", [{ paths: ["/a"] }], [PATHS]],
  ["patterns, which a tunnel does not show", [{ patterns: ["a"] }], [PATHS.replace("paths", "patterns")]],
  ["paths of http, which is meant", [{ paths: ["/a"], schemes: ["http"] }], []],
  [
    "paths of tunnels alone",
    [{ paths: ["/a"], schemes: ["tunnel", "https"] }],
    ["policy.rules[0].paths: A tunnel does not show its path, so this rule never matches"],
  ],
  ["a rewrite of anything, tunnels too", [{ action: "rewrite", rewrite, hosts: ["a.example"] }], [REWRITE]],
  ["a rewrite of http, which is meant", [{ action: "rewrite", rewrite, schemes: ["http"] }], []],
  [
    "a rewrite of tunnels alone",
    [{ action: "rewrite", rewrite, schemes: ["https"] }],
    ["policy.rules[0].action: A tunnel does not show what rewrite works on, so this rule never matches"],
  ],
  ["a rewrite of tunnels, too", [{ action: "rewrite", rewrite, schemes: ["https", "http"] }], [REWRITE]],
  [
    "a redirect of tunnels alone",
    [{ action: "redirect", redirect, schemes: ["tunnel"], hosts: ["a.b"] }],
    ["policy.rules[0].action: A tunnel can't be redirected, so this rule denies"],
  ],
  ["a redirect of both", [{ action: "redirect", redirect, hosts: ["a.b"] }], []],
  [
    "a rule behind one that matches everything",
    [{ action: "tag", tags: ["a"] }, { name: "all" }, { methods: ["GET"] }],
    [`policy.rules[2]: It is never reached, for rule "all" matches everything`],
  ],
  [
    "a rule behind one that matches nearly everything",
    [{ clients: ["0.0.0.0/0"] }, { methods: ["GET"] }],
    [],
  ],
  [
    "a glob without a slash",
    [{ paths: ["api/*"], schemes: ["http"] }],
    [`policy.rules[0].paths[0]: "api/*" matches nothing, for a path begins with "/"`],
  ],
  [
    "a glob with a query",
    [{ paths: ["/ok", "/a?b=*"], schemes: ["http"] }],
    [
      `policy.rules[0].paths[1]: "/a?b=*" matches nothing, for it is compared without the query; "patterns" see that`,
    ],
  ],
  [
    "a glob with two slashes",
    [{ paths: ["*//a"], schemes: ["http"] }],
    [`policy.rules[0].paths[0]: "*//a" matches nothing, for slashes in a row are seen as one`],
  ],
  [
    "a glob with dots",
    [{ paths: ["/a/../b"], schemes: ["http"] }],
    [`policy.rules[0].paths[0]: "/a/../b" matches nothing, for dots in a path are resolved`],
  ],
  ["globs with names of dots", [{ paths: ["/.git/*", "/...", "*.exe"], schemes: ["http"] }], []],
  ["a method in small letters, which is compared without case", [{ methods: ["GET", "post"] }], []],
  [
    "leave for metadata by host",
    [{ action: "allow", hosts: ["a.example", "169.254.169.254"] }],
    [
      `policy.rules[0].hosts[1]: 169.254.169.254 is refused all the same, as a metadata address; "addresses" opens it`,
    ],
  ],
  [
    "leave for a private address by host, which is up to the listener",
    [{ action: "allow", hosts: ["10.0.0.1"] }],
    [],
  ],
  ["a denial of metadata", [{ hosts: ["169.254.169.254"] }], []],
  [
    "a denial of an address by host, which names that lead there pass",
    [{ hosts: ["a.example", "198.18.0.1", "8.8.8.8"] }],
    [BY_ADDRESS.replace("ADDRESS", "8.8.8.8")],
  ],
  [
    "a reset of several addresses by host, told once",
    [{ action: "reset", hosts: ["a.example", "b.example", "10.0.0.1", "2606:4700::1111"] }],
    [BY_ADDRESS.replace("ADDRESS", "10.0.0.1, or to 1 more of these")],
  ],
  ["a denial of an address by host and address", [{ hosts: ["8.8.8.8"], addresses: ["8.8.8.8"] }], []],
  ["leave for an address by host", [{ action: "allow", hosts: ["8.8.8.8"] }], []],
] satisfies readonly (readonly [string, readonly Partial<RuleSpec>[], readonly string[]])[];

test.each(rules)("of %s", (_, given, warnings) => {
  expect(warnAbout(policySpec(given))).toEqual([...warnings]);
});

const policies = [
  [
    "a list that nobody uses",
    { lists: [list("ads"), list("nets")] },
    [`policy.lists[1]: No rule uses list "nets"`],
  ],
  [
    "a limit by rule that no rule names",
    { limits: [limit("a", "rule"), limit("b", "rule")] },
    [`policy.limits[1]: It counts by rule, and no rule names limit "b"`],
  ],
  ["a limit by client that no rule names, which holds for all", { limits: [limit("b", "client")] }, []],
  ["tunnels to names that are not looked at", { default: "deny" }, [SNI]],
  ["tunnels to names that are enforced", { default: "deny", tunnels: tunnels("enforce") }, []],
] satisfies readonly (readonly [string, Partial<PolicySpec>, readonly string[]])[];

test.each(policies)("of %s", (_, rest, warnings) => {
  const given: Partial<RuleSpec>[] = [
    { action: "limit", limit: "a" },
    { action: "allow", hosts: ["a.example"], lists: ["ads"] },
  ];

  expect(warnAbout(policySpec(given, { lists: [list("ads")], ...rest }))).toEqual([...warnings]);
});

const closed = [
  ["plain http alone", { action: "allow", hosts: ["a.example"], schemes: ["http"] }],
  ["everything, whatever its name", { action: "allow", ports: [{ from: 443, to: 443 }] }],
  ["nothing", { action: "deny", hosts: ["a.example"] }],
] satisfies readonly (readonly [string, Partial<RuleSpec>])[];

test.each(closed)("none of tunnels when a rule allows %s", (_, rule) => {
  expect(warnAbout(policySpec([rule], { default: "deny" }))).toEqual([]);
});

test("none of nothing", () => {
  expect(warnAbout(policySpec([]))).toEqual([]);
});

function list(name: string): ListSpec {
  return { name, file: "list.txt", url: undefined, interval: 1_000, optional: false };
}

function limit(name: string, by: LimitSpec["by"]): LimitSpec {
  return {
    name,
    by,
    requests: { count: 1, per: 1_000 },
    connections: undefined,
    burst: undefined,
    download: undefined,
    upload: undefined,
    budget: undefined,
    exchanges: undefined,
    open: undefined,
  };
}

function tunnels(sni: PolicySpec["tunnels"]["sni"]): PolicySpec["tunnels"] {
  return { ...policySpec([]).tunnels, sni };
}
