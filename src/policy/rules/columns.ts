/**
 * A policy turned on its side. A rule is a bit; a kind of matcher is a column
 * that tells, for one client, host, port or method, which rules it lets match.
 * What a column has told of a host or a port it remembers, in bounded maps that
 * forget what was not asked for lately.
 */
import { type Address, parseAddress } from "../address.ts";
import type { User, Who } from "../decision.ts";
import type { HostList } from "../host-list.ts";
import type { RuleSpec } from "../spec.ts";
import { type Bits, bitsOf, hasBit, noBits, setBit } from "./bits.ts";
import { canonicalHost, HostSet } from "./host-set.ts";
import {
  canonicalMethod,
  matchesAddress,
  matchesClient,
  matchesEither,
  matchesPort,
  matchesScheme,
  matchesUser,
} from "./matchers.ts";
import type { Rule } from "./rule.ts";

/** Which rules' hosts, lists and addresses match a host. */
export interface HostMatch {
  /** Those that match, and those that may. */
  readonly bits: Bits;
  /** Of these, those that want to know what the host resolves to. */
  readonly waits: Bits;
  /** Of these, those whose lists have ranges and don't hold the host's name: an address must be in one of them. */
  readonly waitsForList: Bits;
  /** By rule, the list that holds it; undefined: none is in any. */
  readonly lists: ReadonlyMap<number, string> | undefined;
}

export type Lists = ReadonlyMap<string, HostList>;

/** Hosts that are remembered, twice: a megabyte, and more than a worker meets within seconds. */
const HOSTS_MAX = 4_096;
/** Hosts differ, and match the same few rules: what they match is kept once. */
const MATCHES_MAX = 1_024;
/** A client may name any of 65,535; a policy names few. */
const PORTS_MAX = 256;

/** Ports of tunnels are remembered behind those of plain requests. */
const TUNNEL = 0x1_0000;

export class Columns {
  readonly #rules: readonly Rule[];
  readonly #listeners: readonly string[];
  readonly #hosts = new HostSet();
  readonly #anyHost: Bits;
  readonly #methods = new Map<string, Bits>();
  readonly #otherMethods: Bits;
  readonly #ports = new Map<number, Bits>();
  #lists: Lists;
  #fresh = new Map<string, HostMatch>();
  #stale = new Map<string, HostMatch>();
  readonly #matches = new Map<string, HostMatch>();

