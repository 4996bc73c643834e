/** RFC 9110 §7.8: after a 101 both connections carry another protocol, and nothing is read of it. */
import type { RequestHead, ResponseHead } from "../http1/head.ts";
import { serializeInterim } from "../http1/serialize.ts";
import type { Link } from "../net/link.ts";
import type { Settings } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import type { Passage } from "./gate/passage.ts";
import type { ClientSide } from "./handler.ts";
import { outgoingRequest } from "./message/outgoing.ts";
import { Tunnel } from "./tunnel.ts";

/** Why not, when it was not asked for; otherwise a tunnel has both links. `early` is what came behind the head. */
export function switchProtocols(
  session: ClientSide,
  exchange: Exchange,
  settings: Settings,
  passage: Passage,
  request: { readonly head: RequestHead; readonly done: boolean },
  answer: ResponseHead,
  upstream: Link,
  early: Buffer,
): Failure | undefined {
  const wasAsked = outgoingRequest(request.head).fields.upgrade !== undefined;
  if (!wasAsked || answer.fields.upgrade === undefined || !request.done) {
    return { word: "http_upgrade_failed", detail: `${passage.authority} switched protocols unasked` };
  }
  const text = serializeInterim(answer, settings.viaLines[answer.minor]);
  exchange.kind = "upgrade";
  exchange.status = 101;
  exchange.bytesOut += text.length;
  session.link.writeText(text);
  Tunnel.join(session, exchange, settings, passage, upstream, early, undefined);
  return undefined;
}
