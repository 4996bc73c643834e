import { describe, expect } from "bun:test";
import { head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/x?y=1 HTTP/1.1", HOST);
const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");

function rule(name: string, action: string, rest: object): object {
  return { name, action, ...rest };
}

describe("header rules", () => {
  const FIELDS = rule("fields", "headers", {
    request: {
      remove: ["X-Old"],
      set: [{ name: "X-Set", value: "1" }],
      add: [{ name: "X-Added", value: "2" }],
    },
    response: { remove: ["Server"], set: [{ name: "X-Set", value: "3" }] },
  });
  const asked = head("GET http://a.example/ HTTP/1.1", HOST, "X-Old: 0", "X-Set: 0", "X-Added: 0");

  transcript("change the request on its way there, and the answer on its way back", (relay) => {
    relay.configure({ policy: { rules: [FIELDS] } });
    const client = relay.client();
    client.says(asked);
    const upstream = relay.upstream();
    upstream.says(head("HTTP/1.1 200 OK", "Server: x", "X-Set: 0", "Content-Length: 0"));

    expect(upstream.received).toBe(
      head("GET / HTTP/1.1", HOST, "X-Set: 1", "X-Added: 0", "X-Added: 2", "Via: 1.1 headgate"),
    );
    expect(client.received).toBe(
      head("HTTP/1.1 200 OK", "X-Set: 3", "Content-Length: 0", "Via: 1.1 headgate"),
    );
  });

  transcript("change each of several requests of a connection, and only those that they match", (relay) => {
    relay.configure({ policy: { rules: [{ ...FIELDS, paths: ["/x"] }] } });
    const client = relay.client();
    client.says(GET);
    const upstream = relay.upstream();
    upstream.says(OK);
    client.says(head("GET http://a.example/y HTTP/1.1", HOST));
    upstream.says(OK);
    client.says(GET);
    upstream.says(OK);

    const requests = upstream.received.split("\r\n\r\n").slice(0, 3);
    expect(requests.map((text) => text.includes("X-Added: 2"))).toEqual([true, false, true]);
    expect(client.received.split("\r\n\r\n").map((text) => text.includes("X-Set: 3"))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  transcript("change what is sent again after a retry just once", (relay) => {
    relay.configure({ policy: { rules: [FIELDS] } });
    const client = relay.client();
    client.says(GET);
    const first = relay.upstream();
    first.says(OK);
    client.says(GET);
    first.closes();
    const second = relay.upstream();
    second.says(OK);

    expect(second.received.match(/X-Added/g)?.length).toBe(1);
    expect(statuses(client)).toEqual([200, 200]);
  });

  transcript("leave answers of ours alone", (relay) => {
    relay.configure({ policy: { rules: [FIELDS, rule("no", "deny", {})] } });
    const client = relay.client();
    client.says(GET);

    expect(client.received).not.toContain("X-Set");
  });
});

describe("a rewrite", () => {
  const MOVED = rule("moved", "rewrite", {
    hosts: ["a.example"],
    rewrite: { host: "b.example:8080", pathPrefix: { from: "/x", to: "/z" } },
  });

  transcript("asks another for something else, and the log tells what was asked for", (relay) => {
    relay.configure({ policy: { rules: [MOVED] } });
    relay.names.set("b.example", { ok: true, addresses: ["2.0.0.2"] });
    const client = relay.client();
    client.says(GET);
    expect(relay.told()).toEqual(["dial 2.0.0.2 port 8080"]);
    const upstream = relay.upstream();
    upstream.says(OK);

    expect(upstream.received).toBe(head("GET /z?y=1 HTTP/1.1", "Host: b.example:8080", "Via: 1.1 headgate"));
    expect(relay.records).toMatchObject([{ target: "http://a.example/x?y=1", upstream: "2.0.0.2:8080" }]);
  });

  transcript("uses the connections of where it leads", (relay) => {
    relay.configure({ policy: { rules: [MOVED] } });
    const client = relay.client();
    client.says(GET);
    const upstream = relay.upstream();
    upstream.says(OK);
    client.says(head("GET http://b.example:8080/ HTTP/1.1", "Host: b.example:8080"));
    upstream.says(OK);

    expect(statuses(client)).toEqual([200, 200]);
  });

  transcript("is judged again: what may not be asked for directly may not be reached by it", (relay) => {
    relay.configure({ policy: { rules: [MOVED, rule("no-b", "deny", { hosts: ["b.example"] })] } });
    const client = relay.client();
    client.says(GET);

    expect(statuses(client)).toEqual([403]);
    expect(relay.records).toMatchObject([{ rule: "no-b" }]);
    expect(relay.dials).toBe(0);
  });

  transcript("leaves a tunnel alone", (relay) => {
    relay.configure({ policy: { rules: [MOVED] } });
    relay.client().says(head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443"));

    expect(relay.told()).toEqual(["dial 1.0.2.1 port 443"]);
    relay.dialFails("ECONNREFUSED");
  });
});

describe("what an upstream learns of the client", () => {
  const asked = head(
    "GET http://a.example/ HTTP/1.1",
    HOST,
    "X-Forwarded-For: 203.0.113.9",
    "X-Real-IP: 203.0.113.9",
    "User-Agent: me",
  );

  // Each row: the settings | what is there | what is not.
  const rows = [
    [{}, ["X-Forwarded-For: 203.0.113.9\r\n", "Via: 1.1 headgate\r\n", "X-Real-IP"], ["192.0.2.7"]],
    [
      { forwarded: "append" },
      ["X-Forwarded-For: 203.0.113.9, 192.0.2.7\r\n", "for=192.0.2.7;host=a.example"],
      [],
    ],
    [{ forwarded: "replace" }, ["X-Forwarded-For: 192.0.2.7\r\n"], ["X-Forwarded-For: 203"]],
    [{ forwarded: "hide" }, ["X-Real-IP"], ["X-Forwarded-For", "Forwarded", "192.0.2.7"]],
    [{ via: { mode: "off" } }, ["X-Forwarded-For"], ["Via"]],
    [{ via: { mode: "on" } }, ["Via: 1.1 proxy.example\r\n"], ["headgate"]],
    [
      { anonymous: { enabled: true } },
      ["User-Agent: me"],
      ["X-Forwarded-For", "X-Real-IP", "Via", "192.0.2.7"],
    ],
    [{ anonymous: { enabled: true, userAgent: "none" } }, ["User-Agent: none\r\n"], ["User-Agent: me"]],
  ] as const;

  for (const [settings, there, gone] of rows) {
    transcript(`with ${JSON.stringify(settings)}`, (relay) => {
      relay.configure(settings);
      const client = relay.client();
      client.says(asked);
      const upstream = relay.upstream();
      upstream.says(OK);

      for (const text of there) expect(upstream.received).toContain(text);
      for (const text of gone) expect(upstream.received).not.toContain(text);
      expect(client.received.includes("Via:")).toBe(upstream.received.includes("Via:"));
    });
  }

  transcript("is each client's own on a connection that two share", (relay) => {
    relay.configure({ forwarded: "append" });
    relay.client([], "192.0.2.1").says(GET);
    const upstream = relay.upstream();
    upstream.says(OK);
    relay.client([], "192.0.2.2").says(GET);
    upstream.says(OK);

    expect([...upstream.received.matchAll(/For: (.*)\r/g)].map(([, address]) => address)).toEqual([
      "192.0.2.1",
      "192.0.2.2",
    ]);
  });
});
