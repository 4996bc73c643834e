import { describe, expect } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import type { FakeLink } from "../support/fake-link.ts";
import { type FakeRelay, head, statuses, transcript } from "../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const DONE = head("HTTP/1.1 204 No Content");

/** The upstream has served an exchange, and waits in the pool. */
function pooled(relay: FakeRelay): { client: FakeLink; upstream: FakeLink } {
  const both = relay.exchange(GET);
  both.upstream.says(DONE);
  relay.told();
  return both;
}

function bodyOf(method: string): string {
  return `${head(`${method} http://a.example/ HTTP/1.1`, HOST, "Content-Length: 3")}abc`;
}

const asked = (method: string) => head(`${method} http://a.example/ HTTP/1.1`, HOST);

describe("what died on a reused connection before any answer", () => {
  // Each row: what was asked | whether it is asked again.
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["GET", asked("GET"), true],
    ["HEAD", asked("HEAD"), true],
    ["OPTIONS", asked("OPTIONS"), true],
    ["TRACE", asked("TRACE"), true],
    ["DELETE", asked("DELETE"), true],
    ["PUT without a body", asked("PUT"), true],
    ["POST without a body", asked("POST"), false],
    ["PATCH", asked("PATCH"), false],
    ["a method that we do not know", asked("PURGE"), false],
    ["PUT with a body, which is gone", bodyOf("PUT"), false],
    ["POST with a body", bodyOf("POST"), false],
  ];

  for (const [name, request, isRepeated] of rows) {
    for (const how of ["ends", "closes", "resets"] as const) {
      transcript(`${name}: ${isRepeated ? "asked once more" : "told as 502"} when it ${how}`, (relay) => {
        const { client, upstream } = pooled(relay);
        client.says(request);
        upstream[how]();

        expect(relay.read(cells.retries)).toBe(isRepeated ? 1 : 0);
        if (isRepeated) {
          const fresh = relay.upstream();
          expect(fresh.received).toBe(upstream.received.slice(-fresh.received.length));
          fresh.says(DONE);
        }
        expect(statuses(client)).toEqual([204, isRepeated ? 204 : 502]);
        expect(upstream.isClosed).toBe(true);
        expect(relay.records.at(-1)?.failure).toBe(isRepeated ? undefined : "connection_terminated");
      });
    }
  }
});

transcript("it is asked again only once", (relay) => {
  const { client, upstream } = pooled(relay);
  client.says(GET);
  upstream.ends();
  relay.upstream().ends();

  expect(statuses(client)).toEqual([204, 502]);
  expect(relay.read(cells.retries)).toBe(1);
});

transcript("it is asked again on a new connection, never on another from the pool", (relay) => {
  const first = relay.exchange(GET);
  const second = relay.exchange(GET);
  first.upstream.says(DONE);
  second.upstream.says(DONE);
  relay.told();
  first.client.says(GET);
  second.upstream.ends();

  expect(relay.told()).toEqual([
    `upstream 2 < ${head("GET / HTTP/1.1", HOST, "Via: 1.1 headgate")}`,
    "upstream 2 drop",
    "dial 1.0.2.1 port 80",
  ]);
  expect(relay.pooled).toBe(1);
  relay.upstream().says(DONE);
});

transcript("nothing is asked again once a byte of an answer has come", (relay) => {
  const { client, upstream } = pooled(relay);
  client.says(GET);
  upstream.says("H");
  upstream.ends();

  expect(statuses(client)).toEqual([204, 502]);
  expect(relay.records.at(-1)?.failure).toBe("http_response_incomplete");
});

transcript("nothing is asked again of a new connection, which had read it", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  upstream.ends();

  expect(statuses(client)).toEqual([502]);
  expect(relay.read(cells.retries)).toBe(0);
});

transcript("what was never sent may go again, whatever it is", (relay) => {
  const { client, upstream } = pooled(relay);
  upstream.dies();
  client.says(asked("POST"));
  upstream.closes();

  const fresh = relay.upstream();
  expect(fresh.received).toStartWith("POST / HTTP/1.1\r\n");
  fresh.says(DONE);
  expect(statuses(client)).toEqual([204, 204]);
  expect(relay.records.at(-1)?.reused).toBe(false);
});

transcript("a body that comes after the retry goes to the new connection", (relay) => {
  const { client, upstream } = pooled(relay);
  client.says(head("PUT http://a.example/ HTTP/1.1", HOST, "Content-Length: 3"));
  upstream.ends();
  client.says("abc");
  const fresh = relay.upstream();
  fresh.says(DONE);

  expect(fresh.received).toEndWith("\r\n\r\nabc");
  expect(statuses(client)).toEqual([204, 204]);
});

transcript("a connection that ends without having taken the request is let go of", (relay) => {
  const { client, upstream } = pooled(relay);
  upstream.full = true;
  client.says(GET);
  upstream.ends();
  relay.upstream().says(DONE);

  expect(upstream.isClosed).toBe(true);
  expect(statuses(client)).toEqual([204, 204]);
});

describe("a connection in the pool", () => {
  for (const how of ["ends", "closes", "resets"] as const) {
    transcript(`goes when its peer ${how}`, (relay) => {
      const { upstream } = pooled(relay);
      upstream[how]();

      expect(relay.pooled).toBe(0);
      expect(upstream.isClosed).toBe(true);
    });
  }

  transcript("goes when its peer says a byte unasked", (relay) => {
    const { client, upstream } = pooled(relay);
    upstream.says("H");

    expect(relay.pooled).toBe(0);
    client.says(GET);
    relay.upstream().says(DONE);
    expect(statuses(client)).toEqual([204, 204]);
  });

  transcript("goes when it has been idle for too long", (relay) => {
    const { upstream } = pooled(relay);
    relay.pass(30_200);

    expect(upstream.isClosed).toBe(true);
  });

  transcript("gives way to a younger one when there are as many as may be", (relay) => {
    relay.configure({ pool: { perEndpoint: 1 } });
    const first = relay.exchange(GET);
    const second = relay.exchange(GET);
    first.upstream.says(DONE);
    second.upstream.says(DONE);

    expect(relay.pooled).toBe(1);
    expect(first.upstream.isClosed).toBe(true);
  });

  transcript("is not kept at all where none may be", (relay) => {
    relay.configure({ pool: { perEndpoint: 0 } });
    const { upstream } = pooled(relay);

    expect(upstream.isClosed).toBe(true);
  });

  transcript("serves only its own endpoint", (relay) => {
    const { client } = pooled(relay);
    client.says(head("GET http://a.example:8080/ HTTP/1.1", "Host: a.example:8080"));

    expect(relay.told()).toEqual(["dial 1.0.2.1 port 8080"]);
    relay.upstream().says(DONE);
  });
});
