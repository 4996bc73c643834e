import { describe, expect, test } from "bun:test";
import { accountsOf } from "../../src/credentials/accounts.ts";
import type { Resolution } from "../../src/net/resolve.ts";
import { type Explanation, explainQuestion } from "../../src/runtime/explain.ts";
import { configOf } from "./configs.ts";

type Input = Readonly<Record<string, unknown>>;

const PUBLIC = { listeners: [{ address: "0.0.0.0:8888", clients: ["10.0.0.0/8"] }] };
const USERS = { users: [{ name: "alice", password: "hush-hush", groups: ["dev"] }] };
const TOKENS = { tokens: [{ name: "old", token: "hush-hush-hush-hush", expires: "2020-01-01T00:00:00Z" }] };

const names: Readonly<Record<string, readonly string[]>> = {
  "public.example": ["1.0.2.1"],
  "private.example": ["10.1.2.3"],
  "mixed.example": ["10.1.2.3", "1.0.2.1"],
  "metadata.example": ["169.254.169.254"],
  "ours.example": ["10.1.2.3", "127.0.0.1"],
};

// Each row: what it shows | the config | the question | the verdict, the rule that decides, and the beginning of why.
const verdicts: readonly (readonly [string, Input, Input, string, string | undefined, string])[] = [
  ["the default allows", {}, {}, "allow", "default", "no rule decides, and the default allows it"],
  [
    "the default denies",
    policy({ default: "deny" }),
    {},
    "deny",
    "default",
    "no rule decides, and the default denies",
  ],
  ["a rule allows", deny(allow({ hosts: [".example"] })), {}, "allow", "yes", 'rule "yes" allows it'],
  ["a rule denies", rules({ name: "no", action: "deny" }), {}, "deny", "no", 'rule "no" denies it'],
  ["a rule resets", rules({ name: "no", action: "reset" }), {}, "reset", "no", 'rule "no" cuts it off'],
  [
    "a rule redirects",
    rules({ name: "to", action: "redirect", redirect: { to: "https://b.example{path}", status: 307 } }),
    { url: "http://a.example/x?token=hush" },
    "redirect",
    "to",
    'rule "to" redirects it to https://b.example/x?token=*** (307)',
  ],
  [
    "an audit lets it pass",
    policy({ mode: "audit", rules: [{ name: "no", action: "deny" }] }),
    {},
    "allow",
    "no",
    'rule "no" would refuse it, but an audit lets it pass',
  ],
  [
    "a stranger to the listener",
    PUBLIC,
    {},
    "reset",
    undefined,
    "127.0.0.1 is not among the listener's clients",
  ],
  [
    "somebody has to log in",
    { authentication: USERS },
    {},
    "log-in",
    undefined,
    "authentication is required",
  ],
  ["somebody has", { authentication: USERS }, { user: "alice" }, "allow", "default", "no rule decides"],
  [
    "credentials that have expired",
    { authentication: { ...USERS, ...TOKENS } },
    { user: "old" },
    "log-in",
    undefined,
    'the credentials of "old" have expired',
  ],
  [
    "a rule that wants somebody",
    { authentication: { ...USERS, mode: "optional" }, ...deny(allow({ groups: ["dev"] })) },
    {},
    "log-in",
    "default",
    "no rule decides, and the default denies it; somebody who has logged in may be allowed",
  ],
  [
    "an extension that is refused",
    rules({ name: "exe", action: "content", content: { extensions: ["exe"] } }),
    { url: "http://public.example/a.EXE" },
    "deny",
    "exe",
    'rule "exe" refuses its content:',
  ],
  [
    "the same in an audit",
    policy({ mode: "audit", rules: [{ name: "exe", action: "content", content: { extensions: ["exe"] } }] }),
    { url: "http://public.example/a.exe" },
    "allow",
    "exe",
    'rule "exe" would refuse its content',
  ],
  [
    "a private address from this machine",
    {},
    { url: "http://private.example/" },
    "allow",
    "default",
    "no rule",
  ],
  [
    "a private address from another",
    PUBLIC,
    { url: "http://private.example/", client: "10.0.0.9" },
    "deny",
    "addresses",
    "10.1.2.3 is refused unless a rule allows it by address (private address, RFC 1918)",
  ],
  [
    "a private address that a rule opens",
    { ...PUBLIC, ...rules({ name: "lan", action: "allow", addresses: ["10.0.0.0/8"] }) },
    { url: "http://private.example/", client: "10.0.0.9" },
    "allow",
    "lan",
    'rule "lan" allows it (private address, RFC 1918)',
  ],
  [
    "an address that a rule denies",
    rules({ name: "no-lan", action: "deny", addresses: ["10.0.0.0/8"] }),
    { url: "http://private.example/" },
    "deny",
    "no-lan",
    'rule "no-lan" denies it',
  ],
  [
    "metadata, wherever from",
    rules({ name: "all", action: "allow", addresses: ["0.0.0.0/0"] }),
    { url: "http://metadata.example/" },
    "deny",
    "addresses",
    "169.254.169.254 is refused unless",
  ],
  ["the proxy itself", {}, { url: "http://ours.example:8888/" }, "allow", "default", "no rule decides"],
  ["nothing but itself", {}, { url: "127.0.0.1:8888" }, "deny", undefined, "127.0.0.1 is this proxy itself"],
  ["a host without an address", {}, { url: "http://none.example/" }, "allow", "default", "no rule decides"],
  [
    "a host without an address that a rule wants",
    rules({ name: "no-lan", action: "deny", addresses: ["10.0.0.0/8"] }),
    { url: "http://none.example/" },
    "unknown",
    "no-lan",
    'rule "no-lan" decides by what the host resolves to',
  ],
];

