import { describe, expect } from "bun:test";
import { head, statuses, transcript } from "../support/relay.ts";

const OWN = head("OPTIONS * HTTP/1.1", "Host: a");
const LAST = head("GET http://a.example/ HTTP/1.1", "Host: a.example", "Connection: close");
const ANSWER = `${head("HTTP/1.1 200 OK", "Content-Length: 2")}hi`;

describe("after a last answer", () => {
  transcript("the client may read it, and is not heard any more", (relay) => {
    const client = relay.client();
    client.says("hello\r\n\r\n");
    client.says(OWN);
    client.ends();

    expect(statuses(client)).toEqual([400]);
    expect(relay.told().slice(1)).toEqual(["client end"]);
    expect(client.isClosed).toBe(true);
  });

  transcript("a client that does not leave is left", (relay) => {
    const client = relay.client();
    client.says("hello\r\n\r\n");
    relay.told();
    relay.pass(1_000);
    expect(relay.told()).toEqual([]);

    relay.pass(2_000);
    expect(relay.told()).toEqual(["client drop"]);
  });

  transcript("a client that reads slowly gets all of it", (relay) => {
    const { client, upstream } = relay.exchange(LAST);
    client.full = true;
    upstream.says(ANSWER);
    expect(relay.told().slice(1)).toEqual(["client end"]);

    for (let turn = 0; turn < 5; turn++) {
      relay.pass(29_000);
      client.takes(10);
    }
    client.drains();
    client.ends();
    expect(relay.told()).toEqual(["upstream drop"]);
  });

  transcript("a client that does not read at all is reset", (relay) => {
    const { client, upstream } = relay.exchange(LAST);
    client.full = true;
    upstream.says(ANSWER);
    relay.told();
    relay.pass(30_200);

    expect(relay.told()).toContain("client destroy");
  });
});
