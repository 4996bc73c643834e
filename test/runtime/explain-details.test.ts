import { describe, expect, test } from "bun:test";
import type { Resolution } from "../../src/net/resolve.ts";
import { explainQuestion } from "../../src/runtime/explain.ts";
import { configOf } from "./configs.ts";
import { explain, found, nothing, policy, rules } from "./explaining.ts";

const PUBLIC = { listeners: [{ address: "0.0.0.0:8888", clients: ["10.0.0.0/8"] }] };

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