test.each(verdicts)("%s", async (_, config, question, verdict, rule, because) => {
  const explanation = await explain(config, question);

  expect([explanation.verdict, explanation.rule]).toEqual([verdict as "allow", rule]);
  expect(explanation.because).toStartWith(because);
  expect(explanation.wouldDeny).toBe(because.includes("would refuse"));
});

describe("addresses", () => {
  test("are judged one by one, and one that passes is enough", async () => {
    const explanation = await explain(PUBLIC, { url: "http://mixed.example/", client: "10.0.0.9" });

    expect(explanation.verdict).toBe("allow");
    expect(explanation.addresses).toMatchObject([
      {
        address: "10.1.2.3",
        verdict: "deny",
        special: { kind: "private", range: "10.0.0.0/8", source: "RFC 1918" },
      },
      { address: "1.0.2.1", verdict: "allow", because: "it is no special-purpose address" },
    ]);
  });

  test("come with the rules that waited for them", async () => {
    const config = rules({ name: "no-lan", action: "deny", addresses: ["10.0.0.0/8"] });
    const { steps, addresses } = await explain(config, { url: "http://mixed.example/" });

    expect(steps.map(({ rule, outcome }) => `${rule} ${outcome}`)).toEqual(["no-lan waits_for_address"]);
    expect(addresses.map(({ verdict, rule }) => `${verdict} ${rule}`)).toEqual([
      "deny no-lan",
      "allow default",
    ]);
    expect(addresses[0]?.steps.map(({ outcome }) => outcome)).toEqual(["decided"]);
  });

  test("are not looked up for what is refused anyway", async () => {
    let lookups = 0;
    const resolve = async (): Promise<Resolution> => {
      lookups += 1;
      return { ok: true, addresses: ["1.0.2.1"] };
    };
    await explain(policy({ default: "deny" }), {}, resolve);

    expect(lookups).toBe(0);
  });

  test("are those of the host that a rewrite leads to", async () => {
    const rewrite = {
      name: "turn",
      action: "rewrite",
      hosts: ["a.example"],
      rewrite: { host: "private.example:81" },
    };
    const { addresses, effects } = await explain(rules(rewrite), {});

    expect(addresses.map(({ address }) => address)).toEqual(["10.1.2.3"]);
    expect(effects?.target).toBe("http://private.example:81/");
  });

  test("of an audit that would be refused are told of", async () => {
    const config = policy({
      mode: "audit",
      rules: [{ name: "no-lan", action: "deny", addresses: ["10.0.0.0/8"] }],
    });

    expect(await explain(config, { url: "http://private.example/" })).toMatchObject({
      verdict: "allow",
      wouldDeny: true,
    });
    expect(await explain(config, { url: "http://public.example/" })).toMatchObject({
      verdict: "allow",
      wouldDeny: false,
    });
  });

  test("that are missing are no reason to refuse", async () => {
    const { unresolved, addresses } = await explain({}, { url: "http://none.example/" });

    expect([unresolved, addresses]).toEqual(["none.example does not resolve now (ENOTFOUND)", []]);
  });
});

