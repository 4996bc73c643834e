/**
 * Plays a story: clients and upstreams are fake links, the clock goes when a step
 * says so. What everybody said and heard is written down for `evidence.ts` and
 * `verdict.ts`; what can be judged at once is judged here.
 */
import type { FakeLink } from "../../test/support/fake-link.ts";
import { Dice } from "./dice.ts";
import { lastReadingOf, type Sending } from "./evidence.ts";
import type { FuzzRelay } from "./relay.ts";
import { Resource, type Said } from "./resource.ts";
import { HOST, type Step, type Story } from "./story.ts";
import { readRequest } from "./strict-reader.ts";
import { problemOfRequest, problemOfReuse } from "./upstream-hears.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly text: string;
  /** Of all steps, when it was sent. */
  readonly at: number;
  /** What upstreams were asked for before this was purged by then. */
  readonly purgedAt: number;
}

export interface StoryClient {
  readonly link: FakeLink;
  readonly asked: Asked[];
  /** It has hung up. */
  isGone: boolean;
}

/** One upstream connection: what it was asked last, and what it has yet to say about that. */
interface Upstream {
  readonly link: FakeLink;
  readTo: number;
  current: Sending | undefined;
  plan: { rest: string; afterwards: Said["afterwards"] } | undefined;
}

/** Longer than all deadlines one after the other. */
const PATIENCE_MS = 20_000;
const STEP_MS = 1_000;

/** Rounds of waiting for what is under way. */
const ROUNDS = 6;

export class Stage {
  readonly clients: StoryClient[] = [];
  readonly sendings: Sending[] = [];
  readonly story: Story;
  wasOffline = false;
  #now = 0;
  #problem: string | undefined;
  readonly #relay: FuzzRelay;
  readonly #upstreams = new Map<FakeLink, Upstream>();
  readonly #open = new Map<number, StoryClient>();
  readonly #resources = new Map<string, Resource>();
  readonly #purgedAt = new Map<string, number>();
  readonly #succeeded = new Set<Sending>();
  readonly #elsewhere = new Set<string>();

  constructor(relay: FuzzRelay, story: Story) {
    this.#relay = relay;
    this.story = story;
    relay.cache?.clear(story.hasDisk);
    if (relay.cache !== undefined)
      relay.cache.onPurge = (name) => void this.#purgedAt.set(name.slice(HOST.length), this.#now);
  }

  fateOf(client: StoryClient): "cut" | "ended" | undefined {
    return this.#relay.fateOf(client.link);
  }

  /** To the end of the story: what is wrong by then. */
  async play(): Promise<string | undefined> {
    for (const step of this.story.steps) {
      this.#now++;
      this.#take(step);
      await settled();
      this.#hearRequests();
      if (this.#problem !== undefined) return this.#problem;
    }
    if (!this.story.isPatient) return undefined;
    this.#now++;
    await this.#quiet();
    for (let ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
      for (const { link } of this.clients) if (link.full) link.drains();
      this.#relay.pass(STEP_MS);
      await settled();
      if (this.story.hasDisk) await this.#quiet();
      this.#hearRequests();
    }
    return this.#problem;
  }

  /** Everybody goes; what is wrong then. */
  async leave(): Promise<string | undefined> {
    for (const client of this.clients) if (!client.link.isClosed) client.link.resets();
    if (this.story.isPatient) {
      await this.#quiet();
      this.#relay.pass(PATIENCE_MS / 2);
    }
    for (let round = 0; round < ROUNDS; round++) {
      if (!this.story.isPatient) this.#relay.failUpstreams();
      await this.#quiet();
      if (this.#relay.left === undefined) break;
    }
    const { left } = this.#relay;
    return left && `when all have gone there is left: ${left}`;
  }

  #take(step: Step): void {
    const { cache } = this.#relay;
    switch (step.do) {
      case "ask":
        return this.#ask(step.client, step.request);
      case "dial":
        if (step.succeeds) this.#relay.answerDial();
        else this.#relay.refuseDial();
        return;
      case "answer": {
        const upstream = this.#pick(
          step.upstream,
          ({ current, plan }) => current !== undefined && plan === undefined,
        );
        if (upstream === undefined) return;
        this.#makeUp(upstream, new Dice(step.seed));
        return this.#say(upstream, step.bytes);
      }
      case "say": {
        const upstream = this.#pick(step.upstream, ({ plan }) => plan !== undefined);
        return upstream && this.#say(upstream, step.bytes);
      }
      case "hang up": {
        const upstream = this.#pick(step.upstream, ({ link }) => !link.isClosed);
        return upstream && this.#hangUp(upstream, step.resets);
      }
      case "leave": {
        const client = this.#open.get(step.client);
        if (client === undefined || client.link.isClosed || (!step.resets && !client.link.canBeHeard)) return;
        client.isGone ||= step.resets;
        if (step.resets) client.link.resets();
        else client.link.ends();
        return;
      }
      case "read": {
        const link = this.#open.get(step.client)?.link;
        if (link === undefined || link.isClosed) return;
        if (step.goesOn) link.drains();
        else link.full = true;
        return;
      }
      case "pass":
        return this.#relay.pass(step.ms);
      case "purge":
        cache?.purge(HOST + step.path);
        return void this.#purgedAt.set(step.path, this.#now);
      case "mark stale":
        return cache?.markStale(HOST + step.path);
      case "elsewhere":
        return this.#fetchElsewhere(HOST + step.path, step.fetch);
      case "disk":
        return this.#trouble(step.how);
      case "offline":
        this.wasOffline = true;
        if (cache !== undefined) cache.isOffline = step.isOffline;
    }
  }

