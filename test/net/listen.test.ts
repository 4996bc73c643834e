import { expect, test } from "bun:test";
import type { Link, LinkOwner } from "../../src/net/link.ts";
import { type Listener, openListener, probeAddress } from "../../src/net/listen.ts";
import { RawPeer } from "../support/raw.ts";

const ANSWER = "answer";

test("two listeners share a port, and a third who asks for it alone is told", async () => {
  const first = answering(0);
  const second = answering(first.port);

  expect(second.port).toBe(first.port);
  expect(() => probeAddress("127.0.0.1", first.port)).toThrow(
    expect.objectContaining({ code: "EADDRINUSE" }),
  );
  await Promise.all([first.stop(), second.stop()]);
  expect(() => probeAddress("127.0.0.1", first.port)).not.toThrow();
});

test("a client that is turned away is not heard, and its end is answered by a close", async () => {
  const listener = openListener("127.0.0.1", 0, () => undefined, failOnBug);
  using peer = await RawPeer.connect(listener.port);
  peer.say("anyone?").finish();

  expect(await peer.hearOut()).toBe("ended");
  expect(peer.heard).toBe("");
  await listener.stop();
});

test("a client of IPv4 on a listener of IPv6 is told by its IPv4 address", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const listener = openListener(
    "::",
    0,
    (link) => {
      resolve(link.remoteAddress);
      return SILENT;
    },
    failOnBug,
  );
  using _ = await RawPeer.connect(listener.port);

  expect(await promise).toBe("127.0.0.1");
  await listener.stop();
});

test("a link that is reset within the accept leaves nothing behind", async () => {
  const closed: Link[] = [];
  const owner: LinkOwner = { ...SILENT, onClose: (link) => closed.push(link) };
  const listener = openListener(
    "127.0.0.1",
    0,
    (link) => {
      link.owner = owner;
      link.destroy();
      return owner;
    },
    failOnBug,
  );
  using peer = await RawPeer.connect(listener.port);

  expect(await peer.hearOut()).toBe("reset");
  expect(closed.length).toBe(1);
  await listener.stop();
});

// Elsewhere closing a listener may reset what arrives in that very moment (src/net/syn-filter.ts).
test.if(process.platform === "linux")(
  "who was through the kernel's door when a listener stopped is served",
  async () => {
    const listener = answering(0);
    const connecting = Array.from({ length: 200 }, () => RawPeer.connect(listener.port));
    const stopped = listener.stop();

    const peers = await Promise.all(connecting);
    await stopped;
    for (const peer of peers) peer.say("question");

    const fates = await Promise.all(peers.map(async (peer) => [await peer.hearOut(), peer.heard]));
    expect(fates).toEqual(peers.map(() => ["ended", ANSWER]));
    await expect(RawPeer.connect(listener.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  },
);

const SILENT: LinkOwner = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

/** Answers what it hears and closes. */
function answering(port: number): Listener {
  const owner: LinkOwner = {
    ...SILENT,
    onData: (link) => {
      link.writeText(ANSWER);
      link.end();
    },
  };
  return openListener("127.0.0.1", port, () => owner, failOnBug);
}

function failOnBug(error: unknown): never {
  throw error;
}
