import { describe, expect } from "bun:test";
import {
  answer,
  cached,
  cacheStatuses,
  type FakeCache,
  fetched,
  GET,
  HOST,
  requestsOn,
  valuesOf,
} from "../../support/cache.ts";
import type { FakeLink } from "../../support/fake-link.ts";
import { type FakeRelay, head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const ETAG = 'ETag: "a"';
const WHOLE = "0123456789";

function asks(range: string, ...fields: readonly string[]): string {
  return head("GET http://a.example/x HTTP/1.1", HOST, `Range: bytes=${range}`, ...fields);
}

function part(first: number, last: number, ...lines: readonly string[]): string {
  const body = WHOLE.slice(first, last + 1);
  return `${head(
    "HTTP/1.1 206 Partial Content",
    ...lines,
    `Content-Range: bytes ${first}-${last}/10`,
    `Content-Length: ${body.length}`,
  )}${body}`;
}

/** The first four bytes are stored. */
const origins: Readonly<Record<string, (relay: FakeRelay) => FakeLink>> = {
  "of a 206": (relay) => fetched(relay, asks("0-3"), part(0, 3, FRESH, ETAG)),
  "of a whole answer that was cut short": (relay) => {
    const { upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, ETAG, "Content-Length: 10")}0123`);
    upstream.resets();
    relay.told();
    return upstream;
  },
};

for (const [origin, store] of Object.entries(origins)) {
  const asked = (relay: FakeRelay) => (relay.dials > 0 ? relay.upstream() : undefined);

  describe(`a stored part, ${origin} (RFC 9111 §3.3)`, () => {
    cached("answers ranges that are within it", (relay) => {
      store(relay);
      const client = relay.client();
      client.says(asks("1-2"));

      expect(statuses(client)).toEqual([206]);
      expect(valuesOf(client, "Content-Range")).toEqual(["bytes 1-2/10"]);
      expect(client.received).toEndWith("\r\n\r\n12");
      expect(relay.dials).toBe(0);
    });

    cached("answers no others", (relay) => {
      const first = store(relay);
      const client = relay.client();
      client.says(asks("2-5"));
      const upstream = asked(relay) ?? first;

      expect(upstream.received).toContain("Range: bytes=2-5");

      upstream.says(part(2, 5, FRESH, ETAG));

      expect(client.received).toEndWith("2345");
      expect(cacheStatuses(client)).toEqual(["fwd=partial; ttl=60; stored"]);
    });

    cached("is completed for who wants all of it (§3.4)", (relay) => {
      const first = store(relay);
      const client = relay.client();
      client.says(GET);
      const upstream = asked(relay) ?? first;

      expect(upstream.received).toContain('Range: bytes=4-\r\nIf-Range: "a"\r\n');

      const shared = relay.client();
      shared.says(GET);
      upstream.says(part(4, 9, FRESH, ETAG));
      client.says(GET);

      expect(statuses(client)).toEqual([200, 200]);
      expect(valuesOf(client, "Content-Length")).toEqual(["10", "10"]);
      expect(valuesOf(client, "Content-Range")).toEqual([]);
      expect(client.received.match(/\d{10}$/gm)).toBeTruthy();
      expect(shared.received).toEndWith(WHOLE);
      expect(cacheStatuses(client)).toEqual(["fwd=partial; fwd-status=206; ttl=60; stored", "hit; ttl=60"]);
    });

    cached("makes way for another whole", (relay) => {
      const first = store(relay);
      const client = relay.client();
      client.says(GET);
      const upstream = asked(relay) ?? first;
      upstream.says(answer("another", FRESH, 'ETag: "b"'));
      client.says(GET);

      expect(client.received.match(/another/g)).toHaveLength(2);
    });

    // Each row: what the upstream says though it was asked with If-Range.
    const misfits = [
      ["a rest of something else", part(4, 9, FRESH, 'ETag: "b"')],
      ["a rest that leaves a gap", part(5, 9, FRESH, ETAG)],
      ["a rest without its end", part(4, 8, FRESH, ETAG)],
      [
        "that there is no such rest",
        head("HTTP/1.1 416 No", "Content-Range: bytes */4", "Content-Length: 0"),
      ],
    ] as const;
    for (const [name, said] of misfits) {
      cached(`${name} is not passed for the answer: it is asked for whole`, (relay) => {
        const first = store(relay);
        const client = relay.client();
        client.says(GET);
        const upstream = asked(relay) ?? first;
        upstream.says(said);

        expect(client.received).toBe("");

        const again = asked(relay) ?? upstream;
        expect(again.received.slice(again.received.lastIndexOf("GET "))).not.toContain("Range");
        again.says(answer("another", FRESH, 'ETag: "b"'));
        client.says(GET);

        expect(statuses(client)).toEqual([200, 200]);
        expect(client.received).toEndWith("another");
      });
    }

    cached("is no answer to HEAD, and does not become whole by one (§4.3.5)", (relay) => {
      const first = store(relay);
      const client = relay.client();
      client.says(head("HEAD http://a.example/x HTTP/1.1", HOST));
      const upstream = asked(relay) ?? first;
      upstream.says(head("HTTP/1.1 200 OK", FRESH, ETAG, "Content-Length: 10"));
      client.says(GET);
      (asked(relay) ?? upstream).says(answer(WHOLE, FRESH, ETAG));

      expect(client.received).toEndWith(WHOLE);
      expect(valuesOf(client, "Content-Length")).toEqual(["10", "10"]);
    });

    cached("is not completed when its rest breaks off as well: the client is cut", (relay) => {
      const first = store(relay);
      const client = relay.client();
      client.says(GET);
      const upstream = asked(relay) ?? first;
      upstream.says(part(4, 9, FRESH, ETAG).slice(0, -2));
      upstream.resets();

      expect(client.isClosed).toBe(true);
      expect(client.received).toEndWith("01234567");

      const other = relay.client();
      other.says(GET);
      relay.upstream().says(part(8, 9, FRESH, ETAG));

      expect(other.received).toEndWith(WHOLE);
    });
  });
}

cached("of a part whose end was not known: that it is the whole is no rest of it", (relay) => {
  const unknown = part(0, 9, FRESH, ETAG).replace("/10", "/*");
  const upstream = fetched(relay, asks("0-9"), unknown);
  const client = relay.client();
  client.says(GET);
  upstream.says(part(0, 3, FRESH, ETAG));

  expect(client.received).toBe("");

  relay.upstream().says(answer(WHOLE, FRESH, ETAG));

  expect(client.received).toEndWith(WHOLE);
});

describe("of a part that can't be completed", () => {
  // Each row: what it shows | the range asked for | what the upstream said.
  const rows = [
    ["nothing says that it is the same", "0-3", part(0, 3, FRESH)],
    ["its validator is weak", "0-3", part(0, 3, FRESH, 'ETag: W/"a"')],
    ["it is no beginning", "4-9", part(4, 9, FRESH, ETAG)],
  ] as const;

  for (const [name, range, said] of rows) {
    cached(`the whole is asked for, and shared: ${name}`, (relay) => {
      const upstream = fetched(relay, asks(range), said);
      const [first, second] = [relay.client(), relay.client()];
      first.says(GET);
      second.says(GET);

      expect(requestsOn(upstream)).toBe(2);
      expect(relay.dials).toBe(0);
      expect(valuesOf(upstream, "Range")).toEqual([`bytes=${range}`]);

      upstream.says(answer(WHOLE, FRESH));

      expect(first.received).toEndWith(WHOLE);
      expect(second.received).toEndWith(WHOLE);
    });
  }
});

describe("what is not the part that it says it is, is not stored", () => {
  const rows = [
    [
      "too short",
      `${head("HTTP/1.1 206 Partial Content", FRESH, ETAG, "Content-Range: bytes 0-5/10", "Content-Length: 4")}0123`,
    ],
    ["no place", `${head("HTTP/1.1 206 Partial Content", FRESH, ETAG, "Content-Length: 4")}0123`],
  ] as const;

  for (const [name, said] of rows) {
    cached(name, (relay, { memory }: FakeCache) => {
      fetched(relay, asks("0-5"), said);

      expect(memory.has("a.example/x")).toBe(false);
    });
  }
});
