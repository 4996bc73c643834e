import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const ELSEWHERE = head("GET http://a.example:81/ HTTP/1.1", "Host: a.example:81");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");

function limits(...given: readonly object[]): { policy: object } {
  return { policy: { limits: given } };
}

describe("connections at once", () => {
  const ann = `Proxy-Authorization: Basic ${btoa("ann:secret-of-ann")}`;
  const USERS = { authentication: { mode: "optional", users: [{ name: "ann", password: "secret-of-ann" }] } };
  const asAnn = head("GET http://a.example/ HTTP/1.1", HOST, ann);

  transcript("of a user are counted from when it is known, to its end", (relay) => {
    relay.configure({ ...USERS, ...limits({ name: "one", by: "user", open: 1 }) });
    const first = relay.client();
    first.says(asAnn);
    const upstream = relay.upstream();
    upstream.says(OK);
    first.says(asAnn);
    upstream.says(OK);
    const second = relay.client();
    second.says(asAnn);
    first.resets();
    second.says(asAnn);
    upstream.says(OK);

    expect(statuses(first)).toEqual([200, 200]);
    expect(statuses(second)).toEqual([429, 200]);
    expect(relay.read(cells.limitRefusals)).toBe(1);
  });

  transcript("of a user are free again when the connection becomes another's", (relay) => {
    relay.configure({ ...USERS, ...limits({ name: "one", by: "user", open: 1 }) });
    const first = relay.client();
    first.says(asAnn);
    const upstream = relay.upstream();
    upstream.says(OK);
    first.says(GET);
    upstream.says(OK);
    const second = relay.client();
    second.says(asAnn);
    upstream.says(OK);

    expect(statuses(second)).toEqual([200]);
  });

  transcript("to a host are counted while they are used", (relay) => {
    relay.configure(limits({ name: "one", by: "host", open: 1 }));
    const first = relay.client();
    first.says(GET);
    const second = relay.client();
    second.says(GET);
    expect(statuses(second)).toEqual([429]);
    const upstream = relay.upstream();
    upstream.says(OK);
    second.says(GET);
    upstream.says(OK);
    expect(statuses(second)).toEqual([429, 200]);
    upstream.ends();
    first.says(GET);
    relay.upstream().says(OK);

    expect(statuses(first)).toEqual([200, 200]);
    expect(relay.read(cells.decisions.limited)).toBe(1);
    expect(relay.read(cells.limitRefusals)).toBe(1);
    expect(relay.records).toMatchObject([{ rule: "one", reason: "limit", status: 429 }, {}, {}, {}]);
  });

  transcript("to a host are not those that are idle in a pool", (relay) => {
    relay.configure(limits({ name: "one", by: "host", open: 1 }));
    const client = relay.client();
    client.says(GET);
    relay.upstream().says(OK);
    // Another endpoint of the host, which can't have the idle one: as in another worker.
    client.says(ELSEWHERE);
    relay.upstream().says(OK);

    expect(statuses(client)).toEqual([200, 200]);
    expect(relay.pooled).toBe(2);
  });

  transcript(
    "to a host count again what comes out of the pool, and it stays there when it is too much",
    (relay) => {
      relay.configure(limits({ name: "one", by: "host", open: 1 }));
      const [first, second] = [relay.client(), relay.client()];
      first.says(GET);
      const pooled = relay.upstream();
      pooled.says(OK);
      second.says(ELSEWHERE);
      first.says(GET);
      expect(statuses(first)).toEqual([200, 429]);
      expect(relay.pooled).toBe(1);
      relay.upstream().says(OK);
      first.says(GET);
      second.says(ELSEWHERE);
      expect(statuses(second)).toEqual([200, 429]);
      pooled.says(OK);

      expect(statuses(first)).toEqual([200, 429, 200]);
    },
  );

  transcript("to a host have room for the retry of one that the pool gave too late", (relay) => {
    relay.configure(limits({ name: "one", by: "host", open: 1 }));
    const client = relay.client();
    client.says(GET);
    const pooled = relay.upstream();
    pooled.says(OK);
    client.says(GET);
    pooled.ends();
    relay.upstream().says(OK);

    expect(statuses(client)).toEqual([200, 200]);
  });

  transcript("to a host are told by an audit", (relay) => {
    relay.configure({ policy: { mode: "audit", limits: [{ name: "one", by: "host", open: 1 }] } });
    relay.client().says(GET);
    const second = relay.client();
    second.says(GET);
    relay.upstream().says(OK);
    relay.upstream().says(OK);

    expect(statuses(second)).toEqual([200]);
    expect(relay.records.map(({ wouldDeny }) => wouldDeny)).toEqual([false, true]);
  });

  for (const [what, limit, counted] of [
    ["too many of a client", { name: "one", open: 1 }, "open_per_client"],
    ["too fast from a client", { name: "one", connections: "1/m" }, "connection_rate"],
  ] as const) {
    transcript(`${what} are told as they come`, (relay) => {
      relay.configure(limits(limit));
      relay.client();
      const second = relay.client();

      expect(statuses(second)).toEqual([429]);
      expect(second.received).toContain("Retry-After: ");
      expect(relay.read(cells.connectionsRefused[counted])).toBe(1);
      expect(relay.read(cells.limitRefusals)).toBe(1);
    });

    transcript(`${what} are let in by an audit`, (relay) => {
      relay.configure({ policy: { mode: "audit", limits: [limit] } });
      relay.client();
      const second = relay.client();
      second.says(GET);
      relay.upstream().says(OK);

      expect(statuses(second)).toEqual([200]);
      expect(relay.read(cells.connectionsRefused[counted])).toBe(0);
      expect(relay.read(cells.limitRefusals)).toBe(1);
    });
  }
});
