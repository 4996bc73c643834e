import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import type { FakeLink } from "../../support/fake-link.ts";
import { type FakeRelay, head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");

const ANN = { name: "ann", password: "secret-of-ann" };
const BOB = { name: "bob", password: "secret-of-bob" };
const TOKEN = { name: "ci", token: "0123456789abcdef", expires: "2026-11-21T00:00:10Z" };

const AUTHENTICATION = { users: [ANN, BOB], tokens: [TOKEN] };

function basic(name: string, password: string): string {
  return `Proxy-Authorization: Basic ${btoa(`${name}:${password}`)}`;
}

const AS_ANN = basic("ann", "secret-of-ann");
const AS_BOB = basic("bob", "secret-of-bob");
const AS_CI = basic("ci", "0123456789abcdef");
const WRONG = basic("ann", "guess");

function get(...lines: readonly string[]): string {
  return head("GET http://a.example/ HTTP/1.1", HOST, ...lines);
}

function served(relay: FakeRelay, client: FakeLink): void {
  relay.upstream().says(OK);
  expect(statuses(client).at(-1)).toBe(200);
}

describe("where a log-in is required", () => {
  // Each row: what it shows | the request | whether the client may ask again.
  const rows = [
    ["a GET without credentials gets 407 at once", get(), true],
    [
      "a POST gets it too, and a close",
      `${head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 3")}abc`,
      false,
    ],
    [
      "a CONNECT gets it too, and a close",
      head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443"),
      false,
    ],
  ] as const;

  for (const [name, request, mayAskAgain] of rows) {
    transcript(name, (relay) => {
      relay.configure({ authentication: AUTHENTICATION });
      const client = relay.client();
      client.says(request);

      expect(statuses(client)).toEqual([407]);
      expect(client.received).toContain(
        '\r\nProxy-Authenticate: Basic realm="headgate", charset="UTF-8"\r\n',
      );
      expect(client.received).not.toContain("Do not retry");
      expect(relay.told().includes("client end")).toBe(!mayAskAgain);
      expect(relay.records).toMatchObject([
        { status: 407, reason: "credentials_missing", rule: undefined, failure: "http_request_denied" },
      ]);
      expect(relay.read(cells.logIns.missing)).toBe(1);
      expect(relay.read(cells.refusals.credentials_missing)).toBe(1);
    });
  }

  transcript("who has logged in is served, on record, and unknown to the upstream", (relay) => {
    relay.configure({ authentication: AUTHENTICATION });
    const client = relay.client();
    client.says(get(AS_ANN, "X-Kept: 1"));
    const upstream = relay.upstream();
    upstream.says(OK);

    expect(statuses(client)).toEqual([200]);
    expect(upstream.received).toContain("X-Kept: 1");
    expect(upstream.received).not.toContain("Authorization");
    expect(relay.records).toMatchObject([{ user: "ann", status: 200 }]);
    expect(relay.read(cells.userExchanges)).toBe(1);
  });

  transcript("several users may take turns on one connection", (relay) => {
    relay.configure({ authentication: AUTHENTICATION });
    const client = relay.client();
    client.says(get(AS_ANN));
    const upstream = relay.upstream();
    upstream.says(OK);
    for (const credentials of [AS_BOB, AS_ANN]) {
      client.says(get(credentials));
      upstream.says(OK);
    }
    client.says(get());

    expect(statuses(client)).toEqual([200, 200, 200, 407]);
    expect(relay.records.map(({ user }) => user)).toEqual(["ann", "bob", "ann", undefined]);
  });

  transcript("a token is good until it expires, also on a connection where it was shown", (relay) => {
    relay.configure({ authentication: AUTHENTICATION });
    const client = relay.client();
    client.says(get(AS_CI));
    served(relay, client);
    relay.pass(11_000);
    client.says(get(AS_CI));
    expect(statuses(client)).toEqual([200]);
    relay.pass(1_200);

    expect(statuses(client)).toEqual([200, 407]);
    expect(client.received).toContain("The token for this proxy has expired");
    expect(relay.records.at(-1)).toMatchObject({ user: undefined, reason: "token_expired" });
  });
});

describe("wrong credentials", () => {
  transcript("are answered late, and the connection goes on", (relay) => {
    relay.configure({ authentication: AUTHENTICATION });
    const client = relay.client();
    client.says(get(WRONG) + get(AS_ANN));
    relay.pass(900);
    expect(client.received).toBe("");
    relay.pass(300);

    expect(statuses(client)).toEqual([407]);
    expect(client.received).toContain("The credentials for this proxy are wrong");
    served(relay, client);
    expect(relay.records).toMatchObject([
      { status: 407, reason: "credentials_wrong", user: undefined },
      { status: 200, user: "ann" },
    ]);
    expect(relay.read(cells.logIns.wrong)).toBe(1);
  });

  for (const [name, request] of [
    ["a POST", `${head("POST http://a.example/ HTTP/1.1", HOST, WRONG, "Content-Length: 3")}abc`],
    ["a CONNECT", `${head("CONNECT a.example:443 HTTP/1.1", HOST, WRONG)}`],
  ] as const) {
    transcript(`of ${name} close the connection`, (relay) => {
      relay.configure({ authentication: AUTHENTICATION });
      const client = relay.client();
      client.says(request);
      relay.pass(1_200);

      expect(statuses(client)).toEqual([407]);
      expect(relay.told().at(-1)).toBe("client end");
    });
  }

  transcript("too often, and the client is banned and cut", (relay) => {
    relay.configure({ authentication: AUTHENTICATION, bans: { credentials: 3 } });
    const client = relay.client();
    client.says(get(WRONG).repeat(3));
    relay.pass(2_400);

    expect(statuses(client)).toEqual([407, 407]);
    expect(client.isClosed).toBe(true);
    expect(relay.told().at(-1)).toBe("client destroy");
    expect(relay.read(cells.bans.credentials)).toBe(1);
    expect(relay.client().isClosed).toBe(true);
  });

  transcript("of a client that leaves meanwhile are told to nobody", (relay) => {
    relay.configure({ authentication: AUTHENTICATION });
    const client = relay.client();
    client.says(get(WRONG));
    client.resets();
    relay.pass(2_000);

    expect(relay.records).toMatchObject([{ status: 0, reason: undefined }]);
  });

  transcript("of a client that half-closes are told, and then it is let go", (relay) => {
    relay.configure({ authentication: AUTHENTICATION });
    const client = relay.client();
    client.says(get(WRONG));
    client.ends();
    relay.pass(1_200);

    expect(statuses(client)).toEqual([407]);
    expect(client.isClosed).toBe(true);
  });

  transcript("with a request that is no HTTP are an error, and at once", (relay) => {
    relay.configure({ authentication: AUTHENTICATION });
    const client = relay.client();
    client.says(
      head("POST http://a.example/ HTTP/1.1", HOST, WRONG, "Content-Length: 1", "Transfer-Encoding: chunked"),
    );
    relay.pass(1_200);

    expect(statuses(client)).toEqual([400]);
    expect(client.isClosed || relay.told().includes("client end")).toBe(true);
  });
});

describe("where a log-in is optional", () => {
  const OPTIONAL = { ...AUTHENTICATION, mode: "optional" };
  const ONLY_ANN = { default: "deny", rules: [{ name: "anns", action: "allow", users: ["ann"] }] };

  transcript("who has none is served as nobody", (relay) => {
    relay.configure({ authentication: OPTIONAL });
    const client = relay.client();
    client.says(get());

    served(relay, client);
    expect(relay.records).toMatchObject([{ user: undefined }]);
  });

  // Each row: what it shows | the credentials | the status | the reason.
  const rows = [
    ["a rule that wants a user asks for one", [], 407, "credentials_missing"],
    ["another user is refused for good", [AS_BOB], 403, "default"],
    ["the user passes", [AS_ANN], 200, "rule"],
  ] as const;

  for (const [name, credentials, status, reason] of rows) {
    transcript(name, (relay) => {
      relay.configure({ authentication: OPTIONAL, policy: ONLY_ANN });
      const client = relay.client();
      client.says(get(...credentials));
      if (status === 200) relay.upstream().says(OK);

      expect(statuses(client)).toEqual([status]);
      expect(relay.records).toMatchObject([{ status, reason }]);
      expect(relay.read(cells.decisions.log_in)).toBe(status === 407 ? 1 : 0);
    });
  }

  transcript("wrong credentials are wrong even where none are needed", (relay) => {
    relay.configure({ authentication: OPTIONAL });
    const client = relay.client();
    client.says(get(WRONG));
    relay.pass(1_200);

    expect(statuses(client)).toEqual([407]);
  });

  transcript("a rule for users where nobody can log in is a plain refusal", (relay) => {
    relay.configure({ policy: { ...ONLY_ANN, rules: [{ ...ONLY_ANN.rules[0], users: ["*"] }] } });
    const client = relay.client();
    client.says(get());

    expect(statuses(client)).toEqual([403]);
  });
});

describe("a reload", () => {
  transcript("that takes the user away asks again, on the same connection", (relay) => {
    relay.configure({ authentication: AUTHENTICATION });
    const client = relay.client();
    client.says(get(AS_ANN));
    served(relay, client);
    relay.configure({ authentication: { users: [BOB] } });
    client.says(get(AS_ANN));
    relay.pass(1_200);

    expect(statuses(client)).toEqual([200, 407]);
  });

  transcript("that ends all log-ins leaves nobody logged in", (relay) => {
    relay.configure({ authentication: AUTHENTICATION });
    const client = relay.client();
    client.says(get(AS_ANN));
    const upstream = relay.upstream();
    upstream.says(OK);
    relay.configure({});
    client.says(get(AS_ANN));
    upstream.says(OK);

    expect(statuses(client)).toEqual([200, 200]);
    expect(relay.records.map(({ user }) => user)).toEqual(["ann", undefined]);
  });
});
