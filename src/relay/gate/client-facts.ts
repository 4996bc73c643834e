/** What the policy knows of a client's connection: learnt once, and kept between its requests. */
import type { LimitRefusal } from "../../limits/limit-refusal.ts";
import type { Limiter } from "../../limits/limiter.ts";
import { type Address, parseAddress } from "../../policy/address.ts";
import type { User, Who } from "../../policy/decision.ts";
import type { Reach } from "../../policy/destination.ts";
import type { Policy } from "../../policy/rules/policy.ts";
import type { Settings } from "../context.ts";

export class ClientFacts {
  /** As the socket tells it. */
  readonly text: string;
  readonly address: Address;
  /** Its place. */
  readonly listener: number;
  /** What that listener leads to: it may be gone from the config, and its clients still there. */
  readonly reach: Reach;
  #user: User | undefined;
  #credentials: string | undefined;
  #settings: Settings | undefined;
  #untilMs = 0;
  #policy: Policy | undefined;
  #who: Who | undefined;
  #countedUser: string | undefined;

  constructor(text: string, listener: number, reach: Reach) {
    this.text = text;
    this.address = parseAddress(text) ?? NOWHERE;
    this.listener = listener;
    this.reach = reach;
  }

  get user(): User | undefined {
    return this.#user;
  }

  /** The very credentials that were found good a moment ago, under the same config. */
  hasShown(credentials: string, settings: Settings, nowMs: number): boolean {
    return credentials === this.#credentials && settings === this.#settings && nowMs < this.#untilMs;
  }

  loggedIn(user: User, credentials: string, settings: Settings, untilMs: number): void {
    this.#credentials = credentials;
    this.#settings = settings;
    this.#untilMs = untilMs;
    this.#be(user);
  }

  loggedOut(): void {
    this.#credentials = undefined;
    this.#be(undefined);
  }

  who(policy: Policy): Who {
    let who = this.#who;
    if (who === undefined || this.#policy !== policy) {
      who = policy.who(this.address, this.listener, this.#user);
      this.#policy = policy;
      this.#who = who;
    }
    return who;
  }

  /** Counts the connection as one of its user's, once; why that may not be, when it may not. */
  admitUser(limiter: Limiter): LimitRefusal | undefined {
    const name = this.#user?.name;
    if (name === this.#countedUser) return undefined;
    this.releaseUser(limiter);
    if (name === undefined) return undefined;
    const refusal = limiter.admitUser(name);
    if (refusal === undefined) this.#countedUser = name;
    return refusal;
  }

  releaseUser(limiter: Limiter): void {
    if (this.#countedUser !== undefined) limiter.releaseUser(this.#countedUser);
    this.#countedUser = undefined;
  }

  #be(user: User | undefined): void {
    if (user === this.#user) return;
    this.#user = user;
    this.#who = undefined;
  }
}

/** A socket that was gone before it could be asked: no rule names it. */
const NOWHERE: Address = { family: 6, w0: 0, w1: 0, w2: 0, w3: 0 };
