/**
 * A question about the policy, as somebody asks it: read the way the proxy reads
 * a request, so that a host which would be refused is refused here too. Every
 * mistake is told at once, each with the name of its part.
 */
import * as v from "valibot";
import { formatHostPort, parseHostPort } from "../config/host-port.ts";
import { describeFound, sentence } from "../config/problems.ts";
import type { Config } from "../config/schema.ts";
import type { Account } from "../credentials/account.ts";
import { ProtocolError } from "../http1/error.ts";
import { type Origin, parseTarget } from "../http1/target.ts";
import { type Address, parseAddress } from "../policy/address.ts";
import type { User } from "../policy/decision.ts";

/** A token of RFC 9110 §5.6.2, as long as methods are. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;

/** As in the body of `POST /explain`. */
export const questionSchema = v.strictObject(
  {
    /** `http://…` is forwarded; `https://…` and `host:port` are a CONNECT. */
    url: v.pipe(
      v.string("Expected a URL"),
      v.minLength(1, "Expected a URL"),
      v.maxLength(16_384, "Expected at most 16384 characters"),
    ),
    /** Of what is forwarded; a tunnel shows none. Default GET. */
    method: v.optional(v.string("Expected a method")),
    /** Default 127.0.0.1. */
    client: v.optional(v.string("Expected an address")),
    user: v.optional(
      v.pipe(v.string("Expected a name"), v.maxLength(128, "Expected at most 128 characters")),
    ),
    /** As configured; default the first. */
    listener: v.optional(v.string("Expected HOST:PORT")),
  },
  "Expected an object with a url",
);

export type Question = v.InferInput<typeof questionSchema>;

/** What a client would ask of the proxy, and who that client is. */
export interface AskedRequest {
  readonly kind: "http" | "tunnel";
  readonly method: string;
  readonly origin: Origin;
  /** "" of a tunnel. */
  readonly path: string;
  readonly client: Address;
  /** Position in the config. */
  readonly listener: number;
  readonly user: User | undefined;
  /** Of the user, who is then not let in. */
  readonly hasExpired: boolean;
}

export type ParsedQuestion =
  | { readonly ok: true; readonly asked: AskedRequest }
  | { readonly ok: false; readonly problems: readonly string[] };

/** `nowMs`: milliseconds since the epoch. Without accounts anybody may be asked about. */
export function parseQuestion(
  input: unknown,
  config: Config,
  accounts: readonly Account[],
  nowMs: number,
): ParsedQuestion {
  const checked = v.safeParse(questionSchema, input);
  if (!checked.success) return { ok: false, problems: checked.issues.map(describeIssue) };
  const { url, method, client, user, listener } = checked.output;

  const target = readTarget(url, method);
  const address = parseAddress(client ?? "127.0.0.1");
  const place = findListener(config, listener);
  const account = accounts.find(({ name }) => name === user);
  const problems = [
    target.ok ? undefined : target.problem,
    method === undefined || METHOD.test(method)
      ? undefined
      : `method: ${sentence('a method such as "GET"', describeFound(method))}`,
    address === undefined ? `client: ${sentence("an IP address", describeFound(client))}` : undefined,
    place < 0
      ? `listener: ${sentence(`one of ${listenersOf(config).join(", ")}`, describeFound(listener))}`
      : undefined,
    user !== undefined && account === undefined && accounts.length > 0
      ? `user: Nobody can log in as ${describeFound(user)}`
      : undefined,
  ].filter((problem) => problem !== undefined);
  if (!target.ok || address === undefined || problems.length > 0) return { ok: false, problems };

  return {
    ok: true,
    asked: {
      ...target.request,
      client: address,
      listener: place,
      user: user === undefined ? undefined : { name: user, groups: account?.groups ?? [] },
      hasExpired: account?.expires !== undefined && account.expires <= nowMs,
    },
  };
}

/** As configured, by position. */
export function listenersOf({ listeners }: Config): string[] {
  return listeners.map(({ address }) => formatHostPort(address));
}

type ReadTarget =
  | { readonly ok: true; readonly request: Pick<AskedRequest, "kind" | "method" | "origin" | "path"> }
  | { readonly ok: false; readonly problem: string };

function readTarget(url: string, method: string | undefined): ReadTarget {
  const text = asSent(url);
  const https = /^https:\/\/([^/?]*)/i.exec(text)?.[1];
  const isTunnel = https !== undefined || !text.includes("://");
  if (isTunnel && https === undefined && !/:\d+$/.test(text)) return notUnderstood(url);
  if (!isTunnel && method === "CONNECT") {
    return { ok: false, problem: 'method: A CONNECT is to "host:port", and has no URL' };
  }
  try {
    const target = isTunnel
      ? parseTarget("CONNECT", https === undefined ? text : withPort(https))
      : parseTarget(method ?? "GET", text);
    if (target.form === "authority")
      return { ok: true, request: { kind: "tunnel", method: "CONNECT", origin: target.origin, path: "" } };
    if (target.form === "absolute")
      return {
        ok: true,
        request: { kind: "http", method: method ?? "GET", origin: target.origin, path: target.path },
      };
    return notUnderstood(url);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { ok: false, problem: `url: The proxy would answer 400 (${error.message})` };
  }
}

function notUnderstood(url: string): ReadTarget {
  return {
    ok: false,
    problem: `url: ${sentence('"http://…", "https://…" or "host:port"', describeFound(url))}`,
  };
}

/** As clients send what people write: without the fragment, a name of another script and an odd path encoded. */
function asSent(url: string): string {
  const text = url.replace(/#.*$/s, "");
  return /^[!-~]*$/.test(text) ? text : (URL.parse(text)?.href ?? text);
}

function withPort(authority: string): string {
  return /:\d+$/.test(authority) ? authority : `${authority.replace(/:$/, "")}:443`;
}

/** -1 when there is none. */
function findListener(config: Config, listener: string | undefined): number {
  if (listener === undefined) return 0;
  const address = parseHostPort(listener);
  return address === undefined ? -1 : listenersOf(config).indexOf(formatHostPort(address));
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (issue.expected === "never") return `${path}: Unknown, expected url, method, client, user or listener`;
  // What is missing is told with the words for the whole.
  const message = path !== null && issue.type === "strict_object" ? "Expected a URL" : issue.message;
  return path === null ? message : `${path}: ${message}`;
}
