/**
 * Which rules name a host. All hosts of all rules are in two maps, so that a
 * look-up costs a step for each label of the host, however many hosts there are.
 * Addresses are compared as addresses: `::1` in a rule is `0:0:0:0:0:0:0:1` in a
 * request, and an address has no parents.
 */
import { type Address, formatAddress, parseAddress } from "../address.ts";

export class HostSet {
  readonly #itself = new Map<string, readonly number[]>();
  readonly #below = new Map<string, readonly number[]>();

  /** `entries` as in a rule's `hosts`. */
  add(entries: readonly string[], rule: number): void {
    // One array for all hosts that only this rule names.
    const alone: readonly number[] = [rule];
    for (const entry of entries) {
      if (entry.startsWith("*.")) addTo(this.#below, entry.slice(2), rule, alone);
      else if (entry.startsWith(".")) {
        addTo(this.#itself, entry.slice(1), rule, alone);
        addTo(this.#below, entry.slice(1), rule, alone);
      } else addTo(this.#itself, canonicalHost(entry), rule, alone);
    }
  }

  /** Calls `found` for each rule that names `host`, in no order and perhaps more than once. `host` is canonical. */
  find(host: string, address: Address | undefined, found: (rule: number) => void): void {
    this.#itself.get(host)?.forEach(found);
    if (address !== undefined || this.#below.size === 0) return;
    for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1))
      this.#below.get(host.slice(dot + 1))?.forEach(found);
  }
}

/** The one spelling of a host: without a dot at the end, an address as RFC 5952 writes it. */
export function canonicalHost(host: string): string {
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  const address = parseAddress(name);
  return address === undefined ? name : formatAddress(address);
}

/** The entry of `entries` that names `host`, found one by one: for an explanation. */
export function entryNaming(entries: readonly string[], host: string): string | undefined {
  const name = canonicalHost(host);
  const isName = parseAddress(name) === undefined;
  return entries.find((entry) => {
    if (!entry.startsWith(".") && !entry.startsWith("*.")) return canonicalHost(entry) === name;
    const suffix = entry.slice(entry.indexOf("."));
    return isName && (name.endsWith(suffix) || (entry === suffix && entry.slice(1) === name));
  });
}

function addTo(
  map: Map<string, readonly number[]>,
  name: string,
  rule: number,
  alone: readonly number[],
): void {
  const before = map.get(name);
  if (before === undefined) map.set(name, alone);
  else if (!before.includes(rule)) map.set(name, [...before, rule]);
}