  constructor(rules: readonly Rule[], listeners: readonly string[], lists: Lists) {
    this.#rules = rules;
    this.#listeners = listeners;
    this.#lists = lists;
    for (const rule of rules) this.#hosts.add(rule.spec.hosts, rule.index);
    this.#anyHost = bitsOf(rules, ({ spec }) => spec.hosts.length + spec.lists.length === 0);
    this.#otherMethods = this.#allowing((spec) => spec.methods, undefined);
    for (const method of new Set(rules.flatMap(({ spec }) => spec.methods.map(canonicalMethod))))
      this.#methods.set(
        method,
        this.#allowing((spec) => spec.methods.map(canonicalMethod), method),
      );
  }

  setLists(lists: Lists): void {
    this.#lists = lists;
    this.#fresh = new Map();
    this.#stale = new Map();
  }

  who(client: Address, listener: number, user: User | undefined): Who {
    const listeners = this.#allowing((spec) => spec.listeners, this.#listeners[listener]);
    const clients = bitsOf(this.#rules, (rule) => matchesClient(rule, client));
    return {
      client,
      listener,
      user,
      bits: clients.map((word, at) => word & (listeners[at] ?? 0)),
      wantsUser: bitsOf(this.#rules, ({ spec }) => !matchesUser(spec, user)),
    };
  }

  ofMethod(method: string): Bits {
    return this.#methods.get(method) ?? this.#methods.get(canonicalMethod(method)) ?? this.#otherMethods;
  }

  /** Ports and schemes; and for a tunnel, what may match one. */
  ofPort(kind: "http" | "tunnel", port: number): Bits {
    const key = kind === "tunnel" ? TUNNEL + port : port;
    const known = this.#ports.get(key);
    if (known !== undefined) return known;

    const bits = bitsOf(
      this.#rules,
      ({ spec }) => matchesScheme(spec, kind, port) && matchesPort(spec, port),
    );
    if (this.#ports.size >= PORTS_MAX) this.#ports.clear();
    this.#ports.set(key, bits);
    return bits;
  }

  ofHost(host: string): HostMatch {
    const known = this.#fresh.get(host);
    if (known !== undefined) return known;

    const match = this.#stale.get(host) ?? this.#look(canonicalHost(host));
    if (this.#fresh.size >= HOSTS_MAX) {
      this.#stale = this.#fresh;
      this.#fresh = new Map();
    }
    this.#fresh.set(copied(host), match);
    return match;
  }

  /** Of a rule that waits for a list: the one that holds an address which its host resolved to. */
  listHoldingAddress(rule: Rule, address: Address): string | undefined {
    return rule.spec.lists.find((name) => {
      const list = this.#lists.get(name);
      return list !== undefined && matchesEither(rule, address, (either) => list.hasAddress(either));
    });
  }

  #look(host: string): HostMatch {
    const address = parseAddress(host);
    const named = noBits(this.#rules.length);
    this.#hosts.find(host, address, (rule) => setBit(named, rule));

    const bits = noBits(this.#rules.length);
    const waits = noBits(this.#rules.length);
    const waitsForList = noBits(this.#rules.length);
    const lists = new Map<number, string>();
    for (const rule of this.#rules) {
      const isNamed = hasBit(this.#anyHost, rule.index) || hasBit(named, rule.index);
      const list = isNamed ? undefined : this.#listHolding(rule, host, address);
      const mayBeListed = !isNamed && list === undefined && this.#mayListAddressOf(rule, address);
      if (!isNamed && list === undefined && !mayBeListed) continue;
      if (list !== undefined) lists.set(rule.index, list);
      if (address !== undefined && !matchesAddress(rule, address)) continue;

      setBit(bits, rule.index);
      if (mayBeListed) setBit(waitsForList, rule.index);
      if (mayBeListed || rule.addresses.length > 0) setBit(waits, rule.index);
    }
    return this.#shared({ bits, waits, waitsForList, lists: lists.size === 0 ? undefined : lists });
  }

  #shared(match: HostMatch): HostMatch {
    const key = `${match.bits}/${match.waits}/${match.waitsForList}/${[...(match.lists ?? [])]}`;
    const known = this.#matches.get(key);
    if (known !== undefined) return known;
    if (this.#matches.size >= MATCHES_MAX) this.#matches.clear();
    this.#matches.set(key, match);
    return match;
  }

  #listHolding(rule: Rule, host: string, address: Address | undefined): string | undefined {
    const named = rule.spec.lists.find((name) => this.#lists.get(name)?.hasHost(host) === true);
    return named ?? (address === undefined ? undefined : this.listHoldingAddress(rule, address));
  }

  /** Effects are known before anything is resolved, so a rule that does not decide goes by names alone. */
  #mayListAddressOf(rule: Rule, address: Address | undefined): boolean {
    const hasRanges = (name: string): boolean => this.#lists.get(name)?.hasRanges === true;
    return address === undefined && rule.decides && rule.spec.lists.some(hasRanges);
  }

  #allowing(entriesOf: (spec: RuleSpec) => readonly string[], value: string | undefined): Bits {
    return bitsOf(this.#rules, ({ spec }) => {
      const entries = entriesOf(spec);
      return entries.length === 0 || (value !== undefined && entries.includes(value));
    });
  }
}

/** A name that was cut out of a head keeps all of it alive, and a map full of those would hold megabytes. */
function copied(host: string): string {
  return Buffer.from(host, "latin1").toString("latin1");
}
