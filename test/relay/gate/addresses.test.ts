import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { type FakeRelay, found, head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/x HTTP/1.1", HOST);
const CONNECT = head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");

const NO_NINE = { name: "no-nine", action: "deny", addresses: ["9.0.0.0/8"] };
const RESET_NINE = { name: "cut-nine", action: "reset", addresses: ["9.0.0.0/8"] };
const ONLY_EIGHT = { name: "eight", action: "allow", addresses: ["8.0.0.0/8"] };
const PRIVATE = { name: "private", action: "allow", addresses: ["10.0.0.0/8"] };

/** A request to a host that resolves to these. */
function ask(relay: FakeRelay, policy: object, addresses: readonly string[], request = GET) {
  relay.names.set("a.example", found(...addresses));
  relay.configure({ policy });
  const client = relay.client();
  client.says(request);
  return client;
}

describe("a rule by address judges each address that a host resolves to", () => {
  // Each row: what it shows | the policy | the addresses | which are dialled.
  const rows = [
    ["one that the rule names is refused", { rules: [NO_NINE] }, ["9.1.1.1"], undefined],
    ["one that it does not name passes", { rules: [NO_NINE] }, ["8.1.1.1"], "8.1.1.1"],
    [
      "of several those pass that may",
      { rules: [NO_NINE] },
      ["9.1.1.1", "8.1.1.1", "8.1.1.2"],
      "8.1.1.1 8.1.1.2",
    ],
    [
      "what no rule allows falls to the default",
      { default: "deny", rules: [ONLY_EIGHT] },
      ["9.1.1.1"],
      undefined,
    ],
    ["what a rule allows does not", { default: "deny", rules: [ONLY_EIGHT] }, ["8.1.1.1"], "8.1.1.1"],
    ["an address in the target is judged as well", { rules: [NO_NINE] }, ["9.1.1.1"], undefined, "9.1.1.1"],
    ["a rule that names a private range opens it", { rules: [PRIVATE] }, ["10.1.1.1"], "10.1.1.1"],
    ["special addresses that nobody opened stay closed", { rules: [PRIVATE] }, ["169.254.1.1"], undefined],
  ] as const;

  for (const [name, policy, addresses, dialled, host = "a.example"] of rows) {
    for (const [kind, request] of [
      ["forwarded", head(`GET http://${host}/x HTTP/1.1`, `Host: ${host}`)],
      ["tunnel", head(`CONNECT ${host}:80 HTTP/1.1`, `Host: ${host}:80`)],
    ] as const) {
      transcript(`${name} (${kind})`, (relay) => {
        const client = ask(relay, policy, addresses, request);

        if (dialled === undefined) {
          expect(statuses(client)).toEqual([403]);
          expect(client.received).toContain("Do not retry");
          expect(relay.dials).toBe(0);
          expect(client.received.includes("Connection: close\r\n")).toBe(kind === "tunnel");
          return;
        }
        expect(relay.told()).toEqual([`dial ${dialled} port 80`]);
        relay.upstream();
        client.resets();
        expect(relay.records).toMatchObject([{ reason: policy.rules[0] === NO_NINE ? "default" : "rule" }]);
      });
    }
  }
});

describe("the record and the counters tell of the rule that decided, not of the one that waited", () => {
  // Each row: what it shows | the policy | the address | rule, reason, would be denied | status | the decision | matches of the first rule.
  const rows = [
    ["a denial", { rules: [NO_NINE] }, "9.1.1.1", ["no-nine", "rule", false], 403, "denied", 1],
    [
      "a rule that does not match after all",
      { rules: [NO_NINE] },
      "8.1.1.1",
      ["default", "default", false],
      200,
      "allowed",
      0,
    ],
    [
      "a rule that allows",
      { default: "deny", rules: [ONLY_EIGHT] },
      "8.1.1.1",
      ["eight", "rule", false],
      200,
      "allowed",
      1,
    ],
    [
      "the default",
      { default: "deny", rules: [ONLY_EIGHT] },
      "9.1.1.1",
      ["default", "default", false],
      403,
      "denied",
      0,
    ],
    ["a reset", { rules: [RESET_NINE] }, "9.1.1.1", ["cut-nine", "rule", false], 0, "reset", 1],
    [
      "an audit",
      { mode: "audit", rules: [NO_NINE] },
      "9.1.1.1",
      ["no-nine", "rule", true],
      200,
      "would_deny",
      1,
    ],
    [
      "an audit of what may pass",
      { mode: "audit", rules: [NO_NINE] },
      "8.1.1.1",
      ["default", "default", false],
      200,
      "allowed",
      0,
    ],
  ] as const;

  for (const [name, policy, address, [rule, reason, wouldDeny], status, decision, matches] of rows) {
    transcript(name, (relay) => {
      const client = ask(relay, policy, [address]);
      if (status === 200) relay.upstream().says(OK);
      client.resets();

      expect(relay.records).toMatchObject([{ status, rule, reason, wouldDeny }]);
      expect(relay.read(cells.decisions[decision])).toBe(1);
      expect(relay.read(cells.decisions.allowed)).toBe(decision === "allowed" ? 1 : 0);
      expect(relay.read(cells.ruleMatches)).toBe(matches);
      expect(relay.read(cells.ruleWouldDeny)).toBe(wouldDeny ? 1 : 0);
      if (status === 0) expect(client.received).toBe("");
    });
  }

  transcript("a host of which one address may pass would not have been denied", (relay) => {
    const client = ask(relay, { mode: "audit", rules: [NO_NINE] }, ["9.1.1.1", "8.1.1.1"]);
    relay.upstream().says(OK);
    client.resets();

    expect(relay.told()[0]).toBe("dial 9.1.1.1 8.1.1.1 port 80");
    expect(relay.records).toMatchObject([{ wouldDeny: false }]);
  });
});

describe("a verdict that comes with the address is told as it is without", () => {
  transcript("a redirect", (relay) => {
    const away = { name: "away", action: "redirect", redirect: { to: "http://b.example{path}" } };
    const client = ask(relay, { rules: [NO_NINE, away] }, ["8.1.1.1"]);

    expect(statuses(client)).toEqual([302]);
    expect(client.received).toContain("Location: http://b.example/x\r\n");
    expect(relay.dials).toBe(0);
    expect(relay.records).toMatchObject([{ status: 302, rule: "away", failure: undefined }]);
    expect(relay.read(cells.decisions.redirected)).toBe(1);
    client.says(head("OPTIONS * HTTP/1.1", HOST));
    expect(statuses(client)).toEqual([302, 200]);
  });

  for (const [kind, request] of [
    ["a request", GET],
    ["a tunnel", CONNECT],
  ] as const) {
    transcript(`a question who is asking, of ${kind}`, (relay) => {
      relay.names.set("a.example", found("8.1.1.1"));
      relay.configure({
        authentication: { mode: "optional", users: [{ name: "ann", password: "secret-of-ann" }] },
        policy: {
          default: "deny",
          rules: [
            NO_NINE,
            { name: "ten", action: "allow", addresses: ["9.9.9.9"] },
            { name: "users", action: "allow", users: ["*"] },
          ],
        },
      });
      const client = relay.client();
      client.says(request);

      expect(statuses(client)).toEqual([407]);
      expect(client.received).toContain('Proxy-Authenticate: Basic realm="headgate"');
    });
  }
});

describe("what is not the policy's stays refused in an audit", () => {
  const AUDIT = { mode: "audit" };
  for (const [name, address, port, word] of [
    ["our own listener", "127.0.0.1", 8888, "proxy_loop_detected"],
    ["the unspecified address", "0.0.0.0", 80, "destination_ip_prohibited"],
    ["metadata", "169.254.169.254", 80, "destination_ip_prohibited"],
  ] as const) {
    transcript(name, (relay) => {
      const client = ask(
        relay,
        AUDIT,
        [],
        head(`GET http://${address}:${port}/ HTTP/1.1`, `Host: ${address}:${port}`),
      );

      expect(client.received).toContain(`error=${word};`);
      expect(relay.records).toMatchObject([{ failure: word, wouldDeny: false }]);
      expect(relay.dials).toBe(0);
    });
  }
});

transcript("a name that does not resolve is no decision of a rule that waited for it", (relay) => {
  relay.names.set("a.example", { ok: false, failure: "dns_error", detail: "ENOTFOUND" });
  relay.configure({ policy: { rules: [NO_NINE] } });
  const client = relay.client();
  client.says(GET);

  expect(statuses(client)).toEqual([502]);
  expect(relay.records).toMatchObject([{ rule: undefined, reason: undefined }]);
});
