/** A process that is only told about: every order is appended to `log`, every fact can be changed. */
import type { AdminDeps, ApplyResult, Explained, Phase } from "../../src/admin/deps.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { TokenState } from "../../src/credentials/keeper.ts";
import type { AddedToken, TokenRequest } from "../../src/credentials/token-store.ts";
import type { Ban } from "../../src/limits/ban-table.ts";
import type { ListState } from "../../src/lists/kept-list.ts";
import { Counters, countersBuffer } from "../../src/observe/counters.ts";
import { HeavyHitters } from "../../src/observe/heavy-hitters.ts";
import type { PlaceNames } from "../../src/observe/metric-table.ts";
import { takeSnapshot } from "../../src/observe/snapshot.ts";
import { FakeCache } from "./fake-cache.ts";

export class FakeDeps implements AdminDeps {
  readonly log: string[] = [];
  readonly version = "0.1.0";
  readonly commit = "abc1234";
  readonly startedAt = Date.UTC(2026, 0, 1);
  readonly #buffer = countersBuffer(2);
  readonly #token: string | undefined;
  phaseNow: Phase = "ready";
  reloadResult: ApplyResult | "no_file" = { ok: true, generation: 8 };
  failing = false;
  /** As it would stand in the file. */
  configInput: Readonly<Record<string, unknown>> = {};
  placeNames: PlaceNames = { rules: [], lists: [], users: [], tags: [], limits: [] };
  readonly hitters = new HeavyHitters(100);
  listStates: readonly ListState[] = [];
  tokenStates: readonly TokenState[] = [];
  banStates: readonly Ban[] = [];
  explained: Explained = { ok: true, explanation: { verdict: "allow" } };
  ceiling: number | undefined = undefined;
  readonly fakeCache = new FakeCache(this.log);

  constructor(token?: string) {
    this.#token = token;
  }

  counters(worker: number): Counters {
    return new Counters(this.#buffer, worker);
  }

  address() {
    return { host: "192.0.2.1", port: 8889 };
  }

  phase() {
    return this.phaseNow;
  }

  snapshot() {
    if (this.failing) throw new Error("the snapshot is broken");
    return takeSnapshot(this.#buffer);
  }

  workers() {
    return ["running", "starting"] as const;
  }

  listeners() {
    return [{ address: "127.0.0.1:8888", mode: "forward", place: 0 }];
  }

  config() {
    const admin = this.#token === undefined ? {} : { admin: { token: this.#token } };
    const loaded = parseConfig({ ...this.configInput, ...admin }, {});
    if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
    return loaded.config;
  }

  generation() {
    return 7;
  }

  async applyConfig(input: unknown): Promise<ApplyResult> {
    this.log.push(`apply ${JSON.stringify(input).slice(0, 40)}`);
    const loaded = parseConfig(input, {});
    return loaded.ok ? { ok: true, generation: 8 } : loaded;
  }

  async reload() {
    this.log.push("reload");
    return this.reloadResult;
  }

  drain() {
    this.log.push("drain");
    this.phaseNow = "draining";
  }

  restartWorker(index: number) {
    this.log.push(`restart ${index}`);
    return index < 2;
  }

  names() {
    return this.placeNames;
  }

  refusedHosts(count: number) {
    return this.hitters.top(count);
  }

  lists() {
    return this.listStates;
  }

  tokens() {
    return this.tokenStates;
  }

  async addToken(token: TokenRequest): Promise<AddedToken> {
    this.log.push(`add ${JSON.stringify(token)}`);
    return this.tokenStates.some(({ name }) => name === token.name)
      ? { ok: false, because: "taken", problem: `"${token.name}" is a name already taken` }
      : { ok: true, secret: "s3cret" };
  }

  async removeToken(wanted: string) {
    this.log.push(`remove ${wanted}`);
    return this.tokenStates.some(({ name, isOfConfig }) => name === wanted && !isOfConfig);
  }

  bans() {
    return this.banStates;
  }

  liftBan(wanted: string) {
    this.log.push(`lift ${wanted}`);
    return this.banStates.some(({ client }) => client === wanted);
  }

  cache() {
    return this.fakeCache;
  }

  async explain(question: unknown) {
    this.log.push(`explain ${JSON.stringify(question)}`);
    return this.explained;
  }

  proxyPac(host: string | undefined) {
    return `// for ${host}\nfunction FindProxyForURL(url, host) { return "DIRECT"; }\n`;
  }

  memoryCeiling() {
    return this.ceiling;
  }

  report(error: Error) {
    this.log.push(`report ${error.message}`);
  }
}

/** A list that was loaded at midnight and looked at a day later. */
export function listState(name: string): ListState {
  return {
    name,
    source: "/etc/ads.txt",
    entries: 100_000,
    ranges: 3,
    bytes: 2_000_000,
    ignored: 2,
    invalid: 1,
    examples: ["?"],
    loadedAt: Date.UTC(2026, 0, 1),
    checkedAt: Date.UTC(2026, 0, 2),
    problem: undefined,
    problemSince: undefined,
  };
}
