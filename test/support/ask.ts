/** A question over a raw connection and its whole answer, taken apart as far as tests look into it. */
import { RawPeer } from "./raw.ts";

export interface Answer {
  readonly status: number;
  /** Status line and fields, without the empty line. */
  readonly head: string;
  readonly body: string;
}

/** The answer must come with a Content-Length, as those of the proxy and of `answerEach` do. */
export async function ask(peer: RawPeer, request: string): Promise<Answer> {
  peer.say(request);
  await peer.hearUntil(({ heard }) => wholeAnswer(heard) !== undefined, "a whole answer");
  const answer = wholeAnswer(peer.takeHeard());
  if (answer === undefined) throw new Error("Cannot find the answer that was there");
  return answer;
}

/** Over a connection of its own, from another loopback address if `from` is one: the status, or 0 when it was cut without a word. */
export async function askAnew(port: number, request: string, from?: string): Promise<number> {
  using client = await RawPeer.connect(port, "127.0.0.1", from);
  client.say(request);
  await client.hearUntil(
    ({ heard, fate }) => wholeAnswer(heard) !== undefined || fate !== "open",
    "an answer",
  );
  return wholeAnswer(client.heard)?.status ?? 0;
}

/** Undefined: there is more to come. */
export function wholeAnswer(heard: string): Answer | undefined {
  const end = heard.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = heard.slice(0, end);
  const length = Number(fieldOf(head, "content-length") ?? 0);
  const body = heard.slice(end + 4);
  return body.length < length ? undefined : { status: Number(head.slice(9, 12)), head, body };
}

export function fieldOf(head: string, name: string): string | undefined {
  const line = head.split("\r\n").find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}

/** A whole line with its CRLF. */
export function basic(name: string, secret: string): string {
  return `Proxy-Authorization: Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}\r\n`;
}
