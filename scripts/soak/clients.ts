/**
 * What clients do to a proxy, good and bad, each one visit long. A visit throws
 * when the proxy did what it must not. A table, hence long.
 */
import { Conversation } from "./conversation.ts";
import { LARGE_BYTES } from "./upstream.ts";

export interface Ports {
  readonly proxy: number;
  readonly upstream: number;
  /** The same, for what spoils connections: a POST on one that just died is rightly not tried again. */
  readonly unsteady: number;
  /** Nobody listens there. */
  readonly nobody: number;
  /** The base URL of the status port. */
  readonly admin: string;
}

export type Visit = (ports: Ports) => Promise<void>;

/** These end when they have got what they came for. */
export const briskVisits: Readonly<Record<string, Visit>> = {
  "keep-alive, 20 requests": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    for (let i = 0; i < 20; i++) {
      client.say(get(ports.upstream, "/small"));
      expectStart(await client.hearUntil("small\n"), "HTTP/1.1 200");
    }
    client.close();
  },

  "10 requests ahead of their answers": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    client.say(`${get(ports.upstream, "/small")}${get(ports.upstream, "/chunked")}`.repeat(5));
    for (let i = 0; i < 5; i++) {
      expectStart(await client.hearUntil("small\n"), "HTTP/1.1 200");
      expectStart(await client.hearUntil("0\r\n\r\n"), "HTTP/1.1 200");
    }
    client.close();
  },

  "upload by length": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    client.say(post(ports.upstream, "/small", `Content-Length: ${LARGE_BYTES}`));
    client.say(new Uint8Array(LARGE_BYTES));
    expectStart(await client.hearUntil("small\n"), "HTTP/1.1 200");
    client.close();
  },

  "chunked upload": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    client.say(post(ports.upstream, "/small", "Transfer-Encoding: chunked"));
    for (let i = 0; i < 10; i++) client.say(`400\r\n${"y".repeat(1024)}\r\n`);
    client.say("0\r\n\r\n");
    expectStart(await client.hearUntil("small\n"), "HTTP/1.1 200");
    client.close();
  },

  "answer before the upload is through": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    client.say(post(ports.upstream, "/early", `Content-Length: ${LARGE_BYTES}`));
    client.say(new Uint8Array(LARGE_BYTES / 2));
    expectStart(await hearAnswer(client), "HTTP/1.1 413");
    client.close();
  },

  "upgrade, and then bytes": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    const head = get(ports.upstream, "/upgrade");
    client.say(head.replace("\r\n\r\n", "\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"));
    expectStart(await client.hearUntil("\r\n\r\n"), "HTTP/1.1 101");
    client.say("e".repeat(100_000));
    expectLength(await client.hear(100_000), 100_000);
    client.finish();
    await client.hearAll();
    client.close();
  },

  "client gone in mid-upload": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    client.say(post(ports.upstream, "/small", "Content-Length: 1000000"));
    client.say(new Uint8Array(100_000));
    await Bun.sleep(5);
    client.vanish();
  },

  "client gone in mid-download": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    client.say(get(ports.upstream, "/large"));
    await client.hear(1_000);
    client.vanish();
  },

  "client gone while the upstream thinks": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    client.say(get(ports.upstream, "/never"));
    await Bun.sleep(20);
    client.vanish();
  },

  "bad requests": async (ports) => {
    const bad = [
      "GET http://127.0.0.1/ HTTP/1.1\nHost: 127.0.0.1\n\n",
      "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nField : value\r\n\r\n",
      "GET http://127.0.0.1/ HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n",
    ];
    for (const words of bad) {
      const client = await Conversation.open(ports.proxy);
      client.say(words);
      expectStart(await client.hearAll(), "HTTP/1.1 400");
      client.close();
    }
    const client = await Conversation.open(ports.proxy);
    client.say(`GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nLong: ${"x".repeat(70_000)}\r\n\r\n`);
    expectStart(await client.hearAll(), "HTTP/1.1 431");
    client.close();
  },

  "answers that are cut": async (ports) => {
    for (const path of ["/reset-in-body", "/cut-chunk"]) {
      const client = await Conversation.open(ports.proxy);
      client.say(get(ports.unsteady, path));
      const heard = await client.hearAll();
      if (heard.endsWith("0\r\n\r\n")) throw new Error(`${path}: a cut answer was presented as complete`);
      client.close();
    }
  },

  "answers that are no answers": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    for (const path of ["/reset-before-answer", "/garbage", "/both-framings"]) {
      client.say(get(ports.unsteady, path));
      expectStart(await hearAnswer(client), "HTTP/1.1 502");
    }
    client.close();
  },

  "upstream that closes, or says more than it was asked": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    for (const path of ["/close-after", "/unasked", "/small", "/close-after", "/small"]) {
      client.say(get(ports.unsteady, path));
      expectStart(await hearAnswer(client), "HTTP/1.1 200");
      await Bun.sleep(10);
    }
    client.say(get(ports.unsteady, "/until-close"));
    if (!(await client.hearUntil("until close\n")).includes("until close\n")) throw new Error("no body");
    client.close();
  },

  "nobody listens": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    const authority = `127.0.0.1:${ports.nobody}`;
    client.say(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    expectStart(await hearAnswer(client), "HTTP/1.1 502");
    client.close();
    const tunnel = await Conversation.open(ports.proxy);
    tunnel.say(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    expectStart(await hearAnswer(tunnel), "HTTP/1.1 502");
    tunnel.close();
  },

  "tunnel with a half-close": async (ports) => {
    const client = await openTunnel(ports);
    client.say("e".repeat(100_000));
    expectLength(await client.hear(100_000), 100_000);
    client.finish();
    await client.hearAll();
    client.close();
  },

  "tunnel whose client goes": async (ports) => {
    const client = await openTunnel(ports);
    client.say("e".repeat(1_000_000));
    await client.hear(1_000);
    client.vanish();
  },
};

