import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const CONNECT = head("CONNECT a.example:80 HTTP/1.1", "Host: a.example:80");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");

describe("when memory runs short", () => {
  transcript("level 1 turns new clients away, and serves the others", (relay) => {
    const early = relay.client();
    relay.sheds(1);
    relay.pass(100);
    const late = relay.client();
    early.says(GET);
    relay.upstream().says(OK);

    expect(statuses(late)).toEqual([503]);
    expect(late.received).toContain("Retry-After: 5\r\n");
    expect(relay.read(cells.connectionsRefused.overload)).toBe(1);
    expect(statuses(early)).toEqual([200]);
  });

  transcript("level 2 lets no exchange begin, and closes who is idle", (relay) => {
    const idle = relay.client();
    const tunnel = relay.client();
    tunnel.says(CONNECT);
    relay.upstream();
    const busy = relay.client();
    busy.says(GET);
    const upstream = relay.upstream();
    relay.sheds(2);
    const asking = idle;
    asking.says(GET);
    expect(statuses(asking)).toEqual([503]);
    expect(asking.received).toContain("Connection: close\r\n");
    relay.pass(100);

    expect(tunnel.isClosed).toBe(false);
    upstream.says(OK);
    expect(statuses(busy)).toEqual([200]);
    relay.pass(100);
    expect(relay.log).toContain("client 3 end");
    busy.ends();
    expect(relay.log).not.toContain("client 3 destroy");
    expect(relay.read(cells.limitReached.memory)).toBeGreaterThan(0);
    expect(relay.read(cells.refusals.overload)).toBe(1);
  });

  transcript("level 2 lets who has been answered read that", (relay) => {
    const client = relay.client();
    client.says(head("GET http://a.example/ HTTP/1.1", HOST, "Connection: close"));
    client.full = true;
    relay.upstream().says(`${head("HTTP/1.1 200 OK", "Content-Length: 2")}hi`);
    relay.sheds(2);
    relay.pass(500);
    expect(client.isClosed).toBe(false);
    client.drains();
    client.ends();

    expect(client.isClosed).toBe(true);
    expect(relay.log).not.toContain("client destroy");
  });

  transcript("level 3 cuts exchanges, the newest first, and tunnels only when there are none", (relay) => {
    const tunnels = [relay.client(), relay.client()];
    const busy = [relay.client(), relay.client()];
    for (const [index, client] of [...tunnels, ...busy].entries()) {
      client.says(index < 2 ? CONNECT : GET);
      relay.upstream();
      relay.pass(100);
    }
    relay.sheds(3);
    const cut: number[] = [];
    for (let tick = 0; tick < 4; tick++) {
      relay.pass(100);
      cut.push(
        ...[...tunnels, ...busy].flatMap(({ isClosed }, index) =>
          isClosed && !cut.includes(index) ? [index] : [],
        ),
      );
    }

    expect(cut).toEqual([3, 2, 1, 0]);
    expect(relay.read(cells.limitReached.memory)).toBe(4);
  });
});
