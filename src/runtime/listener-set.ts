/**
 * The listeners of one worker, kept in step with the config: what stays is not
 * touched, what is new is opened before anything old is closed, and when one
 * can't be opened nothing has changed.
 */
import { formatHostPort, type HostPort } from "../config/host-port.ts";
import type { ReportBug } from "../net/link.ts";
import { type Accept, type Listener, openListener } from "../net/listen.ts";
import { describeListenError } from "./listen-error.ts";

export interface WantedListener<Facts> {
  readonly address: HostPort;
  /** What the acceptor is told of it; may change while the listener stays. */
  readonly facts: Facts;
}

export type AcceptFor<Facts> = (facts: Facts, ...link: Parameters<Accept>) => ReturnType<Accept>;

interface Open<Facts> {
  readonly listener: Listener;
  facts: Facts;
}

export class ListenerSet<Facts> {
  readonly #accept: AcceptFor<Facts>;
  readonly #reportBug: ReportBug;
  #open = new Map<string, Open<Facts>>();

  constructor(accept: AcceptFor<Facts>, reportBug: ReportBug) {
    this.#accept = accept;
    this.#reportBug = reportBug;
  }

  /** Returns the ports in use, or why one could not be opened. */
  apply(
    wanted: readonly WantedListener<Facts>[],
  ): { ok: true; ports: number[] } | { ok: false; problem: string } {
    const next = new Map<string, Open<Facts>>();
    const opened: Listener[] = [];
    const ports: number[] = [];
    for (const { address, facts } of wanted) {
      // Two listeners on port 0 are two listeners.
      const key = address.port === 0 ? `${formatHostPort(address)} ${next.size}` : formatHostPort(address);
      const stays = this.#open.get(key);
      try {
        const open = stays ?? this.#openOne(address, facts);
        if (stays === undefined) opened.push(open.listener);
        next.set(address.port === 0 ? formatHostPort({ ...address, port: open.listener.port }) : key, open);
        ports.push(open.listener.port);
      } catch (error) {
        for (const listener of opened) void listener.stop();
        return { ok: false, problem: describeListenError(address, error) };
      }
    }
    for (const [index, open] of [...next.values()].entries()) open.facts = wanted[index]?.facts ?? open.facts;
    for (const [key, open] of this.#open) if (!next.has(key)) void open.listener.stop();
    this.#open = next;
    return { ok: true, ports };
  }

  /** Resolves when no connection can come any more. */
  async stop(): Promise<void> {
    const listeners = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(listeners.map(({ listener }) => listener.stop()));
  }

  #openOne(address: HostPort, facts: Facts): Open<Facts> {
    const open: Open<Facts> = {
      facts,
      listener: openListener(
        address.host,
        address.port,
        (link) => this.#accept(open.facts, link),
        this.#reportBug,
      ),
    };
    return open;
  }
}
