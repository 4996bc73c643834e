import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { hostList } from "../../support/gate.ts";
import { type FakeRelay, head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/x HTTP/1.1", HOST);
const POST = `${head("POST http://a.example/x HTTP/1.1", HOST, "Content-Length: 3")}abc`;
const CONNECT = head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443");
const OWN = head("OPTIONS * HTTP/1.1", HOST);

const DENY_A = { name: "no-a", action: "deny", hosts: ["a.example"] };
const RESET_A = { name: "cut-a", action: "reset", hosts: ["a.example"] };
const DETAIL = 'Policy refused this request by rule "no-a"';

function rules(...given: readonly object[]): { policy: object } {
  return { policy: { rules: given } };
}

describe("a request that a rule denies gets 403, and goes nowhere", () => {
  // Each row: what it shows | what the client sends | whether it may ask again.
  const rows = [
    ["a GET", GET, true],
    ["a GET of HTTP/1.0", head("GET http://a.example/ HTTP/1.0"), false],
    ["a GET that wants a close", head("GET http://a.example/ HTTP/1.1", HOST, "Connection: close"), false],
    ["a POST whose body would be read as the next request", POST, false],
    ["a POST with no body", head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 0"), true],
    ["a CONNECT, behind which a tunnel's bytes may come", CONNECT, false],
  ] as const;

  for (const [name, request, mayAskAgain] of rows) {
    transcript(name, (relay) => {
      relay.configure(rules(DENY_A));
      const client = relay.client();
      client.says(request);

      expect(statuses(client)).toEqual([403]);
      expect(client.received).toContain(
        `Proxy-Status: headgate; error=http_request_denied; details="${DETAIL.replaceAll('"', '\\"')}"\r\n`,
      );
      expect(client.received).toEndWith(
        `\r\n\r\n403 Forbidden: ${DETAIL}.\nDo not retry: the answer will be the same.\n`,
      );
      expect(relay.dials).toBe(0);
      expect(/^Connection: (.*)\r$/m.exec(client.received)?.[1]).toBe(mayAskAgain ? undefined : "close");
      expect(relay.told().includes("client end")).toBe(!mayAskAgain);
      if (mayAskAgain) {
        client.says(OWN);
        expect(statuses(client)).toEqual([403, 200]);
      }
    });
  }

  transcript("in JSON for who wants that", (relay) => {
    relay.configure(rules(DENY_A));
    const client = relay.client();
    client.says(head("GET http://a.example/ HTTP/1.1", HOST, "Accept: application/json"));

    expect(client.received).toContain("Content-Type: application/json\r\n");
    expect(JSON.parse(client.received.split("\r\n\r\n")[1] ?? "")).toEqual({
      status: 403,
      error: "http_request_denied",
      detail: DETAIL,
      rule: "no-a",
      reason: "rule",
      retry: false,
    });
  });

  transcript("without a body to a HEAD", (relay) => {
    relay.configure(rules(DENY_A));
    const client = relay.client();
    client.says(head("HEAD http://a.example/ HTTP/1.1", HOST));

    expect(client.received).toMatch(
      /^HTTP\/1\.1 403 Forbidden\r\n.*\r\nContent-Length: 1\d\d\r\n.*\r\n\r\n$/s,
    );
  });
});

describe("what is decided is on record, and counted", () => {
  // Each row: what it shows | the policy | the request | rule, reason, list, tags, whether it would be denied | status | the decision's counter.
  const LISTED = { name: "no-listed", action: "deny", lists: ["bad"] };
  const TAGGED = { name: "tagged", action: "tag", tags: ["red", "blue"] };
  const rows = [
    ["no rules: nothing worth a word", {}, GET, [undefined, undefined, undefined, [], false], 200, "allowed"],
    [
      "a rule that allows",
      { rules: [{ name: "yes", action: "allow" }] },
      GET,
      ["yes", "rule", undefined, [], false],
      200,
      "allowed",
    ],
    ["a rule that denies", { rules: [DENY_A] }, GET, ["no-a", "rule", undefined, [], false], 403, "denied"],
    [
      "the default that denies",
      { default: "deny" },
      GET,
      ["default", "default", undefined, [], false],
      403,
      "denied",
    ],
    [
      "a list, and tags on the way",
      { rules: [TAGGED, LISTED], lists: [{ name: "bad", file: "/bad", optional: true }] },
      GET,
      ["no-listed", "rule", "bad", ["red", "blue"], false],
      403,
      "denied",
    ],
    ["a reset", { rules: [RESET_A] }, GET, ["cut-a", "rule", undefined, [], false], 0, "reset"],
    [
      "a reset of a tunnel",
      { rules: [RESET_A] },
      CONNECT,
      ["cut-a", "rule", undefined, [], false],
      0,
      "reset",
    ],
    ["a denied tunnel", { rules: [DENY_A] }, CONNECT, ["no-a", "rule", undefined, [], false], 403, "denied"],
    [
      "an audit's denial",
      { mode: "audit", rules: [DENY_A] },
      GET,
      ["no-a", "rule", undefined, [], true],
      200,
      "would_deny",
    ],
    [
      "an audit's reset",
      { mode: "audit", rules: [TAGGED, RESET_A] },
      CONNECT,
      ["cut-a", "rule", undefined, ["red", "blue"], true],
      200,
      "would_deny",
    ],
    [
      "an audit's default",
      { mode: "audit", default: "deny" },
      GET,
      ["default", "default", undefined, [], true],
      200,
      "would_deny",
    ],
  ] as const;

  for (const [name, policy, request, [rule, reason, list, tags, wouldDeny], status, counted] of rows) {
    transcript(name, (relay) => {
      relay.configure({ policy }, new Map([["bad", hostList("a.example")]]));
      const client = relay.client();
      client.says(request);
      if (status === 200) {
        const upstream = relay.upstream();
        if (request === GET) upstream.says(head("HTTP/1.1 200 OK", "Content-Length: 0"));
      }
      client.resets();

      expect(relay.records).toMatchObject([{ status, rule, reason, list, tags, wouldDeny }]);
      expect(relay.records[0]?.failure).toBe(status === 200 ? undefined : "http_request_denied");
      expect(relay.read(cells.decisions[counted])).toBe(1);
      const isRefusal = status !== 200 || wouldDeny;
      expect(relay.read(cells.refusals[reason ?? "rule"])).toBe(isRefusal ? 1 : 0);
      expect(relay.read(cells.listHits)).toBe(list === undefined ? 0 : 1);
      expect(relay.read(cells.tagExchanges)).toBe(tags.length > 0 ? 1 : 0);
    });
  }

  transcript("the hosts that were refused are remembered, for those who look", (relay) => {
    relay.configure(rules(DENY_A));
    const client = relay.client();
    client.says(GET + GET);

    expect(relay.context.refusedHosts.take()).toMatchObject([{ count: 2 }]);
  });
});

describe("a reset is a reset, without a byte", () => {
  for (const [name, request] of [
    ["of a GET", GET],
    ["of a POST", POST],
    ["of a CONNECT", `${CONNECT}\x16\x03\x01`],
    ["of what came ahead, too", GET + OWN],
  ] as const) {
    transcript(name, (relay) => {
      relay.configure(rules(RESET_A));
      const client = relay.client();
      client.says(request);

      expect(relay.told()).toEqual(["client destroy"]);
      expect(client.received).toBe("");
      expect(relay.records.length).toBe(1);
    });
  }
});

describe("a redirect", () => {
  const AWAY = {
    name: "away",
    action: "redirect",
    hosts: ["a.example"],
    redirect: { to: "https://b.example{path}", status: 307 },
  };

  // Each row: what it shows | the request | the status | Location | whether the client may ask again.
  const rows = [
    ["tells where to, and keeps the connection", GET, 307, "https://b.example/x", true],
    ["of a POST with a body closes it", POST, 307, "https://b.example/x", false],
    ["never is of a tunnel, which is denied", CONNECT, 403, undefined, false],
  ] as const;

  for (const [name, request, status, location, mayAskAgain] of rows) {
    transcript(name, (relay) => {
      relay.configure(rules(AWAY));
      const client = relay.client();
      client.says(request);

      expect(statuses(client)).toEqual([status]);
      expect(/^Location: (.*)\r$/m.exec(client.received)?.[1]).toBe(location);
      expect(relay.told().includes("client end")).toBe(!mayAskAgain);
      expect(relay.records).toMatchObject([
        { status, rule: "away", reason: "rule", failure: location ? undefined : "http_request_denied" },
      ]);
      expect(relay.read(location ? cells.decisions.redirected : cells.decisions.denied)).toBe(1);
    });
  }

  transcript("would be, in an audit, and is not", (relay) => {
    relay.configure({ policy: { mode: "audit", rules: [AWAY] } });
    const client = relay.client();
    client.says(GET);
    relay.upstream().says(head("HTTP/1.1 204 No Content"));

    expect(statuses(client)).toEqual([204]);
    expect(relay.records).toMatchObject([{ rule: "away", wouldDeny: true }]);
  });
});

describe("a refused request among others", () => {
  transcript("is answered in its turn, and the others are served", (relay) => {
    relay.configure(rules({ name: "no-x", action: "deny", paths: ["/x"] }));
    const client = relay.client();
    const other = head("GET http://a.example/y HTTP/1.1", HOST);
    client.says(other + GET + other + GET);
    const upstream = relay.upstream();
    upstream.says(head("HTTP/1.1 204 No Content"));
    upstream.says(head("HTTP/1.1 204 No Content"));

    expect(statuses(client)).toEqual([204, 403, 204, 403]);
    expect(relay.records.map(({ status }) => status)).toEqual([204, 403, 204, 403]);
  });

  transcript("is judged by the config that holds when it is read, also on an old connection", (relay) => {
    const client = relay.client();
    client.says(GET);
    relay.configure(rules(DENY_A));
    relay.upstream().says(head("HTTP/1.1 204 No Content"));
    client.says(GET);
    relay.configure({});
    client.says(GET);

    expect(statuses(client)).toEqual([204, 403]);
    expect(served(relay)).toBe(1);
  });
});

/** Requests at upstreams that have yet to be answered. */
function served(relay: FakeRelay): number {
  return relay.read(cells.exchangesInFlight);
}
