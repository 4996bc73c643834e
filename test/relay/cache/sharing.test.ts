import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { answer, cached, cacheStatuses, GET, HOST, requestsOn } from "../../support/cache.ts";
import { type FakeRelay, head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const BEGUN = head("HTTP/1.1 200 OK", FRESH, "Content-Length: 10");

function ask(relay: FakeRelay, count: number, request = GET) {
  return Array.from({ length: count }, () => {
    const client = relay.client();
    client.says(request);
    return client;
  });
}

describe("many ask for what is being fetched", () => {
  cached("the upstream is asked once, and all get the answer", (relay) => {
    const clients = ask(relay, 5);

    expect(relay.dials).toBe(1);

    const upstream = relay.upstream();
    upstream.says(`${BEGUN}01234`);
    for (const client of clients) expect(client.received).toEndWith("\r\n\r\n01234");
    upstream.says("56789");

    for (const client of clients) expect(client.received).toEndWith("\r\n\r\n0123456789");
    expect(requestsOn(upstream)).toBe(1);
    expect(cacheStatuses(clients[0]!)).toEqual(["fwd=uri-miss; ttl=60; stored"]);
    expect(cacheStatuses(clients[4]!)).toEqual(["fwd=uri-miss; ttl=60; stored; collapsed"]);
    expect(relay.read(cells.cacheRequests.miss)).toBe(1);
    expect(relay.read(cells.cacheRequests.collapsed)).toBe(4);
    expect(relay.read(cells.cacheBytesFetched)).toBe(10);
    expect(relay.records.map(({ bytesOut }) => bytesOut)).toEqual(clients.map((each) => each.receivedBytes));
    expect(relay.pooled).toBe(1);
  });

  cached("who comes in the middle of the body has all of it", (relay) => {
    const { upstream } = relay.exchange(GET);
    upstream.says(`${BEGUN}012`);
    upstream.says("345");
    const [late] = ask(relay, 1);

    expect(late?.received).toEndWith("\r\n\r\n012345");

    upstream.says("6789");

    expect(late?.received).toEndWith("\r\n\r\n0123456789");
    expect(requestsOn(upstream)).toBe(1);
  });

  cached("each is answered in its own version of HTTP", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    const [old] = ask(relay, 1, head("GET http://a.example/x HTTP/1.0"));
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked")}3\r\nabc\r\n`);
    upstream.says("0\r\nX-Sum: 1\r\n\r\n");

    expect(client.received).toEndWith("\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n");
    expect(old?.received).toEndWith("Connection: close\r\n\r\nabc");
    expect(relay.told()).toContain("client 2 end");
  });

  cached("what the upstream says before its answer is for the one who asked it", (relay) => {
    const clients = ask(relay, 2);
    relay.upstream().says(head("HTTP/1.1 103 Early Hints") + answer("x", FRESH));

    expect(clients.map(statuses)).toEqual([[103, 200], [200]]);
  });

  cached("an answer without a body is shared too", (relay) => {
    const clients = ask(relay, 2);
    relay.upstream().says(head("HTTP/1.1 204 No Content", FRESH));

    for (const client of clients) expect(statuses(client)).toEqual([204]);
  });

  cached("HEAD asks for itself", (relay) => {
    const { upstream } = relay.exchange(GET);
    const [asks] = ask(relay, 1, head("HEAD http://a.example/x HTTP/1.1", HOST));
    relay.upstream().says(head("HTTP/1.1 200 OK", "Content-Length: 10"));

    expect(statuses(asks!)).toEqual([200]);

    upstream.says(`${BEGUN}0123456789`);
  });
});

describe("what turns out to be for its client alone", () => {
  // Each row: why | the answer's lines.
  const rows = [
    ["no-store", "Cache-Control: no-store"],
    ["private", "Cache-Control: private, max-age=60"],
    ["no freshness", "X-None: 1"],
    ["too large", FRESH],
  ] as const;

  for (const [name, line] of rows) {
    const body = "x".repeat(name === "too large" ? 300_000 : 3);
    cached(`${name}: each of the others goes alone, at once`, (relay) => {
      const clients = ask(relay, 3);
      const first = relay.upstream();
      first.says(`${head("HTTP/1.1 200 OK", line, `Content-Length: ${body.length}`)}x`);

      expect(relay.dials).toBe(2);

      relay.upstream().says(answer("two"));
      relay.upstream().says(answer("three"));
      first.says(body.slice(1));

      expect(clients.map(({ received }) => received.slice(received.indexOf("\r\n\r\n") + 4))).toEqual([
        body,
        "two",
        "three",
      ]);
      expect(cacheStatuses(clients[1]!)).toEqual(["fwd=uri-miss"]);
    });
  }

  cached("for ten seconds nobody waits under this URL, and then again", (relay) => {
    ask(relay, 2);
    const first = relay.upstream();
    first.says(answer("one"));
    const second = relay.upstream();
    second.says(answer("two"));
    relay.told();
    ask(relay, 2);

    expect([first, second].map(requestsOn)).toEqual([2, 2]);

    first.says(answer("one"));
    second.says(answer("two"));
    relay.pass(11_000);
    ask(relay, 2);

    expect(requestsOn(first) + requestsOn(second)).toBe(5);
    expect(relay.dials).toBe(0);

    (requestsOn(first) === 3 ? first : second).says(answer("three", FRESH));
  });

  cached("once it is stored it is shared again at once", (relay) => {
    ask(relay, 2);
    const first = relay.upstream();
    first.says(answer("one"));
    relay.upstream().says(answer("two", "Cache-Control: max-age=1"));
    relay.pass(2_000);
    ask(relay, 2);

    expect(relay.dials).toBe(0);
    expect(relay.pooled).toBe(1);

    relay.cut();
  });
});
