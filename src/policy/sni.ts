/**
 * Does what a client says first in a tunnel fit the host that it asked for? Else
 * a tunnel to an allowed name could carry another that the same server has.
 *
 * The rules, in order; the first that applies decides:
 *   1. it is not TLS                                      as `notTls` says
 *   2. it begins like TLS, and can't be read              deny: a server may read it
 *   3. it names no server, and the host is an address     allow: an address has no name to show
 *   4. it names no server                                 as `noSni` says
 *   5. it names the host                                  allow
 *   6. it names another                                   deny
 */
import { parseAddress, sameAddress } from "./address.ts";
import type { TunnelSpec } from "./spec.ts";

/** What was found of a ClientHello; `serverName` as it was sent. */
export type ShownHello =
  | { readonly kind: "tls"; readonly serverName: string | undefined }
  | { readonly kind: "malformed" }
  | { readonly kind: "other" };

export type SniDecision =
  | { readonly verdict: "allow" }
  | {
      readonly verdict: "deny";
      readonly because: "sni_mismatch" | "sni_missing" | "not_tls";
      /** The name that was shown: any bytes of the client's choice. */
      readonly found: string | undefined;
    };

const ALLOW: SniDecision = { verdict: "allow" };

/** `host` as it was asked for: lower case, without a dot at the end, an address without brackets. */
export function decideSni(hello: ShownHello, host: string, spec: TunnelSpec): SniDecision {
  if (hello.kind === "other") return spec.notTls === "allow" ? ALLOW : deny("not_tls");
  if (hello.kind === "malformed") return deny("sni_mismatch");

  const { serverName } = hello;
  if (serverName === undefined) {
    return spec.noSni === "allow" || parseAddress(host) !== undefined ? ALLOW : deny("sni_missing");
  }
  return names(serverName, host) ? ALLOW : deny("sni_mismatch", serverName);
}

/** Names of TLS are ASCII (RFC 6066 §3), so no letter beyond it may fold into one that is compared. */
function names(serverName: string, host: string): boolean {
  const name = serverName.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/\.$/, "");
  if (name === host) return true;
  // RFC 6066 has no addresses there; some clients do, in whatever spelling.
  const [shown, asked] = [parseAddress(name), parseAddress(host)];
  return shown !== undefined && asked !== undefined && sameAddress(shown, asked);
}

function deny(because: "sni_mismatch" | "sni_missing" | "not_tls", found?: string): SniDecision {
  return { verdict: "deny", because, found };
}
