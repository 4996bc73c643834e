import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import type { FakeLink } from "../../support/fake-link.ts";
import { type FakeRelay, head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");
/** Never verified: the relay's verifier does as a test says. */
const HASH = `$2b$10$${"a".repeat(53)}`;

const ANN = { name: "ann", password: "secret-of-ann" };
const CY = { name: "cy", hash: HASH };

function basic(name: string, password: string): string {
  return `Proxy-Authorization: Basic ${btoa(`${name}:${password}`)}`;
}

const AS_ANN = basic("ann", "secret-of-ann");
const AS_CY = basic("cy", "secret-of-cy");

function get(...lines: readonly string[]): string {
  return head("GET http://a.example/ HTTP/1.1", HOST, ...lines);
}

function served(relay: FakeRelay, client: FakeLink): void {
  relay.upstream().says(OK);
  expect(statuses(client).at(-1)).toBe(200);
}

describe("a password hash takes its time", () => {
  const HASHED = { authentication: { users: [CY, ANN] } };

  transcript("and then the request goes on", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(get(AS_CY));
    expect(relay.told()).toEqual([]);
    await relay.verifies(true);

    served(relay, client);
    expect(relay.records).toMatchObject([{ user: "cy", status: 200 }]);
    client.says(get(AS_CY));
    expect(relay.read(cells.logIns.user)).toBe(1);
  });

  transcript("or is refused, late", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(get(AS_CY));
    await relay.verifies(false);
    expect(client.received).toBe("");
    relay.pass(1_200);

    expect(statuses(client)).toEqual([407]);
    expect(relay.records).toMatchObject([{ reason: "credentials_wrong" }]);
  });

  transcript("what the client pipelines meanwhile waits, and is served in its order", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(get(AS_CY) + get(AS_ANN));
    expect(client.isPaused).toBe(true);
    await relay.verifies(true);
    const upstream = relay.upstream();
    upstream.says(OK);
    upstream.says(OK);

    expect(statuses(client)).toEqual([200, 200]);
    expect(relay.records.map(({ user }) => user)).toEqual(["cy", "ann"]);
    expect(client.isPaused).toBe(false);
  });

  transcript("what it says ahead of a refusal is read after it", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(get(AS_CY));
    client.says(get(AS_ANN));
    await relay.verifies(false);
    relay.pass(1_200);

    expect(statuses(client)).toEqual([407]);
    served(relay, client);
  });

  transcript("a body that came along goes out with the head", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(`${head("POST http://a.example/ HTTP/1.1", HOST, AS_CY, "Content-Length: 3")}ab`);
    await relay.verifies(true);
    const upstream = relay.upstream();
    client.says("c");

    expect(upstream.received).toEndWith("\r\n\r\nabc");
    upstream.says(OK);
    expect(statuses(client)).toEqual([200]);
  });

  transcript("bytes for the tunnel that came along go into it", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(`${head("CONNECT a.example:443 HTTP/1.1", HOST, AS_CY)}\x16\x03\x01`);
    await relay.verifies(true);
    const upstream = relay.upstream();

    expect(statuses(client)).toEqual([200]);
    expect(upstream.received).toBe("\x16\x03\x01");
  });

  transcript("a client that has gone is forgotten", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(get(AS_CY));
    client.resets();
    await relay.verifies(true);

    expect(relay.dials).toBe(0);
    expect(relay.records).toMatchObject([{ status: 0 }]);
  });

  transcript("a client that has half-closed still gets its answer", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(get(AS_CY));
    client.ends();
    await relay.verifies(true);
    served(relay, client);

    expect(client.isClosed).toBe(true);
  });

  transcript("a client that has half-closed within its body is cut", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(`${head("POST http://a.example/ HTTP/1.1", HOST, AS_CY, "Content-Length: 3")}`);
    client.ends();
    await relay.verifies(true);
    if (relay.dials > 0) relay.upstream();

    expect(client.isClosed).toBe(true);
  });

  transcript("one that has said all of its body before it half-closed is served", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(`${head("POST http://a.example/ HTTP/1.1", HOST, AS_CY, "Content-Length: 3")}abc`);
    if (client.canBeHeard) client.ends();
    await relay.verifies(true);
    const upstream = relay.upstream();

    expect(upstream.received).toEndWith("abc");
    upstream.says(OK);
    expect(statuses(client)).toEqual([200]);
  });

  transcript("that is too long is told, and its late verdict changes nothing", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(get(AS_CY));
    relay.pass(10_300);
    expect(statuses(client)).toEqual([503]);
    expect(client.received).toContain("Retry-After: 1\r\n");
    await relay.verifies(true);

    expect(relay.records).toMatchObject([{ status: 503, reason: "overload" }]);
    expect(relay.dials).toBe(0);
  });

  transcript("a reload that takes the account away meanwhile takes the verdict along", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(get(AS_CY));
    relay.configure({ authentication: { users: [ANN] } });
    await relay.verifies(true);
    relay.pass(1_200);

    expect(statuses(client)).toEqual([407]);
  });

  transcript("a request that is no HTTP is found out before", async (relay) => {
    relay.configure(HASHED);
    const client = relay.client();
    client.says(
      head("POST http://a.example/ HTTP/1.1", HOST, AS_CY, "Content-Length: 1", "Transfer-Encoding: chunked"),
    );

    expect(statuses(client)).toEqual([400]);
  });
});
