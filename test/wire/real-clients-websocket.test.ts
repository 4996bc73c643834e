/** WebSocket both ways through a proxy: a tunnel, as browsers do it, and Upgrade in absolute-form. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { makeCertificate } from "../support/servers/certificate.ts";
import { startWebSocketServer, type WebSocketServer } from "../support/servers/websocket.ts";
import { makeFolder, testWith } from "../support/tools.ts";

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await startProxy();
});

afterAll(async () => {
  await proxy.stop();
});

test("a WebSocket through CONNECT carries text and large messages", async () => {
  using server = startWebSocketServer();

  expect(await converse(server, {})).toEqual(["hello", 300_000]);
  expect(server.vias).toEqual([null]);
});

testWith(["openssl"], "a WebSocket over TLS through CONNECT carries text and large messages", async () => {
  await using folder = await makeFolder();
  const certificate = await makeCertificate(folder.path);
  using server = startWebSocketServer(certificate);

  expect(await converse(server, { ca: await Bun.file(certificate.caFile).text() })).toEqual([
    "hello",
    300_000,
  ]);
  expect(server.vias).toEqual([null]);
});

test("Upgrade in absolute-form is passed through, and then the bytes are", async () => {
  using server = startWebSocketServer();
  const { promise: heard, resolve } = Promise.withResolvers<string>();
  let received = "";
  using client = await Bun.connect({
    hostname: "127.0.0.1",
    port: proxy.port,
    socket: {
      data(socket, bytes) {
        received += bytes.toString("latin1");
        const [head, frames] = received.split("\r\n\r\n", 2);
        if (frames === "" && head?.startsWith("HTTP/1.1 101 ")) socket.write(maskedText("hello"));
        else if (frames === "\x81\x05hello") resolve(received);
      },
      close: () => resolve(received),
    },
  });

  client.write(
    `GET http://${server.authority}/ HTTP/1.1\r\nHost: ${server.authority}\r\n` +
      "Connection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  const answer = await heard;

  // RFC 6455 §1.3: the answer to this very key.
  expect(answer.toLowerCase()).toContain("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=");
  expect(answer).toEndWith("\x81\x05hello");
  expect(server.vias).toEqual([expect.stringContaining("headgate")]);
});

test("an Upgrade that the server declines is an ordinary answer", async () => {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("plain\n") });

  const response = await fetch(server.url, {
    proxy: proxy.url,
    headers: { connection: "Upgrade", upgrade: "websocket" },
  });

  expect(response.status).toBe(200);
  expect(await response.text()).toBe("plain\n");
});

/** Says two things and gives what came back: the text, and the length of the bytes. */
function converse(server: WebSocketServer, tls: { ca?: string }): Promise<unknown[]> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown[]>();
  const heard: unknown[] = [];
  const socket = new WebSocket(server.url, { proxy: proxy.url, tls });
  socket.binaryType = "arraybuffer";
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => {
    heard.push(data instanceof ArrayBuffer ? data.byteLength : data);
    if (heard.length === 1) socket.send(new Uint8Array(300_000));
    else socket.close();
  };
  socket.onclose = () => resolve(heard);
  socket.onerror = () => reject(new Error("Cannot use the WebSocket: it failed"));
  return promise;
}

/** RFC 6455 §5.2: a final text frame; clients must mask theirs. */
function maskedText(text: string): Uint8Array {
  const mask = [1, 2, 3, 4] as const;
  const bytes = new TextEncoder().encode(text).map((byte, at) => byte ^ mask[at % 4]!);
  return Uint8Array.from([0x81, 0x80 | bytes.length, ...mask, ...bytes]);
}
