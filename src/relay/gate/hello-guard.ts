/**
 * Looks at the first that a client says in a tunnel: does it ask the upstream for
 * the name that the tunnel was opened to? In `enforce` nothing of it passes before
 * that is known; in `log` all of it passes, and only the log hears.
 */

import { decideSni, type SniDecision } from "../../policy/sni.ts";
import type { TunnelSpec } from "../../policy/spec.ts";
import { HelloReader } from "../../tls/client-hello.ts";
import type { Settings } from "../context.ts";
import type { Passage } from "./passage.ts";

export class HelloGuard {
  /** Nothing may pass until `sees` has decided. */
  readonly holdsBack: boolean;
  readonly #host: string;
  readonly #spec: TunnelSpec;
  readonly #reader = new HelloReader();
  #heldBack: Buffer[] = [];
  #hasSeen = false;

  /** Undefined where there is nothing to look for. */
  static for({ config }: Settings, passage: Passage): HelloGuard | undefined {
    const { tunnels, mode } = config.policy;
    if (tunnels.sni === "off") return undefined;
    if (!tunnels.ports.some(({ from, to }) => passage.port >= from && passage.port <= to)) return undefined;
    return new HelloGuard(passage.host, tunnels, tunnels.sni === "enforce" && mode === "enforce");
  }

  constructor(host: string, spec: TunnelSpec, holdsBack: boolean) {
    this.#host = host;
    this.#spec = spec;
    this.holdsBack = holdsBack;
  }

  /** Undefined: more has to come before it can be told. */
  sees(bytes: Buffer): SniDecision | undefined {
    this.#hasSeen = true;
    if (this.holdsBack) this.#heldBack.push(bytes);
    const hello = this.#reader.take(bytes);
    return hello === undefined ? undefined : decideSni(hello, this.#host, this.#spec);
  }

  /** The client will say no more. What looked like TLS until here was none. */
  ends(): SniDecision {
    return this.#hasSeen ? decideSni({ kind: "malformed" }, this.#host, this.#spec) : { verdict: "allow" };
  }

  /** What was kept from the upstream until it could be told. */
  takeHeldBack(): Buffer[] {
    const heldBack = this.#heldBack;
    this.#heldBack = [];
    return heldBack;
  }
}
