import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import {
  answer,
  cached,
  cachedOnDisk,
  cacheStatuses,
  fetched,
  GET,
  HOST,
  requestsOn,
} from "../../support/cache.ts";
import { head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";

function asks(method: string, path = "/x", ...fields: readonly string[]): string {
  return head(`${method} http://a.example${path} HTTP/1.1`, HOST, "Content-Length: 0", ...fields);
}

describe("what a request may have changed is forgotten (RFC 9111 §4.4)", () => {
  // Each row: what it shows | the request | the status line of its answer, and a field | whether /x is forgotten.
  const rows: readonly (readonly [string, string, string, string, boolean])[] = [
    ["POST", asks("POST"), "200 OK", "X-None: 1", true],
    ["PUT", asks("PUT"), "204 No Content", "X-None: 1", true],
    ["DELETE", asks("DELETE"), "202 Accepted", "X-None: 1", true],
    ["PATCH", asks("PATCH"), "200 OK", "X-None: 1", true],
    ["a method that nobody knows", asks("FROB"), "200 OK", "X-None: 1", true],
    ["a redirect", asks("POST"), "303 See Other", "Location: /elsewhere", true],
    ["an error changes nothing", asks("POST"), "500 Internal Server Error", "X-None: 1", false],
    ["nor does a refusal", asks("DELETE"), "403 Forbidden", "X-None: 1", false],
    ["nor a safe method", asks("OPTIONS"), "200 OK", "X-None: 1", false],
    ["another path", asks("POST", "/y"), "200 OK", "X-None: 1", false],
    ["Location", asks("POST", "/y"), "201 Created", "Location: /x", true],
    ["Location, in full", asks("POST", "/y"), "201 Created", "Location: http://a.example/x", true],
    ["Content-Location", asks("POST", "/y"), "200 OK", "Content-Location: x", true],
    ["Location elsewhere", asks("POST", "/y"), "201 Created", "Location: http://b.example/x", false],
  ];

  for (const [name, request, status, field, isForgotten] of rows) {
    cached(`${name}${isForgotten ? "" : " (it stays)"}`, (relay) => {
      const upstream = fetched(relay, GET, answer("one", FRESH));
      const client = relay.client();
      client.says(request);
      const bodiless = status.startsWith("204");
      upstream.says(head(`HTTP/1.1 ${status}`, field, ...(bodiless ? [] : ["Content-Length: 0"])));
      client.says(GET);
      if (isForgotten) upstream.says(answer("two"));

      expect(client.received).toEndWith(isForgotten ? "two" : "one");
      expect(cacheStatuses(client)[0]).toBe("fwd=method");
      expect(relay.read(cells.cacheInvalidated)).toBe(isForgotten ? 1 : 0);
    });
  }

  cachedOnDisk("on the disk as well", async (relay, _cache, disk) => {
    const upstream = fetched(relay, GET, answer("x".repeat(300_000), FRESH));
    await relay.settled();
    expect(disk.objects.size).toBe(1);
    relay.client().says(asks("POST"));
    upstream.says(head("HTTP/1.1 200 OK", "Content-Length: 0"));

    expect(disk.objects.size).toBe(0);
  });

  cached("all variants of it", (relay, { memory }) => {
    const upstream = fetched(relay, GET, answer("one", FRESH, "Vary: X-Kind"));
    relay.client().says(asks("POST"));
    upstream.says(head("HTTP/1.1 200 OK", "Content-Length: 0"));

    expect(memory.has("a.example/x")).toBe(false);
  });
});

describe("what is being fetched meanwhile", () => {
  cached("goes to who asked before, is not stored, and not given to who asks after", (relay, { memory }) => {
    const { client: before, upstream } = relay.exchange(GET);
    const changes = relay.client();
    changes.says(asks("POST"));
    relay.upstream().says(head("HTTP/1.1 200 OK", "Content-Length: 0"));
    changes.says(GET);

    // On the connection of the POST.
    expect(relay.pooled).toBe(0);

    upstream.says(answer("old", FRESH));

    expect(before.received).toEndWith("old");
    expect(changes.received).not.toContain("old");
    expect(memory.has("a.example/x")).toBe(false);

    relay.cut();
  });
});

describe("the answer to a POST that says it is what GET gives (RFC 9110 §9.3.3)", () => {
  const CREATED = answer("new", FRESH, "Content-Location: /x");

  cached("is stored for GET", (relay) => {
    const upstream = fetched(relay, asks("POST"), CREATED);
    const client = relay.client();
    client.says(GET);

    expect(client.received).toEndWith("new");
    expect(cacheStatuses(client)).toEqual(["hit; ttl=60"]);
    expect(requestsOn(upstream)).toBe(1);
  });

  // Each row: why it is not | the answer.
  const rows = [
    ["it names another URL", answer("new", FRESH, "Content-Location: /y")],
    ["it names none", answer("new", FRESH)],
    ["its freshness is not explicit", answer("new", "Content-Location: /x")],
    ["it reports an error", CREATED.replace("200 OK", "404 Not Found")],
  ] as const;
  for (const [name, said] of rows) {
    cached(`is not, when ${name}`, (relay, { memory }) => {
      fetched(relay, asks("POST"), said);

      expect(memory.has("a.example/x")).toBe(false);
    });
  }

  cached("is not, when it was cut short", (relay, { memory }) => {
    const { upstream } = relay.exchange(asks("POST"));
    upstream.says(CREATED.slice(0, -1));
    upstream.resets();

    expect(memory.has("a.example/x")).toBe(false);
  });

  cached("is whole where a rule watches its size", (relay) => {
    relay.configure({
      policy: { rules: [{ name: "small", action: "content", content: { answerBytes: "9B" } }] },
    });
    const upstream = fetched(relay, asks("POST"), CREATED);
    const client = relay.client();
    client.says(GET);
    if (requestsOn(upstream) === 2) upstream.says(answer("new"));

    expect(client.received).toEndWith("new");
  });
});

cached("a rule that ignores parameters is kept to", (relay) => {
  relay.configure({ cache: { rules: [{ ignoreQuery: ["utm_*"] }] } });
  const upstream = fetched(relay, GET, answer("one", FRESH));
  const client = relay.client();
  client.says(asks("POST", "/x?utm_source=mail"));
  upstream.says(head("HTTP/1.1 200 OK", "Content-Length: 0"));
  client.says(GET);
  upstream.says(answer("two"));

  expect(client.received).toEndWith("two");
  expect(statuses(client)).toEqual([200, 200]);
});
