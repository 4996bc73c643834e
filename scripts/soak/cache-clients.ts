/**
 * What clients do to a cache, each one visit long: a body that is not, to the byte,
 * what the upstream has under its path is a failure, and so is one that hangs.
 */
import { bodyOf } from "./cacheable.ts";
import type { Visit } from "./clients.ts";
import { Conversation } from "./conversation.ts";

/** More than there is memory for, and of the vast ones more than the disk takes. */
const KEPT = 800;
const VAST = 80;
const BROKEN = 200;

export const briskCacheVisits: Readonly<Record<string, Visit>> = {
  "stored answers, 20 requests": async ({ proxy, upstream }) => {
    const client = await Conversation.open(proxy);
    // Small numbers more often, as in life.
    for (let i = 0; i < 20; i++)
      await hearWhole(client, upstream, `/kept/${Math.floor(KEPT * Math.random() ** 3)}`);
    client.close();
  },

  "validated answers, 5 requests": async ({ proxy, upstream }) => {
    const client = await Conversation.open(proxy);
    for (let i = 0; i < 5; i++) await hearWhole(client, upstream, `/brief/${pick(20)}`);
    client.close();
  },

  "ranges of stored answers": async ({ proxy, upstream }) => {
    const client = await Conversation.open(proxy);
    for (const path of [`/kept/${pick(20)}`, `/vast/${pick(VAST)}`]) {
      await hearWhole(client, upstream, path);
      client.say(get(upstream, path, "Range: bytes=50-149"));
      const head = await client.hearUntil("\r\n\r\n");
      // Purged meanwhile, and the upstream knows no ranges.
      if (head.startsWith("HTTP/1.1 200")) await expectBody(client, head, bodyOf(path) ?? "");
      else await expectBody(client, head, (bodyOf(path) ?? "").slice(50, 150));
    }
    client.close();
  },

  "large answers of the disk": async ({ proxy, upstream }) => {
    const client = await Conversation.open(proxy);
    for (let i = 0; i < 2; i++) await hearWhole(client, upstream, `/vast/${pick(VAST)}`);
    client.close();
  },

  "four at once ask for what may not be there": async ({ proxy, upstream }) => {
    const path = `/vast/${pick(VAST)}`;
    await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const client = await Conversation.open(proxy);
        await hearWhole(client, upstream, path);
        client.close();
      }),
    );
  },

  "client gone in mid-download of what is stored": async ({ proxy, upstream }) => {
    const client = await Conversation.open(proxy);
    client.say(get(upstream, `/vast/${pick(VAST)}`));
    await client.hear(100_000);
    client.vanish();
  },

  "answers that break off, and are completed": async ({ proxy, unsteady }) => {
    const path = `/broken/${pick(BROKEN)}`;
    const body = bodyOf(path) ?? "";
    for (let i = 0; i < 2; i++) {
      const client = await Conversation.open(proxy);
      client.say(get(unsteady, path, "Connection: close"));
      const heard = await client.hearAll();
      const got = heard.slice(heard.indexOf("\r\n\r\n") + 4);
      if (heard.startsWith("HTTP/1.1 200") && !body.startsWith(got)) throw new Error(`${path}: other bytes`);
      client.close();
    }
  },

  PURGE: async ({ proxy, upstream }) => {
    const client = await Conversation.open(proxy);
    for (const path of [`/kept/${pick(50)}`, `/vast/${pick(VAST)}`]) {
      client.say(get(upstream, path).replace("GET", "PURGE"));
      const head = await client.hearUntil("\r\n\r\n");
      if (!/^HTTP\/1\.1 (200|404)/.test(head)) throw new Error(`PURGE ${path}: heard ${head.slice(0, 60)}`);
      await client.hear(lengthIn(head));
      await hearWhole(client, upstream, path);
    }
    client.close();
  },
};

export const idleCacheVisits: Readonly<Record<string, Visit>> = {
  "slow reader of a large answer of the disk": async ({ proxy, upstream }) => {
    const path = `/vast/${pick(VAST)}`;
    const client = await Conversation.open(proxy);
    client.say(get(upstream, path));
    const head = await client.hearUntil("\r\n\r\n");
    client.pause();
    await Bun.sleep(500);
    client.resume();
    await expectBody(client, head, bodyOf(path) ?? "");
    client.close();
  },

  "purge by tag, and looks at what is stored": async ({ admin, upstream }) => {
    for (let i = 0; i < 4; i++) {
      await Bun.sleep(1_000);
      const url = `http://127.0.0.1:${upstream}/vast/${pick(VAST)}`;
      const answer = await fetch(`${admin}/cache/entry?url=${encodeURIComponent(url)}`, {
        proxy: false,
      } as RequestInit);
      if (answer.status !== 200 && answer.status !== 404)
        throw new Error(`the status port said ${answer.status}`);
      await answer.text();
    }
    const answer = await fetch(`${admin}/cache/purge`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tag: ["kept", "brief", "vast", "broken"][pick(4)], soft: pick(2) === 0 }),
      proxy: false,
    } as RequestInit);
    if (!answer.ok) throw new Error(`the status port said ${answer.status}: ${await answer.text()}`);
    await answer.text();
  },
};

async function hearWhole(client: Conversation, port: number, path: string): Promise<void> {
  client.say(get(port, path));
  const head = await client.hearUntil("\r\n\r\n");
  if (!head.startsWith("HTTP/1.1 200"))
    throw new Error(`${path}: heard ${JSON.stringify(head.slice(0, 60))}`);
  await expectBody(client, head, bodyOf(path) ?? "");
}

async function expectBody(client: Conversation, head: string, body: string): Promise<void> {
  const length = lengthIn(head);
  const heard = await client.hear(length);
  if (length !== body.length) throw new Error(`a body of ${length} bytes, where ${body.length} are`);
  if (heard !== body)
    throw new Error(`other bytes than ${JSON.stringify(body.slice(0, 20))}, or ${heard.length} of them`);
}

function lengthIn(head: string): number {
  return Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
}

function get(port: number, path: string, ...lines: readonly string[]): string {
  const authority = `127.0.0.1:${port}`;
  const first = [`GET http://${authority}${path} HTTP/1.1`, `Host: ${authority}`, ...lines];
  return `${first.join("\r\n")}\r\n\r\n`;
}

function pick(below: number): number {
  return Math.floor(Math.random() * below);
}
