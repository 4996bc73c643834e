import { describe, expect } from "bun:test";
import {
  answer,
  cached,
  cacheStatuses,
  fetched,
  GET,
  HOST,
  requestsOn,
  valuesOf,
} from "../../support/cache.ts";
import type { FakeLink } from "../../support/fake-link.ts";
import { type FakeRelay, found, head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const PUBLIC = { listeners: [{ address: "0.0.0.0:8888", clients: ["0.0.0.0/0"] }] };

function rules(...given: readonly object[]): { policy: object } {
  return { policy: { rules: given } };
}

/** What one is given of an answer that another has fetched, in each of the ways that it can be had. */
const ways: Readonly<Record<string, (relay: FakeRelay, said: string, ask: () => FakeLink) => FakeLink>> = {
  "that is stored": (relay, said, ask) => {
    fetched(relay, GET, said);
    return ask();
  },
  "that is being fetched": (relay, said, ask) => {
    const { upstream } = relay.exchange(GET);
    const client = ask();
    upstream.says(said);
    return client;
  },
  "that has begun to come": (relay, said, ask) => {
    const { upstream } = relay.exchange(GET);
    upstream.says(said.slice(0, -1));
    const client = ask();
    upstream.says(said.slice(-1));
    return client;
  },
  "that is being validated": (relay, said, ask) => {
    const upstream = fetched(relay, GET, said.replace(FRESH, 'Cache-Control: max-age=1\r\nETag: "a"'));
    relay.pass(5_000);
    relay.client().says(GET);
    const client = ask();
    upstream.says(head("HTTP/1.1 304 Not Modified", FRESH));
    return client;
  },
};

for (const [way, give] of Object.entries(ways)) {
  describe(`an answer ${way}`, () => {
    const asks = (relay: FakeRelay, address?: string) => () => {
      const client = relay.client([], address);
      client.says(GET);
      return client;
    };

    cached("is denied to whom its host is denied", (relay) => {
      relay.configure(rules({ name: "no", action: "deny", clients: ["192.0.2.8"], hosts: ["a.example"] }));
      const client = give(relay, answer("one", FRESH), asks(relay, "192.0.2.8"));

      expect(statuses(client)).toEqual([403]);
    });

    cached("has the fields that rules on answers say, for each client its own", (relay) => {
      relay.configure(
        rules({
          name: "fields",
          action: "headers",
          clients: ["192.0.2.8"],
          response: { remove: ["Server"], set: [{ name: "X-Set", value: "1" }] },
        }),
      );
      const client = give(relay, answer("one", FRESH, "Server: x"), asks(relay, "192.0.2.8"));
      const plain = relay.client();
      plain.says(GET);

      expect([valuesOf(client, "Server"), valuesOf(client, "X-Set")]).toEqual([[], ["1"]]);
      expect([valuesOf(plain, "Server"), valuesOf(plain, "X-Set")]).toEqual([["x"], []]);
      expect(client.received).toEndWith("one");
    });

    cached("is refused by its type to whom a rule says so, and to no other", (relay) => {
      relay.configure(
        rules({
          name: "kinds",
          action: "content",
          clients: ["192.0.2.8"],
          content: { mediaTypes: ["image/*"] },
        }),
      );
      const said = answer("one", FRESH, "Content-Type: image/png");
      const client = give(relay, said, asks(relay, "192.0.2.8"));
      const other = relay.client();
      other.says(GET);

      expect(statuses(client)).not.toContain(200);
      expect(client.received).not.toContain("one");
      expect(other.received).toEndWith("one");
    });

    cached("is refused by its size", (relay) => {
      relay.configure(
        rules({ name: "small", action: "content", clients: ["192.0.2.8"], content: { answerBytes: "2B" } }),
      );
      const client = give(relay, answer("one", FRESH), asks(relay, "192.0.2.8"));

      expect(statuses(client)).not.toContain(200);
      expect(client.received).not.toContain("\r\n\r\none");
    });

    cached(
      "from an address that only a rule leads this client's neighbour to, is not this client's",
      (relay) => {
        relay.names.set("a.example", found("10.1.1.1"));
        relay.configure({
          ...PUBLIC,
          ...rules({ name: "in", action: "allow", clients: ["192.0.2.7"], addresses: ["10.0.0.0/8"] }),
        });
        const { client: neighbour, upstream } = relay.exchange(GET);
        const client = relay.client([], "192.0.2.8");
        client.says(GET);
        upstream.says(answer("one", FRESH));
        const later = relay.client([], "192.0.2.8");
        later.says(GET);

        expect(neighbour.received).toEndWith("one");
        expect([client, later].map(statuses)).toEqual([[403], [403]]);
      },
    );
  });

  cached(
    `an answer ${way}, from an address of the inside, is not for clients of a listener that faces out`,
    (relay) => {
      relay.names.set("a.example", found("127.0.0.1"));
      const client = give(relay, answer("one", FRESH), () => {
        relay.configure(PUBLIC);
        const outside = relay.client();
        outside.says(GET);
        return outside;
      });

      expect(statuses(client)).toEqual([403]);
      expect(client.received).not.toContain("one");
      expect(relay.records.find(({ status }) => status === 403)).toMatchObject({ reason: "address" });
    },
  );
}

describe("what a rule makes of a request", () => {
  const FIELDS = {
    name: "fields",
    action: "headers",
    clients: ["192.0.2.8"],
    request: { set: [{ name: "X-Kind", value: "1" }] },
  };

  cached("is kept apart from what others ask for", (relay) => {
    relay.configure(rules(FIELDS));
    const upstream = fetched(relay, GET, answer("plain", FRESH));
    const set = relay.client([], "192.0.2.8");
    set.says(GET);
    upstream.says(answer("set", FRESH));
    set.says(GET);
    const plain = relay.client();
    plain.says(GET);

    expect(valuesOf(upstream, "X-Kind")).toEqual(["1"]);
    expect(cacheStatuses(set)).toEqual(["fwd=uri-miss; ttl=60; stored", "hit; ttl=60"]);
    expect(set.received).toEndWith("set");
    expect(plain.received).toEndWith("plain");
  });

  cached("is not shared with them either", (relay) => {
    relay.configure(rules(FIELDS));
    const { client, upstream } = relay.exchange(GET);
    const set = relay.client([], "192.0.2.8");
    set.says(GET);
    relay.upstream().says(answer("set", FRESH));
    upstream.says(answer("plain", FRESH));

    expect(set.received).toEndWith("set");
    expect(client.received).toEndWith("plain");
  });

  cached("is its own to change, too: what was stored of it is forgotten", (relay) => {
    relay.configure(rules(FIELDS));
    const set = relay.client([], "192.0.2.8");
    set.says(GET);
    const upstream = relay.upstream();
    upstream.says(answer("old", FRESH));
    set.says(head("DELETE http://a.example/x HTTP/1.1", HOST));
    upstream.says(head("HTTP/1.1 204 No Content"));
    set.says(GET);
    upstream.says(answer("new", FRESH));

    expect(set.received).toEndWith("new");
  });

  cached("credentials that it adds make the answer nobody's but theirs (RFC 9111 §3.5)", (relay) => {
    relay.configure(
      rules({
        name: "key",
        action: "headers",
        request: { set: [{ name: "Authorization", value: "Bearer x" }] },
      }),
    );
    const upstream = fetched(relay, GET, answer("one", FRESH));
    const client = relay.client();
    client.says(GET);
    upstream.says(answer("two", FRESH));

    expect(requestsOn(upstream)).toBe(2);
  });

  cached("a rewrite shares what is stored of where it leads", (relay) => {
    relay.configure(
      rules({ name: "turn", action: "rewrite", hosts: ["b.example"], rewrite: { host: "a.example:80" } }),
    );
    fetched(relay, GET, answer("one", FRESH));
    const client = relay.client();
    client.says(head("GET http://b.example/x HTTP/1.1", "Host: b.example"));

    expect(client.received).toEndWith("one");
    expect(relay.records.at(-1)).toMatchObject({ rewritten: "http://a.example/x", cache: "hit" });
  });
});
