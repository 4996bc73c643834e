import { expect, test } from "bun:test";
import { type AccessDecision, type AccessFacts, decideAccess } from "../../src/admin/guard.ts";

const TOKEN = "correct-horse-battery";

// Each row: what it shows | the request | "allow" or why not. The port is 127.0.0.1:8889, without a token.
const withoutToken: [string, Partial<AccessFacts>, string][] = [
  ["curl", {}, "allow"],
  ["localhost by name", { host: "localhost:8889" }, "allow"],
  ["localhost in capitals", { host: "LOCALHOST:8889" }, "allow"],
  ["IPv6 loopback", { host: "[::1]:8889" }, "allow"],
  ["another address of the loopback net", { host: "127.9.9.9:8889" }, "allow"],
  ["a forwarded port", { host: "localhost:9000" }, "allow"],
  ["no port", { host: "localhost" }, "allow"],
  ["our own page", { origin: "http://127.0.0.1:8889", fetchSite: "same-origin" }, "allow"],
  ["a person at the address bar", { fetchSite: "none" }, "allow"],
  ["no Host", { host: undefined }, "host_foreign"],
  ["an empty Host", { host: "" }, "host_foreign"],
  ["a name that was made to resolve to us", { host: "evil.example:8889" }, "host_foreign"],
  ["a name that looks like a loopback address", { host: "127.0.0.1.evil.example:8889" }, "host_foreign"],
  ["a name below localhost", { host: "evil.localhost:8889" }, "host_foreign"],
  ["another address", { host: "10.0.0.1:8889" }, "host_foreign"],
  ["the script, by a rebound name", { path: "/proxy.pac", host: "evil.example:8889" }, "host_foreign"],
  ["health, by a rebound name", { path: "/health", host: "evil.example:8889" }, "host_foreign"],
  ["a page of another site", { origin: "https://evil.example" }, "origin_foreign"],
  ["a page of another port", { origin: "http://127.0.0.1:3000" }, "origin_foreign"],
  ["a page that hides where it is from", { origin: "null" }, "origin_foreign"],
  ["a page of our name in another scheme", { origin: "file://127.0.0.1:8889" }, "origin_foreign"],
  [
    "a rebound page, same origin to the browser",
    { host: "evil.example:8889", origin: "http://evil.example:8889" },
    "host_foreign",
  ],
  ["an image of another site", { fetchSite: "cross-site" }, "site_foreign"],
  ["a page of another port, told by the browser", { fetchSite: "same-site" }, "site_foreign"],
];

test.each(withoutToken)("on loopback, without a token: %s", (_, facts, expected) => {
  const policy = { address: { host: "127.0.0.1", port: 8889 }, token: undefined };

  expect(outcomeOf(decideAccess({ ...plain, ...facts }, policy))).toBe(expected);
});

const withToken: [string, Partial<AccessFacts>, string][] = [
  ["the token", { authorization: `Bearer ${TOKEN}` }, "allow"],
  ["the scheme in small letters", { authorization: `bearer ${TOKEN}` }, "allow"],
  ["the token, by any name", { authorization: `Bearer ${TOKEN}`, host: "proxy.example" }, "allow"],
  [
    "the token, from our page behind TLS",
    { authorization: `Bearer ${TOKEN}`, host: "proxy.example", origin: "https://proxy.example" },
    "allow",
  ],
  ["health without a token", { path: "/health" }, "allow"],
  ["ready without a token", { path: "/ready" }, "allow"],
  ["a browser that asks for its script", { path: "/proxy.pac", host: "proxy.example" }, "allow"],
  ["the same, when it says that a person asked", { path: "/proxy.pac", fetchSite: "none" }, "allow"],
  ["a page that wants the script", { path: "/proxy.pac", fetchSite: "cross-site" }, "site_foreign"],
  ["the path below the script", { path: "/proxy.pac/" }, "token_missing"],
  [
    "a page with the token, from elsewhere",
    { authorization: `Bearer ${TOKEN}`, origin: "https://evil.example" },
    "origin_foreign",
  ],
  ["health, from another site", { path: "/health", fetchSite: "cross-site" }, "site_foreign"],
  ["no token", {}, "token_missing"],
  ["no token, on loopback", { host: "localhost:8889" }, "token_missing"],
  ["another scheme", { authorization: `Basic ${TOKEN}` }, "token_missing"],
  ["an empty token", { authorization: "Bearer " }, "token_missing"],
  ["the start of the token", { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, "token_wrong"],
  ["the token in capitals", { authorization: `Bearer ${TOKEN.toUpperCase()}` }, "token_wrong"],
  ["more than the token", { authorization: `Bearer ${TOKEN}x` }, "token_wrong"],
  ["a path that only begins like health", { path: "/healthy" }, "token_missing"],
];

test.each(withToken)("with a token: %s", (_, facts, expected) => {
  const policy = { address: { host: "192.0.2.1", port: 8889 }, token: TOKEN };

  expect(outcomeOf(decideAccess({ ...plain, ...facts }, policy))).toBe(expected);
});

test("without a token, the very address and port will do as Host", () => {
  const policy = { address: { host: "2001:db8::1", port: 8889 }, token: undefined };

  expect(outcomeOf(decideAccess({ ...plain, host: "[2001:DB8:0::1]:8889" }, policy))).toBe("allow");
  expect(outcomeOf(decideAccess({ ...plain, host: "[2001:db8::1]:80" }, policy))).toBe("host_foreign");
});

const plain: AccessFacts = {
  path: "/status",
  host: "127.0.0.1:8889",
  origin: undefined,
  fetchSite: undefined,
  authorization: undefined,
};

function outcomeOf(decision: AccessDecision): string {
  return decision.verdict === "allow" ? "allow" : decision.because;
}
