import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
/** Never verified: the relay's verifier does as a test says. */
const HASH = `$2b$10$${"a".repeat(53)}`;
const ANN = { name: "ann", password: "secret-of-ann" };
const BOB = { name: "bob", hash: HASH };
const JOB = { name: "job", token: "0123456789abcdef", expires: "2026-11-20T00:00:00Z" };

function get(name: string, password: string): string {
  const credentials = `Proxy-Authorization: Basic ${btoa(`${name}:${password}`)}`;
  return head("GET http://a.example/ HTTP/1.1", HOST, credentials);
}

describe("who guesses", () => {
  transcript("and is banned on one connection can't go on with another", (relay) => {
    relay.configure({ authentication: { users: [ANN] }, bans: { credentials: 2, exempt: [] } });
    const [one, other] = [relay.client(), relay.client()];
    for (const guess of ["a", "b"]) {
      one.says(get("ann", guess));
      if (!one.isClosed) relay.pass(1_200);
    }
    expect(one.isClosed).toBe(true);
    other.says(get("ann", "secret-of-ann"));

    expect(other.isClosed).toBe(true);
    expect(statuses(other)).toEqual([]);
    expect(relay.records.at(-1)).toMatchObject({ status: 0, reason: "banned" });
  });

  transcript("and leaves before the answer has guessed all the same", async (relay) => {
    relay.configure({ authentication: { users: [BOB] }, bans: { credentials: 2, exempt: [] } });
    for (const guess of ["a", "b"]) {
      const client = relay.client();
      client.says(get("bob", guess));
      client.resets();
      await relay.verifies(false);
    }

    expect(relay.read(cells.bans.credentials)).toBe(1);
    expect(relay.client().isClosed).toBe(true);
  });

  transcript("many passwords at once waits for some of them, and others do not", (relay) => {
    relay.configure({ authentication: { users: [BOB] }, bans: { exempt: [] } });
    const clients = Array.from({ length: 9 }, () => relay.client());
    for (const [at, client] of clients.entries()) client.says(get("bob", `guess ${at}`));
    const stranger = relay.client([], "198.51.100.9");
    stranger.says(get("bob", "another"));

    expect(clients.map((client) => statuses(client))).toEqual([...Array(8).fill([]), [503]]);
    expect(statuses(stranger)).toEqual([]);
    for (const client of [...clients, stranger]) client.resets();
  });

  transcript("is not who comes with a token that was good", (relay) => {
    relay.configure({ authentication: { tokens: [JOB] }, bans: { credentials: 1, exempt: [] } });
    const client = relay.client();
    for (const _ of [1, 2, 3]) {
      client.says(get("job", "0123456789abcdef"));
      relay.pass(1_200);
    }

    expect(statuses(client)).toEqual([407, 407, 407]);
    expect(relay.read(cells.bans.credentials)).toBe(0);
  });
});

transcript("a client that waits for a 100 is not slow: its upstream is", (relay) => {
  relay.configure({ bans: { slow: 1, exempt: [] }, timeouts: { firstByte: "40s" } });
  const { client, upstream } = relay.exchange(
    head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 3", "Expect: 100-continue"),
  );
  relay.pass(40_300);

  expect(statuses(client)).toEqual([504]);
  expect(upstream.isClosed).toBe(true);
  expect(relay.read(cells.bans.slow)).toBe(0);
});
