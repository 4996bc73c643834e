import { expect } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { head, statuses, transcript } from "../support/relay.ts";

const GET = head("GET http://a.example/ HTTP/1.1", "Host: a.example");
const TIMEOUTS = { timeouts: { head: "10s", idle: "30s" } };

transcript("a head that does not end in time gets 408 and a close", (relay) => {
  relay.configure(TIMEOUTS);
  const client = relay.client();
  client.says(GET.slice(0, 8));
  relay.pass(9_900);
  expect(client.received).toBe("");

  relay.pass(300);
  expect(statuses(client)).toEqual([408]);
  expect(relay.told().slice(1)).toEqual(["client end"]);
  expect(relay.read(cells.limitReached.timeout_head)).toBe(1);
  expect(relay.records.map(({ status }) => status)).toEqual([408]);
});

transcript("a byte now and then does not help: the whole head has one deadline", (relay) => {
  relay.configure(TIMEOUTS);
  const client = relay.client();
  for (const byte of GET.slice(0, 10)) {
    client.says(byte);
    relay.pass(1_000);
  }
  relay.pass(300);

  expect(statuses(client)).toEqual([408]);
});

transcript("a new connection that says nothing is closed without a word", (relay) => {
  relay.configure(TIMEOUTS);
  const client = relay.client();
  relay.pass(10_300);

  expect(relay.told()).toEqual(["client end"]);
  expect(relay.read(cells.limitReached.timeout_idle)).toBe(1);
  expect(client.received).toBe("");
});

transcript("a connection kept alive may be idle for longer, and is closed without a word then", (relay) => {
  relay.configure(TIMEOUTS);
  const { client, upstream } = relay.exchange(GET);
  upstream.says(head("HTTP/1.1 204 No Content"));
  relay.told();
  relay.pass(29_900);
  expect(relay.told().filter((line) => line.startsWith("client"))).toEqual([]);

  relay.pass(300);
  expect(relay.told().filter((line) => line.startsWith("client"))).toEqual(["client end"]);
  expect(client.received.match(/HTTP/g)?.length).toBe(1);
});

transcript("an idle client that begins its next head has the time for a head, not less", (relay) => {
  relay.configure(TIMEOUTS);
  const { client, upstream } = relay.exchange(GET);
  upstream.says(head("HTTP/1.1 204 No Content"));
  relay.pass(29_000);
  client.says(GET.slice(0, 8));
  relay.pass(9_000);
  client.says(GET.slice(8));
  relay.upstream().says(head("HTTP/1.1 204 No Content"));

  expect(statuses(client)).toEqual([204, 204]);
});

transcript("a client with settings of before the reload gets the new ones with its next request", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  relay.configure({ via: { pseudonym: "edge" } });
  upstream.says(head("HTTP/1.1 204 No Content"));
  client.says(GET);
  upstream.says(head("HTTP/1.1 204 No Content"));

  expect(client.received.match(/Via: .*/g)).toEqual(["Via: 1.1 headgate", "Via: 1.1 edge"]);
});

transcript(
  "a new connection has one deadline for its first head, from the moment it was accepted",
  (relay) => {
    relay.configure({ timeouts: { head: "1s", idle: "60s" } });
    const client = relay.client();

    relay.pass(900);
    client.says("GET http://a.example/");
    relay.pass(400);

    expect(statuses(client)).toEqual([408]);
  },
);

transcript("an empty line after a request is nothing, and no exchange of its own", (relay) => {
  const client = relay.client();

  client.says(`${head("OPTIONS * HTTP/1.1", "Host: a")}\r\n`);
  client.ends();

  expect(statuses(client)).toEqual([200]);
  expect(relay.records).toHaveLength(1);
});
