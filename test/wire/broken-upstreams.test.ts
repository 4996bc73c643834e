/**
 * Upstreams that break off: a half answer is never presented as a whole one,
 * and nothing of an exchange is left behind.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { connect, get, HELLO, post } from "../support/http.ts";
import { nothingIsLeft } from "../support/metrics.ts";
import { unusedPort } from "../support/port.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";

let proxy: RunningProxy;
beforeAll(async () => {
  proxy = await startProxy({ workers: 1 });
});
afterEach(() => nothingIsLeft(proxy));
afterAll(() => proxy.stop());

describe("an upstream that resets within its answer cuts the client's connection", () => {
  // How the answer is framed | the part of it that comes.
  const answers = [
    ["by length", `${HEAD}Content-Length: 1000\r\n\r\nhalf`],
    ["in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
    ["until the end", `${HEAD}\r\nhalf`],
  ] as const;

  test.each(answers)("%s", async (_, beginning) => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(beginning);
      await Bun.sleep(50);
      peer.reset();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));

    expect(await client.hearOut()).toBe("reset");
    expect(client.heard).toContain("half");
    expect(client.heard).not.toContain("\r\n0\r\n");
  });

  test("and a client of HTTP/1.0, whose body the end would end", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(`${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`);
      await Bun.sleep(50);
      peer.finish();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(`GET http://${upstream.authority}/ HTTP/1.0\r\n\r\n`);

    expect(await client.hearOut()).toBe("reset");
  });
});

describe("an upstream that ends before its answer is whole cuts the client's connection", () => {
  const answers = [
    ["by length", `${HEAD}Content-Length: 1000\r\n\r\nhalf`],
    ["in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
    ["in chunks, within the last line", `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n`],
  ] as const;

  test.each(answers)("%s", async (_, beginning) => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(beginning).finish();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));

    expect(await client.hearOut()).toBe("reset");
    expect(client.heard).not.toContain("\r\n0\r\n\r\n");
  });
});

describe("an upstream that says nothing", () => {
  test("and closes is a 502, and the client asks on", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.finish();
    });
    using client = await RawPeer.connect(proxy.port);

    for (let round = 0; round < 2; round++) {
      client.say(get(upstream.authority));
      await client.hearUntil("answered");
      expect(client.takeHeard()).toMatch(/^HTTP\/1\.1 502 .*error=connection_terminated/s);
    }

    expect(upstream.peers.length).toBe(2);
  });

  test("on a used connection is asked again on a new one, once, when the method allows", async () => {
    const seen: string[] = [];
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(HELLO);
      peer.takeHeard();
      await peer.hearUntil("\r\n\r\n");
      seen.push(peer.takeHeard().slice(0, 4));
      peer.reset();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));
    await client.hearUntil("hello");
    client.takeHeard();
    client.say(get(upstream.authority));
    await client.hearUntil("hello");
    client.takeHeard();
    client.say(post(upstream.authority, "Content-Length: 0\r\n"));

    expect(await client.hearUntil("\r\n\r\n")).toStartWith("HTTP/1.1 502 ");
    expect(seen).toEqual(["GET ", "POST"]);
    expect(upstream.peers.length).toBe(2);
  });
});

describe("a CONNECT that can't be served", () => {
  test("is told why before the close, and what follows is never read as a request", async () => {
    using client = await RawPeer.connect(proxy.port);

    client.say(connect(`127.0.0.1:${unusedPort()}`));
    await client.hearUntil("refused the connection");
    client.say(get("127.0.0.1:1"));

    expect(await client.hearOut()).toBe("ended");
    expect(client.heard).toMatch(/^HTTP\/1\.1 502 .*error=connection_refused.*\r\nConnection: close\r\n/s);
    expect(client.heard.match(/HTTP\/1\.1 /g)?.length).toBe(1);
  });

  test("is told why before the close, though it has spoken for the tunnel already", async () => {
    using client = await RawPeer.connect(proxy.port);

    client.say(`${connect(`127.0.0.1:${unusedPort()}`)}${get("127.0.0.1:1")}`);

    expect(await client.hearOut()).toBe("ended");
    expect(client.heard).toMatch(/^HTTP\/1\.1 502 .*\r\nConnection: close\r\n/s);
    expect(client.heard.match(/HTTP\/1\.1 /g)?.length).toBe(1);
  });
});
