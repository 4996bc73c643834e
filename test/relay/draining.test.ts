import { describe, expect } from "bun:test";
import { head, statuses, transcript } from "../support/relay.ts";

const GET = head("GET http://a.example/ HTTP/1.1", "Host: a.example");
const OWN = head("OPTIONS * HTTP/1.1", "Host: a.example");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 2");

describe("while draining", () => {
  transcript("an exchange ends, and its answer says that it was the last", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    relay.drain();
    upstream.says(`${OK}hi`);

    expect(client.received).toContain("Connection: close\r\n");
    expect(relay.told().slice(1)).toEqual(["client end"]);
  });

  transcript("an answer of ours says so too", (relay) => {
    const client = relay.client();
    relay.drain();
    client.says(OWN);

    expect(client.received).toContain("Connection: close\r\n");
  });

  transcript("an idle client is let go after a moment, and one that has begun to ask is heard", (relay) => {
    const idle = relay.client();
    const asking = relay.client();
    asking.says(OWN.slice(0, 5));
    relay.drain();
    relay.pass(1_200);
    asking.says(OWN.slice(5));

    expect(idle.received).toBe("");
    expect(relay.told()[0]).toBe("client end");
    expect(statuses(asking)).toEqual([200]);
  });

  transcript("what is left at the end is cut, with a record", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    relay.drain();
    relay.cut();

    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records.map(({ status }) => status)).toEqual([0]);
  });
});
