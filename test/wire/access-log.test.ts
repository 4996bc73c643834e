/** The lines of the access log: each field, each format, and one line whatever a client says. */
import { describe, expect, test } from "bun:test";
import { answerEach, connect, get, HELLO, post } from "../support/http.ts";
import { unusedPort } from "../support/port.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

describe("a line of JSON", () => {
  test("tells all of an exchange", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using upstream = startRawServer((peer) => answerEach(peer));
    const request = get(upstream.authority, "/path?query");
    const before = Date.now();

    const [first, second] = await linesOf(proxy, request, request);

    expect(first).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      client: "127.0.0.1",
      listener: `127.0.0.1:${proxy.port}`,
      kind: "forward",
      method: "GET",
      target: `http://${upstream.authority}/path?query`,
      status: 200,
      bytesIn: request.length,
      bytesOut:
        HELLO.length +
        `Date: ${new Date(0).toUTCString()}\r\nVia: 1.1 headgate\r\n`.length +
        'Cache-Status: headgate; fwd=uri-miss; detail="neither fresh nor with a validator"\r\n'.length,
      durationMs: expect.any(Number),
      firstByteMs: expect.any(Number),
      upstream: upstream.authority,
      reused: false,
      cache: "miss",
    });
    expect(second?.["reused"]).toBe(true);
    expect(Date.parse(String(first?.["time"]))).toBeWithin(before - 2, Date.now() + 2);
    expect(Number(first?.["durationMs"])).toBeWithin(0, 1_000);
    expect(Number(first?.["firstByteMs"])).toBeLessThanOrEqual(Number(first?.["durationMs"]));
  });

  // What happened | the request | what the line says of it.
  const failures = [
    [
      "a request that can't be read",
      () => "GET\r\n\r\n",
      { kind: "own", method: "", target: "", status: 400, error: "http_request_error" },
    ],
    [
      "a refused dial",
      () => get(`127.0.0.1:${unusedPort()}`),
      { kind: "forward", status: 502, error: "connection_refused" },
    ],
    [
      "a CONNECT that failed",
      () => connect(`127.0.0.1:${unusedPort()}`),
      { kind: "tunnel", status: 502, error: "connection_refused" },
    ],
    [
      "a name that there is not",
      () => get("nobody.invalid"),
      { kind: "forward", status: 502, error: "dns_error" },
    ],
    [
      "an address never dialled",
      () => connect("169.254.169.254:80"),
      { kind: "tunnel", status: 403, error: "destination_ip_prohibited" },
    ],
  ] as const;

  test.each(failures)("names the cause of %s", async (_, request, facts) => {
    await using proxy = await startProxy({ workers: 1 });

    const [line] = await linesOf(proxy, request());

    expect(line).toMatchObject(facts);
    expect(line).not.toHaveProperty("upstream");
  });

  test("tells of an answer that was cut what had been sent", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using upstream = startRawServer((peer) =>
      answerEach(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf"),
    );
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));
    await client.hearUntil("half");
    for (const peer of upstream.peers) peer.finish();
    await client.hearOut();

    const line = await until("the line is there", () => proxy.accessLog()[0]);
    expect(line).toMatchObject({
      status: 200,
      error: "http_response_incomplete",
      bytesOut: client.heardBytes,
    });
  });

  test("has 0 for a status when the client left before any", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using upstream = startRawServer(() => {});
    const client = await RawPeer.connect(proxy.port);

    client.say(post(upstream.authority, "Content-Length: 10\r\n"));
    await until("the upstream is asked", () => upstream.heardBytes() > 0);
    client.reset();

    const line = await until("the line is there", () => proxy.accessLog()[0]);
    expect(line).toMatchObject({ method: "POST", status: 0, bytesOut: 0 });
  });

  test("is one line, whatever a client says", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using upstream = startRawServer((peer) => answerEach(peer));

    const [line] = await linesOf(proxy, get(upstream.authority, '/"\\\u00e9\u00ff{}'));

    expect(line?.["status"]).toBeOneOf([200, 400]);
    expect(proxy.stdout()).toMatch(/^[\x20-\x7e]+\n$/);
  });

  test("has no query when told so", async () => {
    await using proxy = await startProxy({ workers: 1, log: { query: false } });
    using upstream = startRawServer((peer) => answerEach(peer));

    const [line] = await linesOf(proxy, get(upstream.authority, "/path?secret"));

    expect(line?.["target"]).toBe(`http://${upstream.authority}/path`);
  });
});

describe("the format", () => {
  // Its name | what a line looks like, with `AUTHORITY` for the upstream's.
  const formats = [
    [
      "common",
      String.raw`^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET http://AUTHORITY/ HTTP/1\.1" 200 \d+\n$`,
    ],
    [
      "pretty",
      String.raw`^\d\d:\d\d:\d\d\.\d{3} 200 GET .* 127\.0\.0\.1 +http://AUTHORITY/ via AUTHORITY miss\n$`,
    ],
  ] as const;

  test.each(formats)("%s", async (format, pattern) => {
    await using proxy = await startProxy({ workers: 1, log: { format } });
    using upstream = startRawServer((peer) => answerEach(peer));

    await ask(proxy, upstream);

    await until("the line is there", () => proxy.stdout().endsWith("\n"));
    expect(proxy.stdout()).toMatch(new RegExp(pattern.replaceAll("AUTHORITY", upstream.authority)));
  });

  test("off writes nothing", async () => {
    await using proxy = await startProxy({ workers: 1, log: { access: "off" } });
    using upstream = startRawServer((peer) => answerEach(peer));

    await ask(proxy, upstream);

    await proxy.stop();
    expect(proxy.stdout()).toBe("");
  });
});

/** What the log says of each request, asked one after the other on a connection of its own. */
async function linesOf(proxy: RunningProxy, ...requests: string[]): Promise<Record<string, unknown>[]> {
  for (const [index, request] of requests.entries()) {
    using client = await RawPeer.connect(proxy.port);
    client.say(request);
    await client.hearUntil("\r\n\r\n");
    await until("the line is there", () => proxy.accessLog().length > index);
  }
  return proxy.accessLog();
}

async function ask(proxy: RunningProxy, upstream: RawServer): Promise<void> {
  using client = await RawPeer.connect(proxy.port);
  client.say(get(upstream.authority, "/", "Connection: close\r\n"));
  await client.hearOut();
  expect(client.heard).toEndWith("hello");
}
