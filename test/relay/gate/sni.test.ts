import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { head, statuses, transcript } from "../../support/relay.ts";
import { hello, helloFor, records } from "../../tls/hello-wire.ts";

const CONNECT = head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443");
const GOOD = helloFor("a.example").toString("latin1");
const BAD = helloFor("b.example").toString("latin1");
const NAMELESS = hello({ extensions: [] }).toString("latin1");

function tunnels(settings: object, mode = "enforce"): { policy: object } {
  return { policy: { mode, tunnels: settings } };
}

const ENFORCE = tunnels({ sni: "enforce" });

describe("where the name of a tunnel is enforced, nothing of it passes before it is known", () => {
  transcript("the right name passes, with all that was kept", (relay) => {
    relay.configure(ENFORCE);
    const { client, upstream } = relay.exchange(CONNECT);
    client.says(GOOD.slice(0, 20));
    client.says(GOOD.slice(20, -1));
    expect(upstream.received).toBe("");
    client.says(`${GOOD.slice(-1)}and more`);

    expect(upstream.received).toBe(`${GOOD}and more`);
    client.says("and on");
    expect(upstream.received).toBe(`${GOOD}and moreand on`);
    client.resets();
    expect(relay.records).toMatchObject([
      { reason: undefined, wouldDeny: false, bytesIn: CONNECT.length + GOOD.length + 14 },
    ]);
    expect(relay.read(cells.bytesToUpstreams)).toBe(GOOD.length + 14);
  });

  transcript("byte by byte, in a record for each", (relay) => {
    relay.configure(ENFORCE);
    const { client, upstream } = relay.exchange(CONNECT);
    const wire = records(helloFor("a.example").subarray(5), 1).toString("latin1");
    for (const byte of wire) client.says(byte);

    expect(upstream.received).toBe(wire);
  });

  transcript("that came before the tunnel stood, too", (relay) => {
    relay.configure(ENFORCE);
    const client = relay.client();
    client.says(CONNECT + GOOD);
    expect(relay.upstream().received).toBe(GOOD);
  });

  // Each row: what it shows | what the client says | how tunnels are | the reason, or that it passes.
  const rows = [
    ["another name", BAD, {}, "sni_mismatch"],
    ["another name, where all else may pass", BAD, { noSni: "allow", notTls: "allow" }, "sni_mismatch"],
    ["what begins like TLS and is none", "\x16\x03\x01\0\x05hello", {}, "sni_mismatch"],
    ["no name, where that may be", NAMELESS, { noSni: "allow" }, undefined],
    ["no name, where it may not", NAMELESS, { noSni: "deny" }, "sni_missing"],
    ["no TLS, where that may be", "SSH-2.0-x\r\n", { notTls: "allow" }, undefined],
    ["no TLS, where it may not", "SSH-2.0-x\r\n", { notTls: "deny" }, "not_tls"],
  ] as const;

  for (const [name, said, settings, reason] of rows) {
    transcript(`${name}: ${reason ?? "passes"}`, (relay) => {
      relay.configure(tunnels({ sni: "enforce", ...settings }));
      const { client, upstream } = relay.exchange(CONNECT);
      client.says(said);

      expect(upstream.received).toBe(reason === undefined ? said : "");
      expect(client.isClosed && upstream.isClosed).toBe(reason !== undefined);
      if (reason === undefined) return;
      expect(relay.told().sort()).toEqual(["client destroy", "upstream destroy"]);
      expect(relay.records).toMatchObject([
        { status: 200, failure: "http_request_denied", rule: "tunnels.sni", reason, wouldDeny: false },
      ]);
      expect(relay.read(cells.refusals[reason])).toBe(1);
    });
  }

  transcript("is cut at once when the wrong name came with the CONNECT", (relay) => {
    relay.configure(ENFORCE);
    const client = relay.client();
    client.says(CONNECT + BAD);
    const upstream = relay.upstream();

    expect(statuses(client)).toEqual([200]);
    expect(upstream.received).toBe("");
    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records.length).toBe(1);
  });

  transcript("an upstream may speak first", (relay) => {
    relay.configure(tunnels({ sni: "enforce", notTls: "allow" }));
    const { client, upstream } = relay.exchange(CONNECT);
    upstream.says("220 hello");
    expect(client.received).toEndWith("220 hello");
    client.says("EHLO\r\n");

    expect(upstream.received).toBe("EHLO\r\n");
  });

  transcript("a client that says nothing at all may half-close", (relay) => {
    relay.configure(ENFORCE);
    const { client, upstream } = relay.exchange(CONNECT);
    client.ends();
    upstream.says("bye");
    upstream.ends();

    expect(client.received).toEndWith("bye");
    expect(relay.records).toMatchObject([{ failure: undefined }]);
  });

  transcript("half a hello and a half-close is no hello", (relay) => {
    relay.configure(ENFORCE);
    const { client, upstream } = relay.exchange(CONNECT);
    client.says(GOOD.slice(0, 30));
    client.ends();

    expect(upstream.received).toBe("");
    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records).toMatchObject([{ reason: "sni_mismatch" }]);
  });

  transcript("half a hello waits no longer than an idle tunnel", (relay) => {
    relay.configure({ ...ENFORCE, timeouts: { tunnelIdle: "5s" } });
    const { client, upstream } = relay.exchange(CONNECT);
    client.says(GOOD.slice(0, 30));
    relay.pass(8_000);

    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(upstream.received).toBe("");
  });

  transcript("a side that goes while something is kept takes the other along", (relay) => {
    relay.configure(ENFORCE);
    const { client, upstream } = relay.exchange(CONNECT);
    client.says(GOOD.slice(0, 30));
    upstream.resets();

    expect(client.isClosed).toBe(true);
    expect(relay.records).toMatchObject([{ failure: "connection_terminated" }]);
  });

  transcript("a slow upstream pauses the client by what was kept, too", (relay) => {
    relay.configure(ENFORCE);
    const { client, upstream } = relay.exchange(CONNECT);
    upstream.full = true;
    client.says(GOOD);
    expect(client.isPaused).toBe(true);
    upstream.drains();

    expect(client.isPaused).toBe(false);
  });
});