test("effects are told, and no secret with them", async () => {
  const set = [
    { name: "X-Api-Key", value: "hush-hush" },
    { name: "X-Env", value: "ci" },
  ];
  const explanation = await explain(
    policy({
      limits: [{ name: "slow", by: "client", requests: "1/s" }],
      rules: [
        {
          name: "key",
          action: "rewrite",
          rewrite: { query: { set: [{ name: "token", value: "hush-hush" }] } },
        },
        { name: "ci", action: "tag", tags: ["ci", "build"] },
        { name: "slowly", action: "limit", limit: "slow" },
        { name: "fields", action: "headers", request: { set, remove: ["Cookie"] } },
      ],
    }),
    { url: "http://public.example/a" },
  );

  expect(explanation.effects).toMatchObject({
    target: "http://public.example/a?token=***",
    tags: ["ci", "build"],
    limits: [{ limit: "slow", rule: "slowly" }],
    request: [{ remove: ["Cookie"], set: [{ name: "X-Api-Key", value: "***" }, { value: "ci" }] }],
  });
  expect(JSON.stringify(explanation)).not.toContain("hush");
});

// What it shows | the config | the question | a part of the note.
const notes = [
  ["an audit", policy({ mode: "audit" }), {}, "An audit (policy.mode) reports"],
  ["a user where nobody can log in", {}, { user: "bob" }, 'nobody can log in as "bob"'],
  ["a tunnel", {}, { url: "a.example:22" }, "A tunnel shows neither path nor method nor content"],
  [
    "a tunnel that is looked into",
    policy({ tunnels: { sni: "enforce" } }),
    { url: "https://a.example" },
    "must ask for a.example",
  ],
  [
    "a tunnel whose name is logged",
    policy({ tunnels: { sni: "log" } }),
    { url: "https://a.example" },
    "is logged",
  ],
  [
    "rules with headers",
    rules({ name: "x", action: "deny", headers: [{ name: "X-A" }] }),
    {},
    "has no header fields",
  ],
  ["limits", policy({ limits: [{ name: "l", by: "all", requests: "1/s" }] }), {}, "Limits and bans"],
] as const;

test.each(notes)("what is left open is noted: %s", async (_, config, question, note) => {
  expect((await explain(config, question)).notes.join()).toContain(note);
});

test("an ordinary answer leaves nothing open", async () => {
  expect((await explain({}, {})).notes).toEqual([]);
});

test("a question with mistakes is answered by them", async () => {
  const answer = await explainQuestion({ url: "" }, configOf({}), nothing(), async () => found([]));

  expect(answer).toEqual({ ok: false, problems: ["url: Expected a URL"] });
});

function policy(input: Input): Input {
  return { policy: input };
}

function rules(...given: Input[]): Input {
  return policy({ rules: given });
}

function deny(...given: Input[]): Input {
  return policy({ default: "deny", rules: given });
}

function allow(matchers: Input): Input {
  return { name: "yes", action: "allow", ...matchers };
}

function nothing() {
  return { lists: new Map(), accounts: [], own: { listening: [], interfaces: [] } };
}

function found(addresses: readonly string[]): Resolution {
  return addresses.length > 0
    ? { ok: true, addresses }
    : { ok: false, failure: "dns_error", detail: "ENOTFOUND" };
}

/** Of `http://a.example/`, which resolves, unless the question says otherwise. */
async function explain(input: Input, question: Input, resolve = resolveNames): Promise<Explanation> {
  const config = configOf(input);
  const using = {
    ...nothing(),
    accounts: accountsOf(config.authentication),
    own: { listening: config.listeners.map(({ address }) => address), interfaces: [] },
  };
  const answer = await explainQuestion({ url: "http://a.example/", ...question }, config, using, resolve);
  if (!answer.ok) throw new Error(answer.problems.join());
  return answer.explanation;
}

async function resolveNames(host: string): Promise<Resolution> {
  return found(names[host] ?? (host === "a.example" ? ["1.0.2.1"] : []));
}
