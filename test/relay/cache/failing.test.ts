import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { answer, cached, cacheStatuses, fetched, GET, requestsOn } from "../../support/cache.ts";
import { type FakeRelay, head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const BEGUN = head("HTTP/1.1 200 OK", FRESH, 'ETag: "a"', "Content-Length: 10");

function three(relay: FakeRelay) {
  const clients = [relay.client(), relay.client(), relay.client()] as const;
  for (const client of clients) client.says(GET);
  return clients;
}

describe("before there is a head", () => {
  // Each row: how it fails | the status that the first is told.
  const ways: readonly (readonly [string, (relay: FakeRelay) => void, number])[] = [
    ["the connection is refused", (relay) => relay.dialFails("ECONNREFUSED"), 502],
    ["there is no connection in time", (relay) => relay.pass(4_000), 504],
    [
      "there is no answer in time",
      (relay) => {
        relay.upstream();
        relay.pass(4_000);
      },
      504,
    ],
    ["the upstream closes", (relay) => relay.upstream().ends(), 502],
    ["what comes is no answer", (relay) => relay.upstream().says("nonsense\r\n\r\n"), 502],
    [
      "half a head comes",
      (relay) => {
        const upstream = relay.upstream();
        upstream.says("HTTP/1.1 20");
        upstream.resets();
      },
      502,
    ],
  ];

  for (const [name, fails, status] of ways) {
    cached(`${name}: the first is told, and one of the others tries for the rest`, (relay) => {
      relay.configure({ timeouts: { connect: "3s", firstByte: "3s" } });
      const [first, second, third] = three(relay);
      fails(relay);

      expect(statuses(first)).toEqual([status]);
      expect(cacheStatuses(first)).toEqual(["fwd=uri-miss"]);
      expect(statuses(second)).toEqual([]);
      expect(relay.dials).toBe(1);

      relay.upstream().says(answer("two", FRESH));

      expect(second.received).toEndWith("two");
      expect(third.received).toEndWith("two");
    });
  }

  cached("when that one fails as well, all the rest are told", (relay) => {
    const clients = three(relay);
    relay.dialFails("ECONNREFUSED");
    relay.dialFails("ECONNREFUSED");

    for (const client of clients) expect(statuses(client)).toEqual([502]);
    expect(relay.dials).toBe(0);
    expect(relay.records.map(({ failure }) => failure)).toEqual(Array(3).fill("connection_refused"));
  });

  cached("a connection from the pool that has died is replaced, for all", (relay) => {
    const pooled = fetched(relay, GET.replace("/x", "/y"), answer("y"));
    const clients = three(relay);
    pooled.resets();

    expect(relay.read(cells.retries)).toBe(1);

    relay.upstream().says(answer("one", FRESH));

    for (const client of clients) expect(client.received).toEndWith("one");
  });
});

describe("within the body", () => {
  const ways: readonly (readonly [
    string,
    (relay: FakeRelay, upstream: ReturnType<FakeRelay["upstream"]>) => void,
    string,
  ])[] = [
    ["the upstream resets", (_, upstream) => upstream.resets(), "http_response_incomplete"],
    ["the upstream ends", (_, upstream) => upstream.ends(), "http_response_incomplete"],
    ["nothing more comes", (relay) => relay.pass(4_000), "connection_read_timeout"],
  ];

  for (const [name, fails, failure] of ways) {
    cached(`${name}: all are cut, and what came is kept as a part`, (relay) => {
      relay.configure({ timeouts: { body: "3s" } });
      const clients = three(relay);
      const upstream = relay.upstream();
      upstream.says(`${BEGUN}0123`);
      fails(relay, upstream);

      for (const client of clients) {
        expect(client.received).toEndWith("\r\n\r\n0123");
        expect(client.isClosed).toBe(true);
      }
      expect(relay.records.map((record) => record.failure)).toEqual(Array(3).fill(failure));

      const next = relay.client();
      next.says(GET);
      const second = relay.upstream();

      expect(second.received).toContain('Range: bytes=4-\r\nIf-Range: "a"');

      second.says(
        `${head("HTTP/1.1 206 Partial Content", 'ETag: "a"', FRESH, "Content-Range: bytes 4-9/10", "Content-Length: 6")}456789`,
      );

      expect(next.received).toEndWith("\r\n\r\n0123456789");
    });
  }

  cached("without an ETag nothing of it is kept", (relay, { memory }) => {
    three(relay);
    const upstream = relay.upstream();
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, "Content-Length: 10")}0123`);
    upstream.resets();

    expect(memory.has("a.example/x")).toBe(false);
  });

  cached("who comes after all were cut asks anew", (relay) => {
    const clients = three(relay);
    const upstream = relay.upstream();
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, "Content-Length: 10")}0123`);
    upstream.resets();
    const next = relay.client();
    next.says(GET);
    const second = relay.upstream();
    second.says(answer("one", FRESH));

    expect(next.received).toEndWith("one");
    expect(requestsOn(second)).toBe(1);
    expect(clients.every(({ isClosed }) => isClosed)).toBe(true);
  });
});
