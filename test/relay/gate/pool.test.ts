import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { type FakeRelay, found, head, statuses, transcript } from "../../support/relay.ts";

const GET = head("GET http://a.example/x HTTP/1.1", "Host: a.example");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");

describe("a connection in the pool", () => {
  const EIGHT_ONLY_FOR_ONE = {
    default: "deny",
    rules: [
      { name: "one", action: "allow", clients: ["192.0.2.1"] },
      { name: "other", action: "allow", clients: ["192.0.2.2"], addresses: ["9.0.0.0/8"] },
    ],
  };

  function pooledFor(relay: FakeRelay, policy: object, address: string) {
    relay.names.set("a.example", found(address));
    relay.configure({ policy });
    relay.client([], "192.0.2.1").says(GET);
    const upstream = relay.upstream();
    upstream.says(OK);
    expect(relay.pooled).toBe(1);
    relay.told();
    return upstream;
  }

  transcript("that one client may use is not used for another who may not go there", (relay) => {
    const upstream = pooledFor(relay, EIGHT_ONLY_FOR_ONE, "8.1.1.1");
    const other = relay.client([], "192.0.2.2");
    other.says(GET);

    expect(upstream.received.match(/GET/g)?.length).toBe(1);
    expect(statuses(other)).toEqual([403]);
    expect(relay.pooled).toBe(1);
  });

  transcript("is used for another who may", (relay) => {
    const upstream = pooledFor(relay, EIGHT_ONLY_FOR_ONE, "9.1.1.1");
    const other = relay.client([], "192.0.2.2");
    other.says(GET);
    upstream.says(OK);

    expect(statuses(other)).toEqual([200]);
    expect(relay.dials).toBe(0);
    expect(relay.records.at(-1)).toMatchObject({ rule: "other", reason: "rule", reused: true });
    expect(relay.read(cells.decisions.allowed)).toBe(2);
    expect(relay.read(cells.ruleMatches + 1)).toBe(1);
  });

  transcript("stays when it is not used, and serves the one who may again", (relay) => {
    const upstream = pooledFor(relay, EIGHT_ONLY_FOR_ONE, "8.1.1.1");
    relay.client([], "192.0.2.2").says(GET);
    relay.client([], "192.0.2.1").says(GET);
    upstream.says(OK);

    expect(upstream.received.match(/GET/g)?.length).toBe(2);
  });

  transcript("is judged again after a new config", (relay) => {
    const upstream = pooledFor(relay, {}, "8.1.1.1");
    relay.configure({ policy: { rules: [{ name: "no-eight", action: "deny", addresses: ["8.0.0.0/8"] }] } });
    const client = relay.client();
    client.says(GET);

    expect(statuses(client)).toEqual([403]);
    expect(upstream.received.match(/GET/g)?.length).toBe(1);
  });

  transcript("that only a rule opened is not used once the rule is gone", (relay) => {
    pooledFor(
      relay,
      { rules: [{ name: "shared", action: "allow", addresses: ["100.64.0.0/10"] }] },
      "100.64.1.1",
    );
    relay.configure({});
    const client = relay.client();
    client.says(GET);

    expect(statuses(client)).toEqual([403]);
    expect(client.received).toContain("error=destination_ip_prohibited");
    expect(relay.records.at(-1)).toMatchObject({ rule: "addresses", reason: "address" });
  });

  transcript("that a rule by address did not want is not the last word: a new one is dialled", (relay) => {
    pooledFor(relay, EIGHT_ONLY_FOR_ONE, "8.1.1.1");
    relay.names.set("a.example", found("9.1.1.1"));
    const other = relay.client([], "192.0.2.2");
    other.says(GET);
    relay.upstream().says(OK);

    expect(statuses(other)).toEqual([200]);
  });
});
