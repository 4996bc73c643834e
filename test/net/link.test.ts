/** A real link between real sockets: one listener of ours, one peer that says and hears bytes. */
import { describe, expect, test } from "bun:test";
import type { Link, LinkOwner } from "../../src/net/link.ts";
import { openListener } from "../../src/net/listen.ts";
import { RawPeer } from "../support/raw.ts";
import { until } from "../support/until.ts";

/** More than the kernel takes at once. */
const MANY = 32 * 1024 * 1024;

test("text, bytes and text go out as one", async () => {
  using pair = await connected();
  pair.link.writeFramed("be\xdfore ", Buffer.from("..bytes.."), 2, 7, " after");
  pair.link.writeFramed("", Buffer.from("..bytes.."), 2, 7, "");
  pair.link.writeText("|");

  expect(await pair.peer.hearUntil("|")).toBe("be\xdfore bytes afterbytes|");
});

test("a large piece between texts goes out whole, and in order", async () => {
  using pair = await connected();
  const bytes = Buffer.alloc(100_000, "x");
  pair.link.writeFramed("<", bytes, 0, bytes.length, ">");

  expect(await pair.peer.hearUntil(">")).toBe(`<${"x".repeat(100_000)}>`);
});

describe("what the kernel does not take", () => {
  test("waits, tells that it is full, and arrives in order when there is room again", async () => {
    using pair = await connected();
    pair.peer.pause();
    let written = 0;
    while (pair.link.write(numbered(written))) written += 64 * 1024;
    written += 64 * 1024;

    expect(pair.link.isFull).toBe(true);
    expect(pair.link.outboxBytes).toBeWithin(256 * 1024, 320 * 1024 + 1);
    pair.link.writeText("the end");
    expect(pair.events).toEqual([]);

    pair.peer.resume();
    await until("the drain", () => pair.events.includes("drain"));
    expect(pair.link.isFull).toBe(false);
    await until("the last byte", () => pair.peer.heardBytes === written + "the end".length);
    expect(pair.peer.heard).toBe(numbers(pair.peer.heard.length));
    expect(pair.events).toEqual(["drain"]);
  });

  test("goes out before a half-close", async () => {
    using pair = await connected();
    pair.peer.pause();
    pair.link.write(Buffer.alloc(MANY));
    pair.link.end();
    pair.peer.resume();

    expect(await pair.peer.hearOut()).toBe("ended");
    expect(pair.peer.heardBytes).toBe(MANY);
    expect(pair.events).toEqual([]);
  });

  test("goes out before a close", async () => {
    using pair = await connected();
    pair.peer.pause();
    pair.link.write(Buffer.alloc(MANY));
    pair.link.close();
    expect(pair.events).toEqual([]);
    pair.peer.resume();

    expect(await pair.peer.hearOut()).toBe("ended");
    expect(pair.peer.heardBytes).toBe(MANY);
    await until("the close", () => pair.events.includes("closed"));
  });

  test("is lost when the link is dropped, and the peer can tell", async () => {
    using pair = await connected();
    pair.peer.pause();
    pair.link.write(Buffer.alloc(MANY));
    pair.link.drop();
    pair.peer.resume();

    expect(await pair.peer.hearOut()).toBe("reset");
  });
});

test("a link with nothing to send is dropped cleanly", async () => {
  using pair = await connected();
  pair.link.writeText("bye");
  pair.link.drop();

  expect(await pair.peer.hearOut()).toBe("ended");
  expect(pair.peer.heard).toBe("bye");
  expect(pair.events).toEqual(["closed"]);
});

test("a destroyed link is a reset to its peer, and closes within the call", async () => {
  using pair = await connected();
  pair.link.destroy();

  expect(pair.events).toEqual(["closed"]);
  expect(await pair.peer.hearOut()).toBe("reset");
});

