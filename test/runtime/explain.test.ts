import { expect, test } from "bun:test";
import { allow, deny, explain, type Input, policy, rules } from "./explaining.ts";

const PUBLIC = { listeners: [{ address: "0.0.0.0:8888", clients: ["10.0.0.0/8"] }] };
const USERS = { users: [{ name: "alice", password: "hush-hush", groups: ["dev"] }] };
const TOKENS = { tokens: [{ name: "old", token: "hush-hush-hush-hush", expires: "2020-01-01T00:00:00Z" }] };

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
