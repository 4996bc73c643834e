import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { answer, cached, cachedOnDisk, GET } from "../../support/cache.ts";
import { head } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const BEGUN = head("HTTP/1.1 200 OK", FRESH, "Content-Length: 10");
const LARGE = head("HTTP/1.1 200 OK", FRESH, "Content-Length: 4000000");
const MEBIBYTE = "x".repeat(2 ** 20);

describe("one who reads slowly", () => {
  cached("holds up neither the others nor the upstream, while all of it is kept", (relay) => {
    const { client: slow, upstream } = relay.exchange(GET);
    const quick = relay.client();
    quick.says(GET);
    slow.full = true;
    upstream.says(`${BEGUN}012`);
    upstream.says("345");
    upstream.says("6789");

    expect(upstream.isPaused).toBe(false);
    expect(relay.pooled).toBe(1);
    expect(quick.received).toEndWith("\r\n\r\n0123456789");
    expect(slow.received).toEndWith("\r\n\r\n012");

    slow.drains();

    expect(slow.received).toEndWith("\r\n\r\n0123456789");
  });

  cached("is given what it has missed though another has replaced the answer", (relay, { memory }) => {
    const { client: slow, upstream } = relay.exchange(GET);
    slow.full = true;
    upstream.says(`${BEGUN}012`);
    upstream.says("3456789");
    memory.remove("a.example/x");
    slow.drains();

    expect(slow.received).toEndWith("\r\n\r\n0123456789");
  });

  cached("holds up an upstream that says interim answers, until the answer comes", (relay) => {
    const { client: slow, upstream } = relay.exchange(GET);
    slow.full = true;
    upstream.says(head("HTTP/1.1 103 Early Hints", "Link: </a>"));

    expect(upstream.isPaused).toBe(true);

    slow.drains();

    expect(upstream.isPaused).toBe(false);

    slow.full = true;
    upstream.says(`${head("HTTP/1.1 103 Early Hints", "Link: </b>")}${BEGUN}012`);

    expect(upstream.isPaused).toBe(false);

    upstream.says("3456789");
    slow.drains();

    expect(slow.received).toEndWith("\r\n\r\n0123456789");
  });

  cached("leaves no upstream paused that said an interim answer and all of its answer at once", (relay) => {
    const { client: slow, upstream } = relay.exchange(GET);
    slow.full = true;
    upstream.says(`${head("HTTP/1.1 103 Early Hints", "Link: </a>")}${answer("all", FRESH)}`);

    expect(relay.pooled).toBe(1);
    expect(upstream.isPaused).toBe(false);

    slow.drains();

    expect(slow.received).toEndWith("\r\n\r\nall");
  });

  cached("is cut when it reads nothing from an interim answer on", (relay) => {
    relay.configure({ timeouts: { body: "5s" } });
    const { client: slow, upstream } = relay.exchange(GET);
    slow.full = true;
    upstream.says(`${head("HTTP/1.1 103 Early Hints", "Link: </a>")}${BEGUN}012`);
    relay.pass(3_000);
    upstream.says("3456789");
    relay.pass(3_000);

    expect(slow.isClosed).toBe(true);
    expect(relay.read(cells.limitReached.timeout_body)).toBe(1);
  });

  cached("is cut when it does not read for too long, and the rest go on", (relay) => {
    relay.configure({ timeouts: { body: "5s" } });
    const { client: slow, upstream } = relay.exchange(GET);
    const quick = relay.client();
    quick.says(GET);
    slow.full = true;
    upstream.says(`${BEGUN}012`);
    relay.pass(3_000);
    upstream.says("345");
    relay.pass(3_000);

    expect(slow.isClosed).toBe(true);
    expect(relay.read(cells.limitReached.timeout_body)).toBe(1);

    upstream.says("6789");

    expect(quick.received).toEndWith("0123456789");
  });

  cached("pauses the upstream when nobody keeps it, with a mebibyte between them", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    upstream.says(`${LARGE}x`);
    upstream.says(MEBIBYTE);

    expect(upstream.isPaused).toBe(false);

    upstream.says("x");

    expect(upstream.isPaused).toBe(true);

    relay.pass(20_000);
    client.drains();

    expect(upstream.isPaused).toBe(false);
    expect(client.receivedBytes).toBeGreaterThan(2 ** 20);

    client.resets();

    expect(upstream.isClosed).toBe(true);
  });

  cached("is cut when it reads nothing while the upstream is paused for it", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    client.full = true;
    upstream.says(`${LARGE}x`);
    upstream.says(`${MEBIBYTE}x`);
    relay.pass(10 * 60_000);

    expect(client.isClosed).toBe(true);
    expect(upstream.isClosed).toBe(true);
    expect(relay.read(cells.limitReached.timeout_body)).toBe(1);
  });
});

describe("onto the disk", () => {
  cachedOnDisk("the upstream is read as fast as the disk takes it", async (relay, _cache, disk) => {
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${LARGE}x`);
    disk.writer!.isFull = true;
    upstream.says("x");

    expect(upstream.isPaused).toBe(true);

    disk.writer!.drains();

    expect(upstream.isPaused).toBe(false);

    for (let rest = 4_000_000 - 2; rest > 0; rest -= MEBIBYTE.length) upstream.says(MEBIBYTE.slice(0, rest));
    await relay.settled();

    expect(disk.objects.get("a.example/x")?.[0]?.facts.wholeBytes).toBe(4_000_000);
    expect(client.receivedBytes).toBeGreaterThan(4_000_000);
  });

  cachedOnDisk("who is behind holds nobody up, and has it from there", async (relay, _cache, disk) => {
    const text = Array.from({ length: 500_000 }, (_, at) => String(at).padStart(8, "0")).join("");
    const { client: slow, upstream } = relay.exchange(GET);
    const quick = relay.client();
    quick.says(GET);
    slow.full = true;
    upstream.says(`${LARGE}${text.slice(0, 8)}`);
    for (let at = 8; at < text.length; at += 500_000) {
      upstream.says(text.slice(at, at + 500_000));
      expect(upstream.isPaused).toBe(false);
    }

    expect(quick.received).toEndWith(text);
    expect(relay.pooled).toBe(1);

    await relay.settled();
    slow.drains();
    for (let turns = 0; turns < 40; turns++) await relay.settled();

    expect(slow.received.slice(slow.received.indexOf("\r\n\r\n") + 4) === text).toBe(true);
    expect(disk.files).toBe(0);
  });

  cachedOnDisk("who comes late has it from the first byte on, and of the same fetch", async (relay) => {
    const text = Array.from({ length: 500_000 }, (_, at) => String(at).padStart(8, "0")).join("");
    const { upstream } = relay.exchange(GET);
    upstream.says(`${LARGE}${text.slice(0, 2_000_000)}`);
    const late = relay.client();
    late.says(GET);
    upstream.says(text.slice(2_000_000));
    for (let turns = 0; turns < 40; turns++) await relay.settled();

    expect(relay.dials).toBe(0);
    expect(late.received.slice(late.received.indexOf("\r\n\r\n") + 4) === text).toBe(true);
  });
});
