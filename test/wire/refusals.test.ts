/**
 * What is refused, over raw sockets: the client is told and the connection
 * closed, and nothing at all reaches the upstream. The tables of each parser
 * are in test/http1; here are those that would do most harm.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { answerEach, connect, get } from "../support/http.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

let proxy: RunningProxy;
let upstream: RawServer;
beforeAll(async () => {
  proxy = await startProxy({ workers: 1 });
  upstream = startRawServer((peer) => answerEach(peer));
});
afterAll(async () => {
  upstream[Symbol.dispose]();
  await proxy.stop();
});

// What is wrong | the status | the message, with `AUTHORITY` for the upstream's.
const requests = [
  [
    "both framings",
    400,
    "POST http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
  ],
  [
    "two lengths",
    400,
    "POST http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n",
  ],
  [
    "a length with a sign",
    400,
    "POST http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nContent-Length: +4\r\n\r\nbody",
  ],
  [
    "a coding that is not chunked alone",
    501,
    "POST http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "a coding in HTTP/1.0",
    400,
    "POST http://AUTHORITY/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "a space before a colon",
    400,
    "POST http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
  ],
  ["a folded line", 400, "GET http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"],
  ["bare line feeds", 400, "GET http://AUTHORITY/ HTTP/1.1\nHost: h\n\n"],
  [
    "a bare line feed in a field",
    400,
    "GET http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nX: a\nTransfer-Encoding: chunked\r\n\r\n",
  ],
  [
    "a bare carriage return in a field",
    400,
    "GET http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nX: a\rY: b\r\n\r\n",
  ],
  ["a control byte in a field", 400, "GET http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n"],
  ["two Hosts", 400, "GET http://AUTHORITY/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  ["no Host", 400, "GET http://AUTHORITY/ HTTP/1.1\r\n\r\n"],
  ["user information in the target", 400, "GET http://me:secret@AUTHORITY/ HTTP/1.1\r\nHost: h\r\n\r\n"],
  ["a fragment", 400, "GET http://AUTHORITY/#a HTTP/1.1\r\nHost: h\r\n\r\n"],
  ["https without CONNECT", 400, "GET https://AUTHORITY/ HTTP/1.1\r\nHost: h\r\n\r\n"],
  ["two spaces in the first line", 400, "GET  http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\n\r\n"],
  ["HTTP/2", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a TLS hello", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on\r\n\r\n"],
  ["origin-form", 400, "GET / HTTP/1.1\r\nHost: AUTHORITY\r\n\r\n"],
  ["CONNECT without a port", 400, "CONNECT 127.0.0.1 HTTP/1.1\r\nHost: h\r\n\r\n"],
  ["CONNECT with a body", 400, "CONNECT AUTHORITY HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"],
  [
    "our own Via three times",
    508,
    "GET http://AUTHORITY/ HTTP/1.1\r\nHost: h\r\nVia: 1.1 headgate, 1.1 a, 1.1 headgate\r\nVia: 1.1 HEADGATE\r\n\r\n",
  ],
] as const;

describe("nothing reaches the upstream of a request with", () => {
  test.each(requests)("%s", async (_, status, message) => {
    using client = await RawPeer.connect(proxy.port);
    const before = upstream.peers.length;

    client.say(message.replace("AUTHORITY", upstream.authority));
    // Whatever follows a refused message may be a part of it.
    client.say(get(upstream.authority, "/smuggled"));

    if (status === 508) await client.hearUntil("\r\n\r\n");
    else expect(await client.hearOut()).toBe("ended");
    expect(client.heard).toStartWith(`HTTP/1.1 ${status} `);
    expect(client.heard).toMatch(/\r\nProxy-Status: headgate; error=\w+; details="/);
    if (status === 508) return;
    expect(client.heard).toContain("\r\nConnection: close\r\n");
    expect(client.heard.match(/HTTP\/1\.1 /g)?.length).toBe(1);
    expect(upstream.peers.length).toBe(before);
  });
});

test("a bad chunk goes no further than the chunks before it", async () => {
  using client = await RawPeer.connect(proxy.port);
  using own = startRawServer(() => {});

  client.say(`POST http://${own.authority}/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n`);
  client.say("4\r\ngood\r\n");
  await until("the good chunk is there", () => own.peers[0]?.heard.includes("good"));
  client.say("+4\r\nevil\r\n0\r\n\r\n");

  expect(await client.hearOut()).toBe("ended");
  expect(client.heard).toStartWith("HTTP/1.1 400 ");
  await own.peers[0]?.hearOut();
  expect(own.peers[0]?.heard).not.toContain("evil");
  expect(own.peers[0]?.heard).not.toContain("0\r\n\r\n");
});

test("a refused client hears how to use the port", async () => {
  using client = await RawPeer.connect(proxy.port);

  client.say("GET / HTTP/1.1\r\nHost: proxy.example:8888\r\nAccept: application/json\r\n\r\n");
  await client.hearOut();

  expect(client.heard).toContain("Content-Type: application/json\r\n");
  expect(client.heard).toContain("curl -x http://proxy.example:8888");
});

describe("never dialled is", () => {
  const places = [
    ["a cloud's metadata", "169.254.169.254:80", 403],
    ["its IPv6 spelling", "[::ffff:169.254.169.254]:80", 403],
    ["the unspecified address", "0.0.0.0:80", 403],
    ["an address in fewer numbers", "127.1:80", 400],
    ["an address as one number", "2130706433:80", 400],
    ["an address in hex", "0x7f.0.0.1:80", 400],
  ] as const;

  test.each(places)("%s", async (_, authority, status) => {
    for (const request of [get(authority), connect(authority)]) {
      using client = await RawPeer.connect(proxy.port);
      client.say(request);
      expect(await client.hearUntil("\r\n\r\n")).toStartWith(`HTTP/1.1 ${status} `);
    }
  });

  test("our own listener, by any name", async () => {
    for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"]) {
      using client = await RawPeer.connect(proxy.port);
      client.say(connect(`${host}:${proxy.port}`));
      expect(await client.hearUntil("\r\n\r\n")).toMatch(/^HTTP\/1\.1 (508|502) /);
    }
  });
});

describe("an upstream's answer is a 502, and its connection not used again, with", () => {
  const answers = [
    [
      "both framings",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"],
    ["a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"],
    ["a bare line feed", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
    ["a control byte", "HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n"],
    ["no status", "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["a head without end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}`],
    [
      "a coding that is not chunked alone",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ],
  ] as const;

  test.each(answers)("%s", async (_, answer) => {
    using own = startRawServer((peer) => answerEach(peer, answer));
    using client = await RawPeer.connect(proxy.port);

    for (let round = 1; round <= 2; round++) {
      client.say(get(own.authority));
      await client.hearUntil("\r\n\r\n");
      expect(client.takeHeard()).toStartWith("HTTP/1.1 502 ");
      expect(own.peers.length).toBe(round);
    }
  });
});
