/**
 * The seam between a client's session and the exchange under way: what each may
 * ask of the other. Neither knows how the other does it.
 */
import type { RequestHead } from "../http1/head.ts";
import type { Target } from "../http1/target.ts";
import type { Link } from "../net/link.ts";
import type { RelayContext } from "./context.ts";
import type { Failure } from "./failure.ts";
import type { ClientFacts } from "./gate/client-facts.ts";
import type { Reply } from "./message/reply.ts";

/** An exchange, as the session that it serves sees it. */
export interface Handler {
  /** It can take bytes of the request's body now; otherwise they wait. */
  readonly wantsBody: boolean;
  /** The upstream takes no more for now, so nothing is read from the client. */
  readonly isFull: boolean;
  start(): void;
  /** Takes what belongs to the body, and returns the position after that. */
  takeBody(bytes: Buffer, at: number): number;
  onClientDrain(): void;
  /** The client has said all. */
  onClientEnd(): void;
  /** The exchange ends here and now; lets go of the upstream and says nothing more. */
  abandon(): void;
  onDeadline(): void;
}

/** The session, as the exchange sees it. */
export interface ClientSide {
  readonly context: RelayContext;
  readonly link: Link;
  readonly client: ClientFacts;
  /** When `onDeadline` is called; the exchange's to set while it lasts. */
  deadlineAt: number;
  /** The client has half-closed, and reads on. */
  readonly hasEnded: boolean;
  /** Bytes after those taken so far are here already. */
  readonly hasWaiting: boolean;
  /** Offers what waits again: called when `wantsBody` or `isFull` has changed. */
  advance(): void;
  /** The exchange is over. `persists`: the client may ask again on this connection. */
  exchangeEnded(persists: boolean): void;
  /** The client is known now: the gate decides about its request. */
  enter(head: RequestHead, target: Target): void;
  /** Answers in place of an upstream. `persists` only when the whole request has been read. */
  reply(reply: Reply, head: RequestHead | undefined, persists: boolean): void;
  /** It has failed: told while there is place for an answer; after its head, only a cut tells. */
  fail(failure: Failure, head: RequestHead, persists: boolean): void;
  /** Gives the link away for good, and returns what the client has said and nobody has taken. */
  handOver(): Buffer | undefined;
}
