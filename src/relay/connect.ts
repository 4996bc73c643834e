/**
 * From a name to a connection: resolve, judge every address, dial those that
 * passed. What was judged is what is dialled.
 */
import type { Origin } from "../http1/target.ts";
import type { DialWaiter } from "../net/dial.ts";
import type { Link } from "../net/link.ts";
import type { Resolution } from "../net/resolve.ts";
import { cells } from "../observe/cells.ts";
import { parseAddress } from "../policy/address.ts";
import { decideDestination, describeRefusal } from "../policy/destination.ts";
import type { RelayContext, Settings, UpstreamDial } from "./context.ts";
import { dialFailure, type Failure } from "./failure.ts";

export interface ConnectWaiter {
  /** `peer` is the `address:port` that answered. */
  onConnected(link: Link, peer: string): void;
  onConnectFailed(failure: Failure): void;
}

/** For each dial of the limit, this many that nobody waits for any more: descriptors, and a kernel's patience. */
const ABANDONED_FACTOR = 4;

export class Connecting implements DialWaiter {
  readonly #context: RelayContext;
  readonly #settings: Settings;
  readonly #origin: Origin;
  #waiter: ConnectWaiter | undefined;
  #dial: UpstreamDial | undefined;

  constructor(context: RelayContext, settings: Settings, origin: Origin, waiter: ConnectWaiter) {
    this.#context = context;
    this.#settings = settings;
    this.#origin = origin;
    this.#waiter = waiter;
  }

  /** May tell the waiter before it returns. */
  start(): void {
    const { host } = this.#origin;
    if (isAddress(host)) return this.#judge([host]);
    const resolution = this.#context.resolver.resolve(host);
    if (resolution instanceof Promise) resolution.then((later) => this.#resolved(later));
    else this.#resolved(resolution);
  }

  /** Nobody waits any more. */
  cancel(): void {
    this.#waiter = undefined;
    this.#dial?.cancel();
  }

  onDialed(link: Link, address: string): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return link.close();
    waiter.onConnected(link, peerOf(address, this.#origin.port));
  }

  onDialFailed(code: string): void {
    this.#context.counters.add(cells.upstreamDialFailures);
    this.#fail(dialFailure(code, this.#origin.authority));
  }

  #resolved(resolution: Resolution): void {
    if (this.#waiter === undefined) return;
    if (resolution.ok) return this.#judge(resolution.addresses);
    this.#fail({
      word: resolution.failure,
      detail: `Cannot resolve ${this.#origin.host} (${resolution.detail})`,
    });
  }

  #judge(addresses: readonly string[]): void {
    const { port } = this.#origin;
    const passed: string[] = [];
    let refusal: Failure | undefined;
    for (const text of addresses) {
      const address = parseAddress(text);
      if (address === undefined) continue;
      const decision = decideDestination(address, port, this.#settings.own, "local", false);
      if (decision.verdict === "allow") passed.push(text);
      else if (decision.because === "own_listener") {
        refusal = { word: "proxy_loop_detected", detail: `${peerOf(text, port)} is this proxy itself` };
      } else refusal ??= { word: "destination_ip_prohibited", detail: describeRefusal(address, decision) };
    }
    if (passed.length === 0 && refusal !== undefined) return this.#fail(refusal);
    this.#start(passed, port);
  }

  #start(passed: readonly string[], port: number): void {
    const { counters, dialer } = this.#context;
    const addresses = passed.filter((address) => !dialer.isSilent(address, port));
    if (addresses.length === 0) {
      return this.#fail({
        word: "connection_timeout",
        detail: `${this.#origin.authority} has not accepted a connection for a while`,
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
    counters.add(cells.upstreamDials);
    this.#dial = dialer.dial(addresses, port, this);
  }

  #fail(failure: Failure): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.onConnectFailed(failure);
  }
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[0-9.]+$/.test(host);
}

function peerOf(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
