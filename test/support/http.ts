/** HTTP/1 as text, for tests that talk over raw sockets: the plainest request of each kind, and an upstream that answers. */
import type { RawPeer } from "./raw.ts";

export const HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/** `fields` are whole lines with their CRLF. */
export function get(authority: string, path = "/", fields = ""): string {
  return `GET http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n`;
}

/** The head alone; `fields` must tell how the body is framed. */
export function post(authority: string, fields: string): string {
  return `POST http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n`;
}

export function connect(authority: string, fields = ""): string {
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n`;
}

/** An upstream that answers every head the same, until its peer has said all. */
export async function answerEach(peer: RawPeer, answer = HELLO): Promise<void> {
  let answered = 0;
  while (true) {
    const heads = () => peer.heard.split("\r\n\r\n").length - 1;
    await peer.hearUntil(() => heads() > answered || peer.fate !== "open", "a head");
    if (peer.fate !== "open") return peer.finish();
    answered++;
    peer.say(answer);
  }
}

/** An upstream that says what it hears, and ends when its peer does. */
export async function echo(peer: RawPeer): Promise<void> {
  while (true) {
    await peer.hearUntil(() => peer.heard !== "" || peer.fate !== "open", "anything");
    if (peer.heard !== "") peer.say(peer.takeHeard());
    else return peer.finish();
  }
}

export function bodyOf(message: string): string {
  return message.slice(message.indexOf("\r\n\r\n") + 4);
}
