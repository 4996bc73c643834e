import { describe, expect } from "bun:test";
import { answer, cached, cachedOnDisk, GET, HOST } from "../../support/cache.ts";
import { head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const BEGUN = head("HTTP/1.1 200 OK", FRESH, "Content-Length: 10");

describe("the one who asked first leaves", () => {
  cached("before there is a connection: the others wait on", (relay) => {
    const [first, second] = [relay.client(), relay.client()];
    first.says(GET);
    second.says(GET);
    first.resets();

    expect(relay.dials).toBe(1);

    relay.upstream().says(answer("one", FRESH));

    expect(second.received).toEndWith("one");
  });

  cached("within the body: the others have the rest", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    const second = relay.client();
    second.says(GET);
    upstream.says(`${BEGUN}01234`);
    client.resets();
    upstream.says("56789");

    expect(second.received).toEndWith("0123456789");
    expect(relay.pooled).toBe(1);
  });

  cached("and the answer is refused to the next by its content: the one after has it", (relay) => {
    relay.configure({
      policy: {
        rules: [{ name: "small", action: "content", clients: ["192.0.2.8"], content: { answerBytes: "4B" } }],
      },
    });
    const { client, upstream } = relay.exchange(GET);
    const [small, third] = [relay.client([], "192.0.2.8"), relay.client()];
    small.says(GET);
    third.says(GET);
    client.resets();
    upstream.says(`${BEGUN}0123456789`);

    expect(statuses(small)).not.toContain(200);
    expect(third.received).toEndWith("0123456789");
  });
});

describe("all leave", () => {
  cached("before the answer: it is abandoned", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    const second = relay.client();
    second.says(GET);
    client.resets();

    expect(upstream.isClosed).toBe(false);

    second.resets();

    expect(upstream.isClosed).toBe(true);
  });

  cached("before there is a connection: the dial is cancelled", (relay) => {
    const client = relay.client();
    client.says(GET);
    client.resets();

    expect(relay.told()).toContain("dial cancelled");
  });

  cached("within a body that memory keeps: it is fetched to its end, for the next", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${BEGUN}0`);
    client.resets();

    expect(upstream.isClosed).toBe(false);

    upstream.says("123456789");
    const next = relay.client();
    next.says(GET);

    expect(next.received).toEndWith("0123456789");
    expect(relay.pooled).toBe(1);
  });

  cached("and it stops in the middle: what came of it is kept as a part", (relay) => {
    relay.configure({ timeouts: { body: "5s" } });
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, 'ETag: "a"', "Content-Length: 10")}0123`);
    client.resets();
    relay.pass(6_000);

    expect(upstream.isClosed).toBe(true);

    const next = relay.client();
    next.says(GET);
    const second = relay.upstream();

    expect(second.received).toContain("Range: bytes=4-");

    second.resets();
  });

  cached("of what nobody keeps, it is abandoned", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", "Content-Length: 10")}0`);
    client.resets();

    expect(upstream.isClosed).toBe(true);
  });

  const shares = [
    ["less than half", 0.4, false],
    ["half", 0.5, true],
  ] as const;
  for (const [name, share, isFinished] of shares) {
    cachedOnDisk(`of what goes to the disk, ${name} is there`, async (relay, _cache, disk) => {
      const { client, upstream } = relay.exchange(GET);
      const bytes = 1_000_000;
      upstream.says(head("HTTP/1.1 200 OK", FRESH, `Content-Length: ${bytes}`) + "x".repeat(bytes * share));
      client.resets();

      expect(upstream.isClosed).toBe(!isFinished);

      if (isFinished) upstream.says("x".repeat(bytes * (1 - share)));
      await relay.settled();

      expect(disk.objects.size).toBe(isFinished ? 1 : 0);
    });
  }
});

cached("who comes when all have left, and it is fetched on, joins it", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  upstream.says(`${BEGUN}0123`);
  client.resets();
  const next = relay.client();
  next.says(GET);

  expect(next.received).toEndWith("\r\n\r\n0123");

  upstream.says("456789");

  expect(next.received).toEndWith("\r\n\r\n0123456789");
});

cached("and leaves as well: it counts once among those that nobody waits for", (relay, cache) => {
  const { client, upstream } = relay.exchange(GET);
  upstream.says(`${BEGUN}0123`);
  client.resets();
  for (const _ of [1, 2, 3]) {
    const next = relay.client();
    next.says(GET);

    expect(cache.answers.orphans).toBe(0);

    next.resets();

    expect(cache.answers.orphans).toBe(1);
  }
  upstream.says("456789");

  expect(cache.answers.orphans).toBe(0);
});

cached("and has as much time as anybody: what was to end soon for want of one does not", (relay) => {
  relay.configure({ timeouts: { body: "5s" } });
  const { client, upstream } = relay.exchange(GET);
  upstream.says(`${BEGUN}01`);
  client.resets();
  relay.pass(4_000);
  const next = relay.client();
  next.says(GET);
  for (const digit of "23456789") {
    relay.pass(4_000);
    upstream.says(digit);
  }

  expect(next.received).toEndWith("\r\n\r\n0123456789");
});

cached("one who has said all, and reads on, gets its answer (RFC 9112 §9.6)", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  client.ends();
  upstream.says(answer("one", FRESH));

  expect(client.received).toEndWith("one");
  expect(client.isClosed).toBe(true);
});

cached("one who is answered 304 in the middle leaves the rest to the store", (relay) => {
  const { client, upstream } = relay.exchange(
    head("GET http://a.example/x HTTP/1.1", HOST, 'If-None-Match: "a"'),
  );
  upstream.says(`${head("HTTP/1.1 200 OK", FRESH, 'ETag: "a"', "Content-Length: 10")}01234`);

  expect(upstream.isClosed).toBe(false);

  upstream.says("56789");
  client.says(GET);

  expect(statuses(client)).toEqual([304, 200]);
  expect(client.received).toEndWith("0123456789");
});
