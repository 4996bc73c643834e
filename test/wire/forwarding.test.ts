/** Exchanges through the built executable, byte by byte: which bytes reach the upstream, which the client. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { answerEach, bodyOf, get, HELLO, post } from "../support/http.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";

let proxy: RunningProxy;
beforeAll(async () => {
  proxy = await startProxy({ workers: 1 });
});
afterAll(() => proxy.stop());

test("a request goes out in origin-form, with its Host and our Via", async () => {
  using upstream = startRawServer((peer) => answerEach(peer));
  using client = await RawPeer.connect(proxy.port);

  client.say(
    `GET http://${upstream.authority}/path?query HTTP/1.1\r\nHost: elsewhere\r\nAccept: */*\r\n\r\n`,
  );
  await client.hearUntil("hello");

  expect(upstream.peers[0]?.heard).toBe(
    `GET /path?query HTTP/1.1\r\nHost: ${upstream.authority}\r\nAccept: */*\r\nVia: 1.1 headgate\r\n\r\n`,
  );
  expect(client.heard).toMatch(
    /^HTTP\/1\.1 200 OK\r\nContent-Length: 5\r\nDate: [^\r]+ GMT\r\nCache-Status: headgate; fwd=uri-miss; detail="[a-z ]+"\r\nVia: 1\.1 headgate\r\n\r\nhello$/,
  );
});

test("a connection serves one request after another, over one upstream connection", async () => {
  using upstream = startRawServer((peer) => answerEach(peer));
  using client = await RawPeer.connect(proxy.port);

  for (let round = 0; round < 20; round++) {
    client.say(get(upstream.authority, `/${round}`));
    await client.hearUntil("hello");
    client.takeHeard();
  }

  expect(upstream.peers.length).toBe(1);
  expect(client.fate).toBe("open");
});

test("a request that comes byte by byte is understood", async () => {
  using upstream = startRawServer((peer) => answerEach(peer));
  using client = await RawPeer.connect(proxy.port);

  await client.sayInPieces(get(upstream.authority, "/"));

  expect(await client.hearUntil("hello")).toStartWith("HTTP/1.1 200 ");
});

test("an answer that comes byte by byte is passed on", async () => {
  const answer =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\none\r\n3\r\ntwo\r\n0\r\nT: v\r\n\r\n";
  using upstream = startRawServer(async (peer) => {
    await peer.hearUntil("\r\n\r\n");
    await peer.sayInPieces(answer);
  });
  using client = await RawPeer.connect(proxy.port);

  client.say(get(upstream.authority, "/"));

  expect(bodyOf(await client.hearUntil("\r\n0\r\n"))).toContain("1\r\no\r\n1\r\nn\r\n1\r\ne\r\n1\r\nt\r\n");
});

test("pipelined requests are answered in order, however slow the first is", async () => {
  using upstream = startRawServer(async (peer) => {
    for (let round = 0; round < 10; round++) {
      await peer.hearUntil("\r\n\r\n");
      const path = /^GET \/(\d+)/.exec(peer.takeHeard())?.[1] ?? "";
      if (path === "0") await Bun.sleep(50);
      peer.say(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length + 2}\r\n\r\n<${path}>`);
    }
  });
  using client = await RawPeer.connect(proxy.port);

  client.say(Array.from({ length: 10 }, (_, round) => get(upstream.authority, `/${round}`)).join(""));
  await client.hearUntil("<9>");

  expect(client.heard.match(/<\d>/g)?.join("")).toBe("<0><1><2><3><4><5><6><7><8><9>");
});

test("a pipelined request behind a body is the next request, not the body's end", async () => {
  using upstream = startRawServer((peer) => answerEach(peer));
  using client = await RawPeer.connect(proxy.port);

  client.say(post(upstream.authority, "Content-Length: 4\r\n"));
  client.say(`body${get(upstream.authority, "/second")}`);
  await client.hearUntil((peer) => peer.heard.split("hello").length === 3, "two answers");

  const heard = upstream.peers.map((peer) => peer.heard).join("");
  expect(heard).toContain("\r\n\r\nbodyGET /second HTTP/1.1\r\n");
});

test("an answer to HEAD has a length and no body, and the next answer follows", async () => {
  using upstream = startRawServer(async (peer) => {
    await peer.hearUntil("\r\n\r\n");
    peer.takeHeard();
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    await answerEach(peer, HELLO);
  });
  using client = await RawPeer.connect(proxy.port);

  client.say(`HEAD http://${upstream.authority}/ HTTP/1.1\r\nHost: h\r\n\r\n`);
  expect(await client.hearUntil("\r\n\r\n")).toContain("Content-Length: 1000\r\n");
  client.takeHeard();
  client.say(get(upstream.authority, "/"));

  expect(await client.hearUntil("hello")).toStartWith("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n");
});

test("a client that has asked and half-closed still hears the answer", async () => {
  using upstream = startRawServer(async (peer) => {
    await peer.hearUntil("\r\n\r\n");
    await Bun.sleep(50);
    peer.say(HELLO);
  });
  using client = await RawPeer.connect(proxy.port);

  client.say(get(upstream.authority, "/")).finish();

  expect(await client.hearOut()).toBe("ended");
  expect(bodyOf(client.heard)).toBe("hello");
});

// A name has to be resolved, so that the end of the request is here before the upstream is.
test.each(["127.0.0.1", "localhost"])(
  "a client that has sent its body to %s and half-closed still hears the answer",
  async (host) => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil((all) => all.heard.endsWith("end"), "the end of the body");
      peer.say(HELLO);
    });
    using client = await RawPeer.connect(proxy.port);
    const body = `${"b".repeat(500_000)}end`;

    client.say(`${post(`${host}:${upstream.port}`, `Content-Length: ${body.length}\r\n`)}${body}`).finish();

    expect(await client.hearOut()).toBe("ended");
    expect(bodyOf(client.heard)).toBe("hello");
  },
);

test("a client that has asked twice and half-closed hears both answers", async () => {
  using upstream = startRawServer((peer) => answerEach(peer));
  using client = await RawPeer.connect(proxy.port);

  client.say(get(upstream.authority).repeat(2)).finish();

  expect(await client.hearOut()).toBe("ended");
  expect(client.heard.split("hello").length - 1).toBe(2);
});

test("Connection: close of a client is obeyed, and not passed on", async () => {
  using upstream = startRawServer((peer) => answerEach(peer));
  using client = await RawPeer.connect(proxy.port);

  client.say(
    `GET http://${upstream.authority}/ HTTP/1.1\r\nHost: h\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\n`,
  );

  expect(await client.hearOut()).toBe("ended");
  expect(client.heard).toContain("Connection: close\r\n");
  expect(upstream.peers[0]?.heard).not.toMatch(/connection|x-hop/i);
});

test("Connection: close of an upstream stays between it and us", async () => {
  using upstream = startRawServer(async (peer) => {
    await peer.hearUntil("\r\n\r\n");
    peer.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello").finish();
  });
  using client = await RawPeer.connect(proxy.port);

  for (let round = 0; round < 3; round++) {
    client.say(get(upstream.authority, "/"));
    await client.hearUntil("hello");
    expect(client.takeHeard()).not.toMatch(/connection/i);
  }

  expect(client.fate).toBe("open");
  expect(upstream.peers.length).toBe(3);
});
