import type { Address } from "./address.ts";

/** A list as a rule sees it: which hosts and addresses it holds, whatever it was read from. */
export interface HostList {
  /** `host` in ASCII and lower case, without a dot at the end; the list itself knows which of its entries hold subdomains. */
  hasHost(host: string): boolean;
  hasAddress(address: Address): boolean;
  /** Whether it holds addresses at all: a rule with such a list waits for what a host resolves to. */
  readonly hasRanges: boolean;
}
