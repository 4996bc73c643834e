/**
 * From a name to a connection: resolve, judge every address, dial those that
 * passed. What was judged is what is dialled.
 */
import type { DialWaiter } from "../net/dial.ts";
import type { Link } from "../net/link.ts";
import type { Resolution } from "../net/resolve.ts";
import { cells } from "../observe/cells.ts";
import type { AddressDecision } from "../policy/decision.ts";
import type { RelayContext, Settings, UpstreamDial } from "./context.ts";
import { dialFailure, type Failure } from "./failure.ts";
import { limitFailure } from "./gate/audit.ts";
import type { Judged, Passage } from "./gate/passage.ts";
import { redirected } from "./gate/refusal.ts";
import { HostPlace } from "./host-place.ts";
import type { Reply } from "./message/reply.ts";

export interface ConnectWaiter {
  /** `peer` is the `address:port` that answered. The place is given back when the link is gone, at the latest. */
  onConnected(link: Link, peer: string, address: string, place: HostPlace): void;
  onConnectFailed(failure: Failure): void;
  /** A rule says so, now that the address is known. Never of a tunnel. */
  onRedirected(reply: Reply): void;
}

/** For each dial of the limit, this many that nobody waits for any more: descriptors, and a kernel's patience. */
const ABANDONED_FACTOR = 4;

export class Connecting implements DialWaiter {
  readonly #context: RelayContext;
  readonly #settings: Settings;
  readonly #passage: Passage;
  #waiter: ConnectWaiter | undefined;
  #dial: UpstreamDial | undefined;
  /** Until the link takes it over. */
  #place: HostPlace | undefined;

  constructor(context: RelayContext, settings: Settings, passage: Passage, waiter: ConnectWaiter) {
    this.#context = context;
    this.#settings = settings;
    this.#passage = passage;
    this.#waiter = waiter;
  }

  /** May tell the waiter before it returns. What the client is refused by its addresses is told as any other refusal. */
  start(): void {
    const { host } = this.#passage;
    if (isAddress(host)) return this.#judge([host]);
    const resolution = this.#context.resolver.resolve(host);
    if (resolution instanceof Promise) resolution.then((later) => this.#resolved(later));
    else this.#resolved(resolution);
  }

  /** Nobody waits any more. */
  cancel(): void {
    this.#waiter = undefined;
    this.#dial?.cancel();
    this.#place?.leave();
  }

  onDialed(link: Link, address: string): void {
    const waiter = this.#waiter;
    const place = this.#place;
    if (waiter === undefined || place === undefined) return link.close();
    this.#place = undefined;
    const { held } = this.#context;
    link.onGone = () => {
      held.release(link);
      place.leave();
    };
    waiter.onConnected(link, peerOf(address, this.#passage.port), address, place);
  }

  onDialFailed(code: string): void {
    this.#context.counters.add(cells.upstreamDialFailures);
    this.#fail(dialFailure(code, this.#passage.endpoint));
  }

  #resolved(resolution: Resolution): void {
    if (this.#waiter === undefined) return;
    if (resolution.ok) return this.#judge(resolution.addresses);
    this.#fail({
      word: resolution.failure,
      detail: `Cannot resolve ${this.#passage.host} (${resolution.detail})`,
    });
  }

  #judge(addresses: readonly string[]): void {
    const passed: string[] = [];
    let pass: Judged | undefined;
    let refusal: Judged | undefined;
    for (const address of addresses) {
      const judged = this.#passage.judge(address);
      if (judged.failure === undefined) {
        passed.push(address);
        // What an audit alone lets pass would not have been dialled.
        if (pass === undefined || pass.decided?.wouldDeny === true) pass = judged;
      } else if (refusal === undefined || judged.failure.word === "proxy_loop_detected") refusal = judged;
    }
    const settled = pass ?? refusal;
    if (settled !== undefined) this.#passage.settle(settled);
    if (settled?.failure === undefined) this.#start(passed, this.#passage.port);
    else this.#refuse(settled.failure, settled.decided);
  }

  #refuse(failure: Failure, decided: AddressDecision | undefined): void {
    if (decided?.verdict === "redirect") return this.#leave()?.onRedirected(redirected(decided));
    this.#context.refusedHosts.count(this.#passage.host);
    this.#fail(failure);
  }

  #start(passed: readonly string[], port: number): void {
    const { counters, dialer, limiter } = this.#context;
    const addresses = passed.filter((address) => !dialer.isSilent(address, port));
    if (addresses.length === 0) {
      return this.#fail({
        word: "connection_timeout",
        detail: `${this.#passage.endpoint} has not accepted a connection for a while`,
      });
    }
    const { dials } = this.#settings.config.limits;
    if (dialer.attempts >= dials || dialer.abandoned >= dials * ABANDONED_FACTOR) {
      counters.add(cells.limitReached.dials);
      return this.#fail({
        word: "connection_limit_reached",
        detail: "Too many connections are being opened",
      });
    }
    const place = new HostPlace(limiter, this.#passage.host);
    const { effects, exchange } = this.#passage;
    const refusal = place.take(effects?.limits);
    const failure = refusal && limitFailure(this.#context, this.#settings, exchange, refusal);
    if (failure !== undefined) return this.#fail(failure);
    this.#place = place;
    counters.add(cells.upstreamDials);
    this.#dial = dialer.dial(addresses, port, this);
  }

  #fail(failure: Failure): void {
    this.#leave()?.onConnectFailed(failure);
  }

  /** Whoever waits is told once, and last. */
  #leave(): ConnectWaiter | undefined {
    this.#place?.leave();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    return waiter;
  }
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[0-9.]+$/.test(host);
}

function peerOf(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
