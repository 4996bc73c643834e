import { afterEach, expect, test } from "bun:test";
import type { Link, LinkOwner } from "../../src/net/link.ts";
import { ListenerSet } from "../../src/runtime/listener-set.ts";
import { unusedPort } from "../support/port.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";

const sets: ListenerSet<string>[] = [];

afterEach(async () => {
  await Promise.all(sets.splice(0).map((set) => set.stop()));
});

test("each listener is opened, and its clients are told apart by its facts", async () => {
  const { set, at } = listening();
  const applied = set.apply([at(0, "first"), at(0, "second")]);

  expect(applied.ok).toBe(true);
  const [first = 0, second = 0] = applied.ok ? applied.ports : [];
  expect(await greetingOf(first)).toBe("first");
  expect(await greetingOf(second)).toBe("second");
});

test("what stays is not touched: who is connected goes on, and newcomers find it at once", async () => {
  const { set, at, links } = listening();
  const [kept, gone] = [unusedPort(), unusedPort()];
  set.apply([at(kept, "old"), at(gone, "old")]);
  using peer = await RawPeer.connect(kept);
  await peer.hearUntil("old");

  expect(set.apply([at(kept, "new")])).toEqual({ ok: true, ports: [kept] });
  expect(await greetingOf(kept)).toBe("new");
  links[0]?.writeText(" and still here");
  expect(await peer.hearUntil("still here")).toBe("old and still here");
});

test("facts follow their listener when the order changes", async () => {
  const { set, at } = listening();
  const [first, second] = [unusedPort(), unusedPort()];
  set.apply([at(first, "0"), at(second, "1")]);
  set.apply([at(second, "0 now"), at(first, "1 now")]);

  expect(await greetingOf(second)).toBe("0 now");
  expect(await greetingOf(first)).toBe("1 now");
});

test("when one can't be opened, nothing has changed and the problem is told", async () => {
  const { set, at } = listening();
  using taken = startRawServer(() => {});
  const [kept, wanted] = [unusedPort(), unusedPort()];
  set.apply([at(kept, "old")]);

  expect(set.apply([at(kept, "new"), at(wanted, "new"), at(taken.port, "new")])).toEqual({
    ok: false,
    problem: `Cannot listen on 127.0.0.1:${taken.port}: the port is in use`,
  });
  expect(await greetingOf(kept)).toBe("old");
});

test("once stopped, nobody is let in", async () => {
  const { set, at } = listening();
  const port = unusedPort();
  set.apply([at(port, "here")]);
  await set.stop();

  await expect(RawPeer.connect(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

/** Its listeners greet every client with their facts. */
function listening() {
  const links: Link[] = [];
  const owner: LinkOwner = { onData() {}, onDrain() {}, onEnd: (link) => link.close(), onClose() {} };
  const set = new ListenerSet<string>(
    (facts, link) => {
      links.push(link);
      link.writeText(facts);
      return owner;
    },
    (error) => {
      throw error;
    },
  );
  sets.push(set);
  const at = (port: number, facts: string) => ({ address: { host: "127.0.0.1", port }, facts });
  return { set, at, links };
}

async function greetingOf(port: number): Promise<string> {
  using peer = await RawPeer.connect(port);
  peer.finish();
  await peer.hearOut();
  return peer.heard;
}
