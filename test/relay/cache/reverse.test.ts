import { describe, expect } from "bun:test";
import { answer, cached, cacheStatuses, HOST } from "../../support/cache.ts";
import type { FakeLink } from "../../support/fake-link.ts";
import { type FakeRelay, head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";

const SETTINGS = {
  listeners: [{ address: "127.0.0.1:8080", mode: "reverse" }],
  upstreams: {
    app: { endpoints: ["10.0.0.7:8081"] },
    files: { endpoints: ["10.0.0.8:8082", "10.0.0.9:8082"] },
  },
  routes: [
    { hosts: ["a.example"], upstream: "app" },
    { hosts: ["a.example"], paths: ["/files/*"], upstream: "files" },
  ],
};

function serving(relay: FakeRelay, settings: object = {}): FakeLink {
  relay.configure({ ...SETTINGS, ...settings });
  return relay.client();
}

describe("a reverse listener is a server", () => {
  // Each row: what it shows | the request | where it is sent | what the upstream is told of it.
  const rows = [
    ["by Host and path", head("GET /x HTTP/1.1", HOST), "dial 10.0.0.7 port 8081", ["GET /x HTTP/1.1", HOST]],
    [
      "by a longer path",
      head("GET /files/x HTTP/1.1", HOST),
      "dial 10.0.0.8 port 8082",
      ["GET /files/x HTTP/1.1", HOST],
    ],
    [
      "whose port is whatever the client says",
      head("GET /x HTTP/1.1", "Host: A.example:8080"),
      "dial 10.0.0.7 port 8081",
      ["GET /x HTTP/1.1", "Host: a.example:8080"],
    ],
    [
      "asked as a proxy is (RFC 9112 §3.2.2)",
      head("GET http://a.example/x HTTP/1.1", HOST),
      "dial 10.0.0.7 port 8081",
      ["GET /x HTTP/1.1", HOST],
    ],
  ] as const;

  for (const [name, request, dial, told] of rows) {
    cached(name, (relay) => {
      const client = serving(relay);
      client.says(request);

      expect(relay.told()).toContain(dial);

      const upstream = relay.upstream();

      expect(upstream.received).toBe(head(...told, "Via: 1.1 headgate"));

      upstream.says(answer("one", FRESH));
      client.says(request);

      expect(client.received).toEndWith("one");
      expect(cacheStatuses(client)).toEqual(["fwd=uri-miss; ttl=60; stored", "hit; ttl=60"]);
    });
  }

  cached("HTTP/1.0 without Host is asked for by the listener's own name", (relay) => {
    const client = serving(relay, { routes: [{ upstream: "app" }] });
    client.says(head("GET /x HTTP/1.0"));
    const upstream = relay.upstream();

    expect(upstream.received).toContain("Host: 127.0.0.1:8080\r\n");

    upstream.says(answer("one"));

    expect(client.received).toEndWith("one");
  });

  // Each row: what it shows | the request | the status.
  const refusals = [
    ["no route is 404", head("GET /x HTTP/1.1", "Host: b.example"), 404],
    ["a path that could be read in two ways has none", head("GET /files%2fx%00 HTTP/1.1", HOST), 404],
    ["CONNECT is 405", head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443"), 405],
    ["HTTP/1.1 without Host is 400 (RFC 9112 §3.2)", head("GET /x HTTP/1.1"), 400],
    ["a Host that is none is 400", head("GET /x HTTP/1.1", "Host: a b"), 400],
  ] as const;
  for (const [name, request, status] of refusals) {
    cached(name, (relay) => {
      const client = serving(relay);
      client.says(request);

      expect(statuses(client)).toEqual([status]);
      expect(relay.dials).toBe(0);
    });
  }

  cached("nobody has to log in", (relay) => {
    const client = serving(relay, {
      authentication: { users: [{ name: "ann", password: "secret-password-1" }] },
    });
    client.says(head("GET /x HTTP/1.1", HOST));
    relay.upstream().says(answer("one"));

    expect(statuses(client)).toEqual([200]);
  });

  cached("endpoints take turns, and share what is stored", (relay) => {
    const client = serving(relay);
    const dials: string[] = [];
    for (const path of ["/files/a", "/files/b", "/files/a"]) {
      client.says(head(`GET ${path} HTTP/1.1`, HOST));
      dials.push(...relay.told().filter((line) => line.startsWith("dial")));
      if (relay.dials > 0) relay.upstream().says(answer("one", FRESH));
    }

    expect(dials).toEqual(["dial 10.0.0.8 port 8082", "dial 10.0.0.9 port 8082"]);
    expect(cacheStatuses(client).at(-1)).toBe("hit; ttl=60");
  });

  cached("the policy's rules hold here too, though it is stored", (relay) => {
    const client = serving(relay);
    const request = head("GET /x HTTP/1.1", HOST);
    client.says(request);
    relay.upstream().says(answer("one", FRESH));
    relay.configure({
      ...SETTINGS,
      policy: { rules: [{ name: "no", action: "deny", hosts: ["a.example"] }] },
    });
    client.says(request);

    expect(statuses(client)).toEqual([200, 403]);
  });

  cached("what changes something makes what is stored here invalid (RFC 9111 §4.4)", (relay) => {
    const client = serving(relay);
    const request = head("GET /x HTTP/1.1", HOST);
    client.says(request);
    const upstream = relay.upstream();
    upstream.says(answer("one", FRESH));
    client.says(head("PUT /x HTTP/1.1", HOST, "Content-Length: 0"));
    upstream.says(head("HTTP/1.1 204 No Content"));
    client.says(request);
    upstream.says(answer("two", FRESH));

    expect(client.received).toEndWith("two");
  });

  cached("what is stored of a route is not what is forwarded under the same name", (relay) => {
    const client = serving(relay);
    client.says(head("GET /x HTTP/1.1", HOST));
    relay.upstream().says(answer("routed", FRESH));
    relay.configure({});
    const forwarded = relay.client();
    forwarded.says(head("GET http://a.example/x HTTP/1.1", HOST));
    relay.upstream().says(answer("forwarded", FRESH));

    expect(forwarded.received).toEndWith("forwarded");
  });

  cached("PURGE is told which URL it is", async (relay, cache) => {
    relay.configure(SETTINGS);
    const client = relay.client([], "127.0.0.1");
    client.says(head("PURGE /x HTTP/1.1", HOST));
    await relay.settled();

    expect(statuses(client)).toEqual([200]);
    expect(cache.purges).toEqual(["http://a.example/x"]);
  });
});
