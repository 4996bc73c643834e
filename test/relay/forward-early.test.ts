import { describe, expect } from "bun:test";
import { head, statuses, transcript } from "../support/relay.ts";

const VIA = "Via: 1.1 headgate";
const HOST = "Host: a.example";

const GET = head("GET http://a.example/ HTTP/1.1", HOST);

describe("interim answers", () => {
  const POST = head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 1", "Expect: 100-continue");
  const HINT = head("HTTP/1.1 103 Early Hints", "Link: </a.css>");
  const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");

  transcript("are passed on, and the answer after them", (relay) => {
    const { client, upstream } = relay.exchange(POST);
    upstream.says(head("HTTP/1.1 100 Continue"));
    client.says("a");
    upstream.says(`${HINT}${OK}`);

    expect(client.received).toBe(
      head("HTTP/1.1 100 Continue", VIA) +
        head("HTTP/1.1 103 Early Hints", "Link: </a.css>", VIA) +
        head("HTTP/1.1 200 OK", "Content-Length: 0", VIA),
    );
    expect(relay.records.map(({ status, bytesOut }) => [status, bytesOut])).toEqual([
      [200, client.receivedBytes],
    ]);
  });

  transcript("are not passed on to HTTP/1.0, which knows none", (relay) => {
    const { client, upstream } = relay.exchange(head("GET http://a.example/ HTTP/1.0"));
    for (const byte of `${HINT}${OK}`) upstream.says(byte);

    expect(statuses(client)).toEqual([200]);
  });

  transcript("without end do not fill the memory when the client does not read", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    upstream.says(HINT);
    expect(upstream.isPaused).toBe(true);

    client.drains();
    expect(upstream.isPaused).toBe(false);
    upstream.says(OK);
    expect(statuses(client)).toEqual([103, 200]);
  });
});

describe("an answer before the body is through", () => {
  const POST = head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 9");

  transcript("reaches the client, and neither connection is used again", (relay) => {
    const { client, upstream } = relay.exchange(POST);
    client.says("abc");
    relay.told();
    upstream.says(`${head("HTTP/1.1 413 Content Too Large", "Content-Length: 2")}no`);

    expect(relay.told()).toEqual([
      `client < ${head("HTTP/1.1 413 Content Too Large", "Content-Length: 2", VIA, "Connection: close")}no`,
      "upstream drop",
      "client end",
    ]);
    client.says("def");
    client.says(head("GET http://a.example/ HTTP/1.1", HOST));
    expect(statuses(client)).toEqual([413]);
    expect(upstream.received).toEndWith("abc");
  });

  transcript("may stand still no longer than a body once the request is through", (relay) => {
    relay.configure({ timeouts: { firstByte: "60s", body: "5s" } });
    const { client, upstream } = relay.exchange(POST);
    client.says("abc");
    upstream.says(`${head("HTTP/1.1 200 OK", "Content-Length: 2")}a`);
    client.says("defghi");
    relay.pass(5_300);

    expect(client.isClosed).toBe(true);
    expect(relay.records[0]?.failure).toBe("connection_read_timeout");
  });

  transcript("while the body still waits for room: the upstream is let go of at once", (relay) => {
    const { client, upstream } = relay.exchange(POST);
    upstream.full = true;
    client.says("abc");
    upstream.says(head("HTTP/1.1 413 Content Too Large", "Content-Length: 0"));

    expect(statuses(client)).toEqual([413]);
    expect(upstream.isClosed).toBe(true);
    expect(client.isPaused).toBe(false);
  });

  transcript("goes on while both stream", (relay) => {
    const { client, upstream } = relay.exchange(POST);
    upstream.says(`${head("HTTP/1.1 200 OK", "Content-Length: 4")}ab`);
    client.says("abcdefghi");
    upstream.says("cd");

    expect(upstream.received).toEndWith("abcdefghi");
    expect(client.received).toEndWith("abcd");
  });
});
