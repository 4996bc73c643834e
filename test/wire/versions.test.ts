/** HTTP/1.0 on either side, interim answers, expectations, early answers and upgrades, through the built executable. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { answerEach, bodyOf, echo, get, HELLO, post } from "../support/http.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
const UNTIL_CLOSE = "HTTP/1.1 200 OK\r\n\r\nhello";

let proxy: RunningProxy;
beforeAll(async () => {
  proxy = await startProxy({ workers: 1 });
});
afterAll(() => proxy.stop());

describe("a client of HTTP/1.0", () => {
  // How the upstream answers | what the client hears.
  const answers = [
    ["hears an answer by length, and then the end", HELLO, "Content-Length: 5\r\n"],
    ["hears a chunked answer without chunks", CHUNKED, ""],
    ["hears an answer that the upstream's end ends", UNTIL_CLOSE, ""],
  ] as const;

  test.each(answers)("%s", async (_, answer, field) => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(answer).finish();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(`GET http://${upstream.authority}/ HTTP/1.0\r\n\r\n`);

    expect(await client.hearOut()).toBe("ended");
    expect(bodyOf(client.heard)).toBe("hello");
    expect(client.heard).toContain(field);
    expect(client.heard).not.toContain("chunked");
    expect(upstream.peers[0]?.heard).toContain(`Host: ${upstream.authority}\r\nVia: 1.0 headgate\r\n`);
  });

  test("that asks for keep-alive is told that it has it, and asks again", async () => {
    using upstream = startRawServer((peer) => answerEach(peer));
    using client = await RawPeer.connect(proxy.port);

    for (let round = 0; round < 3; round++) {
      client.say(`GET http://${upstream.authority}/ HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n`);
      await client.hearUntil("hello");
      expect(client.takeHeard()).toContain("Connection: keep-alive\r\n");
    }

    expect(upstream.peers.length).toBe(1);
  });
});

test("an upstream of HTTP/1.0 is heard to its end, and the client's connection goes on", async () => {
  using upstream = startRawServer(async (peer) => {
    await peer.hearUntil("\r\n\r\n");
    peer.say("HTTP/1.0 200 OK\r\n\r\nhello").finish();
  });
  using client = await RawPeer.connect(proxy.port);

  for (let round = 0; round < 2; round++) {
    client.say(get(upstream.authority));
    await client.hearUntil("\r\n0\r\n\r\n");
    expect(client.takeHeard()).toMatch(
      /\r\nTransfer-Encoding: chunked\r\nDate: [^\r]+\r\nCache-Status: [^\r]+\r\nVia: 1\.0 headgate\r\n\r\n5\r\nhello\r\n/,
    );
  }

  expect(upstream.peers.length).toBe(2);
});

describe("interim answers", () => {
  const INTERIM =
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n";
  // The client's version | whether it hears them.
  const rows = [
    ["are passed on to HTTP/1.1", "1.1", true],
    ["are kept from HTTP/1.0, which knows none", "1.0", false],
  ] as const;

  test.each(rows)("%s", async (_, version, isPassedOn) => {
    using upstream = startRawServer((peer) => answerEach(peer, `${INTERIM}Content-Length: 5\r\n\r\nhello`));
    using client = await RawPeer.connect(proxy.port);

    client.say(`GET http://${upstream.authority}/ HTTP/${version}\r\nHost: h\r\n\r\n`);

    const statuses = (await client.hearUntil("hello")).match(/HTTP\/1\.1 \d+/g);
    expect(statuses).toEqual(
      isPassedOn ? ["HTTP/1.1 103", "HTTP/1.1 102", "HTTP/1.1 200"] : ["HTTP/1.1 200"],
    );
  });
});

test("Expect: 100-continue goes through, and the body waits for the upstream's word", async () => {
  using upstream = startRawServer(async (peer) => {
    await peer.hearUntil("\r\n\r\n");
    peer.takeHeard();
    peer.say("HTTP/1.1 100 Continue\r\n\r\n");
    await peer.hearUntil("body");
    peer.say(HELLO);
  });
  using client = await RawPeer.connect(proxy.port);

  client.say(post(upstream.authority, "Content-Length: 4\r\nExpect: 100-continue\r\n"));
  await client.hearUntil("HTTP/1.1 100 Continue\r\n");
  client.say("body");

  expect(await client.hearUntil("hello")).toContain("HTTP/1.1 200 OK\r\n");
  expect(upstream.peers[0]?.heard).toBe("body");
});

test("an early 413 reaches a client that is still sending, and ends the connection", async () => {
  using upstream = startRawServer(async (peer) => {
    await peer.hearUntil("\r\n\r\n");
    peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large");
  });
  using client = await RawPeer.connect(proxy.port);

  client.say(post(upstream.authority, "Content-Length: 1000000\r\n"));
  await client.hearUntil("too large");
  // The rest of the body looks like a request, and must never be read as one.
  client.say(get(upstream.authority, "/smuggled"));

  expect(await client.hearOut()).toBe("ended");
  expect(client.heard).toContain("Connection: close\r\n");
  expect(client.heard.match(/HTTP\/1\.1 /g)?.length).toBe(1);
  expect(upstream.peers.map(({ heard }) => heard).join("")).not.toContain("/smuggled HTTP");
});

describe("an upgrade", () => {
  const ASK = "Connection: Upgrade\r\nUpgrade: echo\r\n";
  const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

  test("joins the connections, with what came ahead on either side", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(`${SWITCH}welcome `);
      peer.heard = bodyOf(peer.heard);
      await echo(peer);
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority, "/", ASK));
    await client.hearUntil("welcome ");
    client.say("there and back").finish();

    expect(await client.hearOut()).toBe("ended");
    expect(bodyOf(client.heard)).toBe("welcome there and back");
    expect(client.heard).toContain("Connection: upgrade\r\nUpgrade: echo\r\n");
  });

  test("that the upstream declines is an exchange like any other", async () => {
    using upstream = startRawServer((peer) => answerEach(peer));
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority, "/", ASK));
    await client.hearUntil("hello");
    client.takeHeard();
    client.say(get(upstream.authority));

    expect(await client.hearUntil("hello")).toStartWith("HTTP/1.1 200 ");
  });

  test("that nobody asked for is a 502", async () => {
    using upstream = startRawServer((peer) => answerEach(peer, SWITCH));
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));

    expect(await client.hearUntil("\r\n\r\n")).toStartWith("HTTP/1.1 502 ");
  });
});