  #ask(number: number, text: string): void {
    let client = this.#open.get(number);
    if (client === undefined || client.link.isClosed || this.#relay.fateOf(client.link) !== undefined) {
      client = { link: this.#relay.client(), asked: [], isGone: false };
      this.#open.set(number, client);
      this.clients.push(client);
    }
    if (!client.link.canBeHeard) return;
    const [method = "", url = ""] = text.split(" ", 2);
    const path = url.slice(`http://${HOST}`.length);
    client.asked.push({ method, path, text, at: this.#now, purgedAt: this.#purgedAt.get(path) ?? 0 });
    client.link.says(text);
  }

  #makeUp(upstream: Upstream, dice: Dice): void {
    const { current } = upstream;
    if (current === undefined) return;
    const resource = this.#resources.get(current.path) ?? new Resource(current.path, dice);
    this.#resources.set(current.path, resource);
    const { text, afterwards, isDamaged } = resource.answer(current.head, dice);
    current.isDamaged = isDamaged === true;
    upstream.plan = { rest: text, afterwards };
  }

  #say(upstream: Upstream, bytes: number): void {
    const { link, plan, current } = upstream;
    if (plan === undefined || current === undefined || !link.canBeHeard) return;
    const text = plan.rest.slice(0, bytes);
    plan.rest = plan.rest.slice(text.length);
    current.said += text;
    if (text !== "") link.says(text);
    this.#invalidated(current);
    if (upstream.plan?.rest !== "" || !link.canBeHeard) return;
    if (plan.afterwards !== "stays") this.#hangUp(upstream, plan.afterwards === "resets");
  }

  #hangUp({ link, current }: Upstream, resets: boolean): void {
    if (link.isClosed || (!resets && !link.canBeHeard)) return;
    if (current !== undefined) current.ended = resets ? "resets" : "ends";
    if (resets) link.resets();
    else link.ends();
  }

  /** RFC 9111 §4.4: by an unsafe request that succeeded, which its head says. */
  #invalidated(sending: Sending): void {
    const [method] = sending.head.first;
    if (method !== "POST" || sending.isDamaged) return;
    const reading = lastReadingOf(sending.said, method);
    if (reading.state === "malformed" || !/^[23]/.test(reading.head?.first[1] ?? "")) return;
    if (this.#succeeded.has(sending)) return;
    this.#succeeded.add(sending);
    this.#purgedAt.set(sending.path, this.#now);
    // Its own answer may be what GET gets from now on.
    sending.askedAt = this.#now;
  }

  /** What upstreams were told since the last look. */
  #hearRequests(): void {
    for (const link of this.#relay.upstreams) {
      const upstream = this.#upstreams.get(link) ?? { link, readTo: 0, current: undefined, plan: undefined };
      this.#upstreams.set(link, upstream);
      while (upstream.readTo < link.received.length && this.#hearRequest(upstream));
    }
  }

  #hearRequest(upstream: Upstream): boolean {
    const reading = readRequest(upstream.link.received, upstream.readTo);
    if (reading.state === "malformed")
      this.#problem ??= `an upstream heard what is no request: ${reading.why}`;
    if (reading.state !== "whole") return false;
    this.#problem ??= problemOfReuse(upstream.current) ?? problemOfRequest(reading.head);
    const [, path] = reading.head.first;
    upstream.readTo = reading.end;
    upstream.current = {
      path,
      head: reading.head,
      askedAt: this.#now,
      said: "",
      isDamaged: false,
      ended: "open",
    };
    upstream.plan = undefined;
    this.sendings.push(upstream.current);
    return true;
  }

  #pick(number: number, isMeant: (upstream: Upstream) => boolean): Upstream | undefined {
    const meant = [...this.#upstreams.values()].filter((each) => each.link.canBeHeard && isMeant(each));
    return meant[number % Math.max(1, meant.length)];
  }

  #fetchElsewhere(key: string, fetch: "begins" | "ends" | "gives up"): void {
    const others = this.#relay.cache?.others;
    if (fetch === "begins") {
      if (others?.begin(key) === "mine") this.#elsewhere.add(key);
    } else if (fetch === "gives up") others?.giveUp(key);
    else {
      others?.end(key);
      this.#elsewhere.delete(key);
    }
  }

  #trouble(how: Extract<Step, { do: "disk" }>["how"]): void {
    const disk = this.#relay.cache?.disk;
    if (disk === undefined) return;
    if (how === "answers") disk.answers();
    else if (how === "fills") disk.fills();
    else if (how === "drains") disk.drains();
    else if (how === "fails") disk.fails();
    else if (how === "breaks") disk.brokenFrom = 300;
    else if (how === "forgets") disk.isForgetful = !disk.isForgetful;
    else disk.hasRoom = !disk.hasRoom;
  }

  /** The disk and other workers have done what they were asked. */
  async #quiet(): Promise<void> {
    const { cache } = this.#relay;
    for (const key of this.#elsewhere) cache?.others.end(key);
    this.#elsewhere.clear();
    cache?.disk?.drains();
    for (let round = 0; round < ROUNDS; round++) {
      await settled();
      cache?.disk?.answers();
    }
    await settled();
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
