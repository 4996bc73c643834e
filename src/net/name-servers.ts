/**
 * Asks the DNS servers that the configuration names, and nobody else: no
 * /etc/hosts, no search domains, no resolv.conf. Names are absolute. What was
 * answered is not remembered here.
 *
 *   1. `localhost` and what is below it is this machine; nobody is asked (RFC 6761 §6.3)
 *   2. the first server is asked for A and AAAA at once, and the next one when
 *      it refuses, fails or lets us wait; each twice at most
 *   3. the first that knows addresses, or that there are none, has the last word
 *   4. a server that let us wait is asked after the others from then on
 *
 * Why not one `dns.Resolver` for all look-ups: c-ares keeps every answer for its
 * whole time to live, without a bound and past what `dns.ttlMax` says, and asks
 * from the same port again and again. A new one costs 50 µs.
 */
import type { Resolver as DnsResolver } from "node:dns/promises";

export interface AddressRecord {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

/** As a query or its answer gets lost now and then. */
const ROUNDS = 2;

/** Answers from memory come in milliseconds, those that a server must find first in less than this. */
const PATIENCE_MS = 1_000;

/** One family is here: the other gets this long, for some servers never answer AAAA. */
const OTHER_FAMILY_MS = 250;

/** How long the addresses of this machine hold: for ever, so as long as anything is remembered. */
const LOCALHOST: readonly AddressRecord[] = [
  { address: "127.0.0.1", ttl: 86_400 },
  { address: "::1", ttl: 86_400 },
];

const NOT_FOUND = "ENOTFOUND";

export class NameServers {
  /** Those that let us wait come last. */
  #servers: readonly string[];

  /** `127.0.0.1:53`, `[::1]:53`; at least one. */
  constructor(servers: readonly string[]) {
    this.#servers = servers;
  }

  /** Rejects with the `code` of the last failure, after `timeoutMs` at the latest. */
  lookUp(host: string, timeoutMs: number): Promise<readonly AddressRecord[]> {
    if (host === "localhost" || host.endsWith(".localhost")) return Promise.resolve(LOCALHOST);
    const onSilent = (server: string) => this.#putLast(server);
    return new Question(host, this.#servers, timeoutMs, onSilent).answer;
  }

  #putLast(server: string): void {
    this.#servers = [...this.#servers.filter((other) => other !== server), server];
  }
}

/** One name, asked until somebody knows. */
class Question {
  readonly answer: Promise<readonly AddressRecord[]>;
  readonly #settle = Promise.withResolvers<readonly AddressRecord[]>();
  readonly #host: string;
  readonly #onSilent: (server: string) => void;
  readonly #endsAt: number;
  readonly #patienceMs: number;
  /** Still to be asked. */
  #order: string[];
  readonly #asking = new Set<DnsResolver>();
  #isOver = false;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #impatience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    host: string,
    servers: readonly string[],
    timeoutMs: number,
    onSilent: (server: string) => void,
  ) {
    this.answer = this.#settle.promise;
    this.#host = host;
    this.#onSilent = onSilent;
    this.#order = Array.from({ length: ROUNDS }, () => servers).flat();
    this.#patienceMs = Math.min(PATIENCE_MS, timeoutMs / this.#order.length);
    this.#endsAt = performance.now() + timeoutMs;
    this.#deadline = setTimeout(() => this.#fail("ETIMEOUT"), timeoutMs);
    this.#askNext();
  }

  #askNext(): void {
    clearTimeout(this.#impatience);
    const server = this.#order.shift();
    if (server === undefined) return;
    this.#impatience = setTimeout(() => {
      this.#onSilent(server);
      this.#askNext();
    }, this.#patienceMs);
    void this.#ask(server);
  }

  /** An answer that comes after the next server was asked is as good as any. */
  async #ask(server: string): Promise<void> {
    const timeout = Math.max(1, Math.ceil(this.#endsAt - performance.now()));
    const resolver = makeResolver(timeout);
    this.#asking.add(resolver);
    const found = await addressesOf(resolver, server, this.#host).catch(codeOf);
    resolver.cancel();
    this.#asking.delete(resolver);
    if (this.#isOver) return;
    if (typeof found !== "string") return this.#succeed(found);
    if (found === NOT_FOUND) return this.#fail(found);
    this.#order = this.#order.filter((other) => other !== server);
    if (this.#order.length > 0) this.#askNext();
    else if (this.#asking.size === 0) this.#fail(found);
  }

  #succeed(records: readonly AddressRecord[]): void {
    this.#end();
    this.#settle.resolve(records);
  }

  #fail(code: string): void {
    this.#end();
    this.#settle.reject(Object.assign(new Error(`Cannot resolve ${this.#host}: ${code}`), { code }));
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#impatience);
    for (const resolver of this.#asking) resolver.cancel();
  }
}

/** Of both families; the code of a failure when there are none. */
async function addressesOf(
  resolver: DnsResolver,
  server: string,
  host: string,
): Promise<readonly AddressRecord[] | string> {
  resolver.setServers([server]);
  let hurry: ReturnType<typeof setTimeout> | undefined;
  const hurryOther = (records: readonly AddressRecord[]) => {
    if (records.length > 0) hurry ??= setTimeout(() => resolver.cancel(), OTHER_FAMILY_MS);
    return records;
  };
  const families = await Promise.allSettled([
    resolver.resolve4(host, { ttl: true }).then(hurryOther),
    resolver.resolve6(host, { ttl: true }).then(hurryOther),
  ]);
  clearTimeout(hurry);
  const records = families.flatMap((family) => (family.status === "fulfilled" ? family.value : []));
  if (records.length > 0) return records;
  const failures = families.map((family) =>
    family.status === "rejected" ? codeOf(family.reason) : NOT_FOUND,
  );
  return failures.find((code) => code !== NOT_FOUND) ?? NOT_FOUND;
}

/** That a name does not exist is told like one without addresses: c-ares has it both ways. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "ERROR";
  return code === "ENODATA" ? NOT_FOUND : code;
}

/** node:dns is loaded when somebody has servers of their own: it takes 3 MB of every worker. */
function makeResolver(timeout: number): DnsResolver {
  const { Resolver } = require("node:dns/promises") as typeof import("node:dns/promises");
  return new Resolver({ timeout, tries: 1 });
}
