import { describe, expect, test } from "bun:test";
import { alternateFamilies, Dialer } from "../../src/net/dial.ts";
import type { Link, LinkOwner } from "../../src/net/link.ts";
import { refuseNewHandshakes } from "../../src/net/syn-filter.ts";
import { unusedPort } from "../support/port.ts";
import { startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

describe("addresses are tried by turns, IPv6 first, each family in its order", () => {
  test.each([
    [[], []],
    [["192.0.2.1"], ["192.0.2.1"]],
    [
      ["192.0.2.1", "2001:db8::1"],
      ["2001:db8::1", "192.0.2.1"],
    ],
    [
      ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"],
      ["2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"],
    ],
    [
      ["2001:db8::1", "2001:db8::2", "192.0.2.1"],
      ["2001:db8::1", "192.0.2.1", "2001:db8::2"],
    ],
  ])("%j", (addresses, turns) => {
    expect(alternateFamilies(addresses)).toEqual(turns);
  });
});

test("an address that answers is connected", async () => {
  using server = startRawServer((peer) => void peer.say("hello"));
  const { dialer, dial } = dialling();
  const { link, address, heard } = await dial(["127.0.0.1"], server.port);

  expect(address).toBe("127.0.0.1");
  expect(link?.remoteAddress).toBe("127.0.0.1");
  await until("the server's words", () => heard() === "hello");
  expect([dialer.attempts, dialer.open]).toEqual([0, 1]);

  link?.destroy();
  await until("the link's end", () => dialer.open === 0);
});

test("when one refuses, the next is tried at once", async () => {
  using server = startRawServer(() => {}, "127.0.0.2");
  const { dialer, dial } = dialling();
  const { link, address } = await dial(["127.0.0.3", "127.0.0.4", "127.0.0.2"], server.port);

  expect(address).toBe("127.0.0.2");
  expect([dialer.attempts, dialer.open]).toEqual([0, 1]);
  link?.destroy();
});

test.if(process.platform === "linux")("one that never answers loses to the next", async () => {
  using server = startRawServer(() => {}, "127.0.0.2");
  // No program connects from this address, so none can have the port there.
  using silent = Bun.listen({ hostname: "127.0.0.21", port: server.port, socket: { data() {} } });
  refuseNewHandshakes(silent);
  const { dialer, dial } = dialling();
  const startedAt = performance.now();
  const { link, address } = await dial(["127.0.0.21", "127.0.0.2"], server.port);

  expect(address).toBe("127.0.0.2");
  expect(performance.now() - startedAt).toBeWithin(240, 1_000);
  expect([dialer.attempts, dialer.abandoned, dialer.open]).toEqual([0, 1, 1]);
  link?.destroy();
});

test("when all refuse, that is told once", async () => {
  const { dialer, dial } = dialling();

  expect(await dial(["127.0.0.1", "127.0.0.2"], unusedPort())).toMatchObject({ code: "ECONNREFUSED" });
  expect([dialer.attempts, dialer.open]).toEqual([0, 0]);
});

test("an address that can't even be tried is a failure as any other", async () => {
  const { dialer, dial } = dialling();

  expect(await dial(["255.255.255.255"], 1)).toMatchObject({ link: undefined });
  expect(dialer.attempts).toBe(0);
});

test("after a cancel nobody is told, and what still connects is closed", async () => {
  using server = startRawServer(() => {});
  const { dialer, told } = dialling();
  dialer.dial(["127.0.0.1"], server.port, told.waiter).cancel();
  expect([dialer.attempts, dialer.abandoned]).toEqual([0, 1]);

  const [peer] = await until("the connection's end", () => server.peers.length === 1 && server.peers);
  await until("the connection's end", () => peer?.fate !== "open");
  expect([dialer.attempts, dialer.abandoned, dialer.open]).toEqual([0, 0, 0]);
  expect(told.count).toBe(0);
});

test("a bug of the link's owner costs the link and is reported", async () => {
  using server = startRawServer((peer) => void peer.say("hello"));
  const { dial, bugs } = dialling();
  const { link } = await dial(["127.0.0.1"], server.port, () => {
    throw new Error("our bug");
  });

  await until("the report", () => bugs.length === 1);
  expect(bugs).toEqual([new Error("our bug")]);
  const [peer] = server.peers;
  await until("the link's end", () => peer?.fate === "reset");
  expect(link).toBeDefined();
});

interface Outcome {
  readonly link: Link | undefined;
  readonly address: string;
  readonly code: string;
  readonly heard: () => string;
}

function dialling() {
  const bugs: unknown[] = [];
  const dialer = new Dialer((error) => bugs.push(error));
  const told = {
    count: 0,
    waiter: { onDialed: () => told.count++, onDialFailed: () => told.count++ },
  };

  function dial(addresses: readonly string[], port: number, onData = (_: Buffer) => {}): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    let heard = "";
    const owner: LinkOwner = {
      onData: (_, bytes) => {
        heard += bytes.toString("latin1");
        onData(bytes);
      },
      onDrain() {},
      onEnd() {},
      onClose() {},
    };
    dialer.dial(addresses, port, {
      onDialed: (link, address) => {
        link.owner = owner;
        resolve({ link, address, code: "", heard: () => heard });
      },
      onDialFailed: (code) => resolve({ link: undefined, address: "", code, heard: () => "" }),
    });
    return promise;
  }

  return { dialer, dial, bugs, told };
}
