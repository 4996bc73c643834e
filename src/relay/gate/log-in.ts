/**
 * Who is asking? Credentials are verified before anything else is decided. What is
 * known at once is answered at once; a password hash takes its time off this
 * thread, and wrong credentials are answered late, so that guessing is slow.
 */

import type { Checked } from "../../credentials/verifier.ts";
import type { RequestHead } from "../../http1/head.ts";
import type { Target } from "../../http1/target.ts";
import { cells } from "../../observe/cells.ts";
import {
  type Authentication,
  deadlineIn,
  epochNow,
  type RelayContext,
  type Settings,
  touch,
} from "../context.ts";
import type { Failure } from "../failure.ts";
import type { ClientSide, Handler } from "../handler.ts";
import type { ClientFacts } from "./client-facts.ts";
import { refusedEarly } from "./gate.ts";
import { banned, busyLogIn, refusedLogIn } from "./refusal.ts";
import { strike } from "./strike.ts";

export type LoggedIn = "in" | Failure | Promise<Checked> | WrongCredentials;

/** To be told late. */
export interface WrongCredentials {
  readonly late: Failure;
  /** It counts towards a ban. */
  readonly isGuess: boolean;
}

/** Passwords of one client that may be under verification at once: others want theirs verified too. */
const VERIFYING_MAX = 8;

/** Sets the client's user. */
export function logIn(
  context: RelayContext,
  settings: Settings,
  client: ClientFacts,
  head: RequestHead,
): LoggedIn {
  const { authentication } = settings;
  if (authentication === undefined) {
    // A reload may have ended all log-ins.
    client.loggedOut();
    return "in";
  }
  const credentials = head.fields.proxyAuthorization;
  const nowMs = epochNow(context);
  if (credentials !== undefined && client.hasShown(credentials, settings, nowMs)) return "in";
  const { verifying } = context;
  const own = verifying.get(client.text) ?? 0;
  const checked = context.verifier.check(credentials, nowMs, own < VERIFYING_MAX);
  if (checked instanceof Promise) {
    verifying.set(client.text, own + 1);
    return checked.finally(() => verified(verifying, client.text));
  }
  return judge(context, settings, authentication, client, credentials, checked);
}

function verified(verifying: Map<string, number>, client: string): void {
  const left = (verifying.get(client) ?? 1) - 1;
  if (left > 0) verifying.set(client, left);
  else verifying.delete(client);
}

function judge(
  context: RelayContext,
  settings: Settings,
  authentication: Authentication,
  client: ClientFacts,
  credentials: string | undefined,
  checked: Checked,
): "in" | Failure | WrongCredentials {
  context.counters.add(cells.logIns[checked.result]);
  switch (checked.result) {
    case "user":
      client.loggedIn(checked.user, credentials ?? "", settings, checked.until);
      return "in";
    case "missing":
      client.loggedOut();
      return authentication.mode === "optional"
        ? "in"
        : refusedLogIn("credentials_missing", authentication.challenge);
    case "wrong":
    case "expired": {
      client.loggedOut();
      const isGuess = checked.result === "wrong";
      const reason = isGuess ? "credentials_wrong" : "token_expired";
      return { late: refusedLogIn(reason, authentication.challenge), isGuess };
    }
    case "busy":
      return busyLogIn();
  }
}

/** A request whose client is being looked at, or will be told in a moment that it is not let in. */
export class LogIn implements Handler {
  readonly wantsBody = false;
  readonly isFull = false;
  readonly #session: ClientSide;
  readonly #settings: Settings;
  readonly #head: RequestHead;
  readonly #target: Target;
  /** The client may ask again after a refusal. */
  readonly #persists: boolean;
  readonly #first: Promise<Checked> | WrongCredentials;
  #late: Failure | undefined;
  #isOver = false;

  constructor(
    session: ClientSide,
    settings: Settings,
    head: RequestHead,
    target: Target,
    persists: boolean,
    first: Promise<Checked> | WrongCredentials,
  ) {
    this.#session = session;
    this.#settings = settings;
    this.#head = head;
    this.#target = target;
    this.#persists = persists;
    this.#first = first;
  }

  start(): void {
    const first = this.#first;
    if (!(first instanceof Promise)) return this.#wait(first);
    this.#session.deadlineAt = deadlineIn(this.#session.context, this.#settings.config.timeouts.head);
    void first.then((checked) => this.#checked(checked));
  }

  takeBody(_bytes: Buffer, at: number): number {
    return at;
  }

  onClientDrain(): void {}

  onClientEnd(): void {}

  abandon(): void {
    this.#isOver = true;
  }

  onDeadline(): void {
    this.#refuse(this.#late ?? busyLogIn());
  }

  #checked(checked: Checked): void {
    const { context } = this.#session;
    touch(context);
    if (this.#isOver) {
      // Whoever leaves before it is answered has guessed all the same.
      if (checked.result === "wrong") strike(context, this.#session.client, "credentials");
      return;
    }
    const refused = refusedEarly(context, this.#session.client);
    if (refused !== undefined) return this.#refuse(refused);
    const { authentication } = this.#settings;
    const { proxyAuthorization } = this.#head.fields;
    // A reload may have turned it off meanwhile; this exchange keeps the settings that it began with.
    const result =
      authentication === undefined
        ? "in"
        : judge(context, this.#settings, authentication, this.#session.client, proxyAuthorization, checked);
    if (result === "in") return this.#session.enter(this.#head, this.#target);
    if ("late" in result) this.#wait(result);
    else this.#refuse(result);
  }

  #refuse(failure: Failure): void {
    this.#session.fail(failure, this.#head, this.#persists);
  }

  #wait({ late, isGuess }: WrongCredentials): void {
    const { context } = this.#session;
    this.#late = late;
    if (isGuess && strike(context, this.#session.client, "credentials")) return this.#refuse(banned());
    this.#session.deadlineAt = deadlineIn(context, this.#settings.authentication?.delay ?? 0);
  }
}
