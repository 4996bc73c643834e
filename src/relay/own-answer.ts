/**
 * Requests that the proxy answers itself, because they are about the proxy or
 * because it is the last recipient. Decided before anything is dialled.
 *
 *   1. it has been through here too often                       508
 *   2. origin-form: someone takes us for a web server           400, and how to use us
 *   3. OPTIONS *                                                200, what we can do
 *   4. TRACE or OPTIONS that may go no further (Max-Forwards)   200
 *   5. CONNECT or TRACE with a body                             400
 *   6. CONNECT to a server                                      405
 */

import { withoutFields } from "../http1/fields.ts";
import { requestFraming } from "../http1/framing.ts";
import type { RequestHead } from "../http1/head.ts";
import { persists } from "../http1/persistence.ts";
import type { Target } from "../http1/target.ts";
import type { Settings } from "./context.ts";
import { countOwnVia } from "./message/loop.ts";
import { plainReply, type Reply, replyTo } from "./message/reply.ts";

export interface OwnAnswer {
  readonly reply: Reply;
  /** The connection can be used on: the whole request has been read, and what follows it is another. */
  readonly persists: boolean;
}

const ALLOW = "Allow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE\r\n";

export function answerOurselves(
  head: RequestHead,
  target: Target,
  settings: Settings,
  isServer = false,
): OwnAnswer | undefined {
  const { via } = settings.config;

  const { viaName } = settings.identity;
  const seen = countOwnVia(head.fields.via, viaName);
  if (seen > via.maxSeen) {
    const detail = `The request has been through ${viaName} ${seen} times`;
    return { reply: replyTo({ word: "proxy_loop_detected", detail }), persists: canPersist(head) };
  }
  if (target.form === "origin") return { reply: usage(head), persists: false };
  if (target.form === "asterisk") return { reply: plainReply(200, "", ALLOW), persists: canPersist(head) };
  if ((head.method === "CONNECT" || head.method === "TRACE") && !isWhole(head)) {
    const detail = `${head.method} has no body (RFC 9110, section 9.3)`;
    return { reply: replyTo({ word: "http_request_error", detail }), persists: false };
  }
  if (head.method === "CONNECT" && isServer) return { reply: noTunnels(), persists: false };
  if (head.fields.maxForwards !== 0) return undefined;
  if (head.method === "OPTIONS") return { reply: plainReply(200, "", ALLOW), persists: canPersist(head) };
  if (head.method === "TRACE") return { reply: traced(head), persists: canPersist(head) };
  return undefined;
}

/** The connection of a request that is answered without being read on can be used again. */
export function canPersist(head: RequestHead): boolean {
  // What follows a CONNECT may be meant for its tunnel, and must not be read as a request.
  return head.method !== "CONNECT" && isWhole(head) && persists(head.minor, head.fields);
}

/** Its head is all of it. */
function isWhole(head: RequestHead): boolean {
  const framing = requestFraming(head.fields, head.minor);
  return framing.kind === "none" || (framing.kind === "length" && framing.length === 0);
}

function usage(head: RequestHead): Reply {
  const host = head.fields.host ?? "this address";
  const detail = `This is a forward proxy, not a web server. Point a client at it: curl -x http://${host} http://example.com/`;
  return replyTo({ word: "http_request_error", detail });
}

function noTunnels(): Reply {
  const failure = {
    word: "http_request_denied",
    detail: "This server opens no tunnels",
    status: 405,
  } as const;
  return { ...replyTo(failure), fields: ALLOW.replace("CONNECT, ", "") };
}

/** RFC 9110 §9.3.8: the request as it came, without what might be a secret. */
function traced(head: RequestHead): Reply {
  const lines = withoutFields(head.fields.forwarded, SECRETS);
  const text = `${head.method} ${head.target} HTTP/1.${head.minor}\r\nHost: ${head.fields.host ?? ""}\r\n${lines}\r\n`;
  return plainReply(200, text, "Content-Type: message/http\r\n");
}

const SECRETS: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);