/** These stand about until a deadline of the proxy's, or patience, ends them. */
export const idleVisits: Readonly<Record<string, Visit>> = {
  "client that says half a head and no more": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    client.say("GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127");
    expectStart(await client.hearAll(), "HTTP/1.1 408");
    client.close();
  },

  "client that says nothing": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    await client.hearAll();
    client.close();
  },

  "tunnel that stands idle": async (ports) => {
    const client = await openTunnel(ports);
    await client.hearAll();
    client.close();
  },

  "slow reader": async (ports) => {
    const client = await Conversation.open(ports.proxy);
    client.say(get(ports.upstream, "/large"));
    await client.hearUntil("\r\n\r\n");
    client.pause();
    await Bun.sleep(500);
    client.resume();
    expectLength(await client.hear(LARGE_BYTES), LARGE_BYTES);
    client.close();
  },
};

async function openTunnel(ports: Ports): Promise<Conversation> {
  const client = await Conversation.open(ports.proxy);
  const authority = `127.0.0.1:${ports.upstream}`;
  client.say(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  expectStart(await client.hearUntil("\r\n\r\n"), "HTTP/1.1 200");
  return client;
}

function get(port: number, path: string): string {
  const authority = `127.0.0.1:${port}`;
  return `GET http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: soak\r\n\r\n`;
}

function post(port: number, path: string, framing: string): string {
  const authority = `127.0.0.1:${port}`;
  return `POST http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\n${framing}\r\n\r\n`;
}

/** One answer with a Content-Length, as our own and those of this soak have it. */
async function hearAnswer(client: Conversation): Promise<string> {
  const head = await client.hearUntil("\r\n\r\n");
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return head + (await client.hear(length));
}

function expectStart(heard: string, start: string): void {
  if (!heard.startsWith(start))
    throw new Error(`expected ${start}, heard ${JSON.stringify(heard.slice(0, 60))}`);
}

function expectLength(heard: string, length: number): void {
  if (heard.length !== length) throw new Error(`expected ${length} bytes, heard ${heard.length}`);
}