describe("half-close", () => {
  test("of the peer leaves us our say", async () => {
    using pair = await connected();
    pair.peer.say("question").finish();
    await until("the peer's end", () => pair.events.includes("ended"));
    pair.link.writeText("answer");
    pair.link.end();

    expect(await pair.peer.hearOut()).toBe("ended");
    expect(pair.peer.heard).toBe("answer");
    await until("the close", () => pair.events.includes("closed"));
    expect(pair.events).toEqual(["question", "ended", "closed"]);
  });

  test("of ours leaves the peer its say", async () => {
    using pair = await connected();
    pair.link.writeText("question");
    pair.link.end();
    await pair.peer.hearOut();
    pair.peer.say("answer").finish();

    await until("the close", () => pair.events.includes("closed"));
    expect(pair.events.filter((event) => event !== "ended")).toEqual(["answer", "closed"]);
  });
});

test("a reset of the peer is told with its error", async () => {
  using pair = await connected();
  pair.peer.reset();

  await until("the close", () => pair.events.length > 0);
  expect(pair.events).toEqual(["closed: ECONNRESET"]);
});

test("a write after the end of the link takes nothing and says so", async () => {
  using pair = await connected();
  pair.link.destroy();

  expect(pair.link.write(Buffer.from("late"))).toBe(true);
  expect(pair.link.isGone).toBe(true);
});

test("while paused nothing is heard, the end neither, and nothing of it is lost", async () => {
  using pair = await connected();
  pair.link.pause();
  pair.peer.say("question").finish();
  // What another says after that has come: this would have, too.
  using other = await connected();
  other.peer.say("later");
  await until("the later words", () => other.events.includes("later"));
  expect(pair.events).toEqual([]);

  pair.link.resume();
  await until("the peer's end", () => pair.events.includes("ended"));
  expect(pair.events).toEqual(["question", "ended"]);
});

test("every order to a link that is gone is obeyed by doing nothing", async () => {
  using pair = await connected();
  pair.peer.reset();
  await until("the close", () => pair.events.length > 0);
  for (const order of ["end", "close", "drop", "destroy", "pause", "resume"] as const) pair.link[order]();

  expect(pair.events).toEqual(["closed: ECONNRESET"]);
});

test("a handler of ours that throws costs its link, which then does not seem to have ended cleanly", async () => {
  using pair = await connected();
  pair.link.owner = {
    ...pair.link.owner,
    onData: () => {
      throw Object.assign(new Error("ours"), { code: "BUG" });
    },
  };
  pair.peer.say("a");
  await until("the close", () => pair.events.length > 0);

  expect(pair.events).toEqual(["closed: BUG"]);
  expect(await pair.peer.hearOut()).toBe("reset");
});

async function connected() {
  const events: string[] = [];
  const accepted = Promise.withResolvers<Link>();
  const owner: LinkOwner = {
    onData: (_, bytes) => events.push(bytes.toString("latin1")),
    onDrain: () => events.push("drain"),
    onEnd: () => events.push("ended"),
    onClose: (_, error) =>
      events.push(error === undefined ? "closed" : `closed: ${(error as Error & { code?: string }).code}`),
  };
  const listener = openListener(
    "127.0.0.1",
    0,
    (link) => {
      accepted.resolve(link);
      return owner;
    },
    (error) => accepted.reject(error),
  );
  const peer = await RawPeer.connect(listener.port);
  const link = await accepted.promise;
  return {
    link,
    peer,
    events,
    [Symbol.dispose]: () => {
      peer[Symbol.dispose]();
      void listener.stop();
    },
  };
}

/** `00000000 00000009 …`: text in which a byte that is missing or moved shows. */
function numbers(length: number, from = 0): string {
  const first = Math.floor(from / 9);
  const count = Math.ceil((from + length) / 9) - first;
  const text = Array.from(
    { length: count },
    (_, index) => `${String((first + index) * 9).padStart(8, "0")} `,
  ).join("");
  return text.slice(from - first * 9, from - first * 9 + length);
}

function numbered(from: number): Buffer {
  return Buffer.from(numbers(64 * 1024, from), "latin1");
}
