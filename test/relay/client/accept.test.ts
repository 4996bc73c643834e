import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { statuses, transcript } from "../../support/relay.ts";

describe("at a connection limit", () => {
  // Each row: the limit | what the client reads.
  const rows = [
    ["connections", "Too many connections"],
    ["connections_per_client", "Too many connections from 192.0.2.7"],
  ] as const;

  for (const [limit, text] of rows) {
    transcript(`${limit}: the newcomer gets 503 and a close`, (relay) => {
      relay.admits = limit;
      const client = relay.client();

      expect(statuses(client)).toEqual([503]);
      expect(client.received).toContain(`error=connection_limit_reached; details="${text}"`);
      expect(relay.told().slice(1)).toEqual(["client end"]);
      expect(relay.read(cells.connectionsRefused[limit])).toBe(1);
      expect(relay.records.map(({ status, failure }) => [status, failure])).toEqual([
        [503, "connection_limit_reached"],
      ]);
    });
  }

  transcript("what the newcomer says is not heard, and accepted ones go on", (relay) => {
    const accepted = relay.client();
    relay.admits = "connections";
    const newcomer = relay.client();
    newcomer.says("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    accepted.says("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");

    expect(statuses(newcomer)).toEqual([503]);
    expect(statuses(accepted)).toEqual([200]);
  });

  transcript("a newcomer that does not leave is reset after a moment", (relay) => {
    relay.admits = "connections";
    const client = relay.client();
    relay.pass(5_000);

    expect(client.isClosed).toBe(true);
  });

  transcript("of those who linger there is a limit too, and beyond it nothing is left behind", (relay) => {
    relay.configure({ bans: { connections: 0 } });
    relay.admits = "connections";
    const clients = Array.from({ length: 300 }, () => relay.client());

    expect(clients.filter(({ isClosed }) => isClosed).length).toBe(300 - 256);
    expect(relay.context.refusedOpen).toBe(256);
    expect(relay.context.deadlines.size).toBe(256);
  });
});

describe("a listener for some clients only", () => {
  const ranges = ["10.0.0.0/8", "fd00::/8"];
  // Each row: the client | whether it is let in.
  const rows = [
    ["10.1.2.3", true],
    ["fd00::7", true],
    ["11.0.0.1", false],
    ["2001:db8::1", false],
    ["", false],
  ] as const;

  for (const [address, isLetIn] of rows) {
    transcript(
      `${isLetIn ? "lets in" : "resets"} ${address === "" ? "one without an address" : address}`,
      (relay) => {
        const client = relay.client(ranges, address);

        expect(client.isClosed).toBe(!isLetIn);
        expect(relay.read(cells.connectionsRefused.client_range)).toBe(isLetIn ? 0 : 1);
        expect(relay.read(cells.connections)).toBe(isLetIn ? 1 : 0);
      },
    );
  }
});