describe("where it is only told", () => {
  for (const [name, settings] of [
    ["by log", tunnels({ sni: "log" })],
    ["by an audit", tunnels({ sni: "enforce" }, "audit")],
  ] as const) {
    transcript(`${name}, all of it passes as it comes`, (relay) => {
      relay.configure(settings);
      const { client, upstream } = relay.exchange(CONNECT);
      client.says(BAD.slice(0, 30));
      expect(upstream.received).toBe(BAD.slice(0, 30));
      client.says(BAD.slice(30));
      upstream.says("welcome");
      client.resets();

      expect(upstream.received).toBe(BAD);
      expect(relay.records).toMatchObject([
        { status: 200, failure: undefined, rule: "tunnels.sni", reason: "sni_mismatch", wouldDeny: true },
      ]);
      expect(relay.read(cells.refusals.sni_mismatch)).toBe(1);
    });
  }
});

describe("nothing is looked for", () => {
  // Each row: what it shows | the settings | the CONNECT.
  const rows = [
    ["where it is off", tunnels({ sni: "off" }), CONNECT],
    ["on other ports", ENFORCE, head("CONNECT a.example:8443 HTTP/1.1", "Host: a.example:8443")],
  ] as const;

  for (const [name, settings, connect] of rows) {
    transcript(name, (relay) => {
      relay.configure(settings);
      const { client, upstream } = relay.exchange(connect);
      client.says(BAD);
      client.resets();

      expect(upstream.received).toBe(BAD);
      expect(relay.records).toMatchObject([{ wouldDeny: false, reason: undefined }]);
    });
  }
});
