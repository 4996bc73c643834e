/**
 * A stored answer on its way to clients, wherever it was stored. Several may be
 * given it at once, each at its own pace; it is let go of when the last has done.
 */
import { factsOf, stored as flag, type StoredFacts } from "../../cache/facts.ts";
import type { DiskEntry } from "../../store/disk/tier.ts";
import type { Found } from "../../store/memory/store.ts";

export type StoredAnswer = MemoryAnswer | DiskAnswer;

interface Kept {
  readonly facts: StoredFacts;
  readonly isMarkedStale: boolean;
  readonly reason: string;
  /** Field lines, each with its CRLF, without a Content-Length. */
  readonly lines: string;
  readonly peer: string;
  readonly tags: string;
  readonly varyNames: string;
  readonly varyKey: string;
  readonly isOnDisk: boolean;
  /** The same with what a 304 has made of it (RFC 9111 §4.3.4); lives and ends with this one. */
  with(facts: StoredFacts, lines: string): Kept;
  /** Bytes of the body from `at` on, counted from its first that is stored; how many came, -1 when it is lost. */
  read(at: number, into: Buffer): number | Promise<number>;
  retain(): void;
  release(): void;
}

/** Copied out of the arena, where it may be overwritten at any time. */
export class MemoryAnswer implements Kept {
  readonly facts: StoredFacts;
  readonly isMarkedStale: boolean;
  readonly reason: string;
  readonly lines: string;
  readonly peer: string;
  readonly tags: string;
  readonly varyNames: string;
  readonly varyKey: string;
  readonly body: Buffer;
  readonly isOnDisk = false;

  private constructor(answer: Omit<MemoryAnswer, "with" | "read" | "retain" | "release" | "isOnDisk">) {
    this.facts = answer.facts;
    this.isMarkedStale = answer.isMarkedStale;
    this.reason = answer.reason;
    this.lines = answer.lines;
    this.peer = answer.peer;
    this.tags = answer.tags;
    this.varyNames = answer.varyNames;
    this.varyKey = answer.varyKey;
    this.body = answer.body;
  }

  /** Undefined: it has been overwritten meanwhile. */
  static from(found: Found): MemoryAnswer | undefined {
    const body = Buffer.allocUnsafeSlow(found.bodyBytes);
    const answer = new MemoryAnswer({ ...textsOf(found), facts: factsOf(found), body });
    return found.copy(body, 0, found.headBytes, found.headBytes + found.bodyBytes) ? answer : undefined;
  }

  /** Its head, or what a range of its body takes: `body[from..to)` of what is stored. Undefined as above. */
  static partOf(found: Found, from: number, to: number): MemoryAnswer | undefined {
    const body = Buffer.allocUnsafeSlow(to - from);
    const answer = new MemoryAnswer({
      ...textsOf(found),
      facts: { ...factsOf(found), rangeFirst: found.rangeFirst + from, bodyBytes: to - from },
      body,
    });
    return found.copy(body, 0, found.headBytes + from, found.headBytes + to) ? answer : undefined;
  }

  with(facts: StoredFacts, lines: string): MemoryAnswer {
    return new MemoryAnswer({ ...this, facts: sized(facts, this.facts), lines, isMarkedStale: false });
  }

  read(at: number, into: Buffer): number {
    return this.body.copy(into, 0, at);
  }

  retain(): void {}

  release(): void {}
}

export class DiskAnswer implements Kept {
  readonly facts: StoredFacts;
  readonly isMarkedStale: boolean;
  readonly reason: string;
  readonly lines: string;
  readonly peer: string;
  readonly tags: string;
  readonly varyNames: string;
  readonly varyKey: string;
  readonly isOnDisk = true;
  readonly entry: DiskEntry;
  private readonly users: { count: number };

  constructor(
    entry: DiskEntry,
    { facts, lines, isMarkedStale }: Pick<Kept, "facts" | "lines" | "isMarkedStale"> = entry,
    users = { count: 1 },
  ) {
    this.entry = entry;
    this.users = users;
    this.facts = facts;
    this.isMarkedStale = isMarkedStale;
    this.reason = entry.reason;
    this.lines = lines;
    this.peer = entry.peer;
    this.tags = entry.tags;
    this.varyNames = entry.varyNames;
    this.varyKey = entry.varyKey;
  }

  with(facts: StoredFacts, lines: string): DiskAnswer {
    const fresh = { facts: sized(facts, this.facts), lines, isMarkedStale: false };
    return new DiskAnswer(this.entry, fresh, this.users);
  }

  read(at: number, into: Buffer): Promise<number> {
    return this.entry.read(at, into);
  }

  retain(): void {
    this.users.count++;
  }

  release(): void {
    if (--this.users.count === 0) this.entry.close();
  }
}

/** New fields for the same bytes: what was a part is one still. */
function sized(facts: StoredFacts, { flags, bodyBytes, rangeFirst, wholeBytes }: StoredFacts): StoredFacts {
  const partial = flags & flag.partial;
  return { ...facts, flags: (facts.flags & ~flag.partial) | partial, bodyBytes, rangeFirst, wholeBytes };
}

function textsOf(found: Found) {
  return {
    isMarkedStale: found.isMarkedStale,
    reason: found.reason(),
    lines: found.lines(),
    peer: found.peer(),
    tags: found.tags(),
    varyNames: found.varyNames(),
    varyKey: found.varyKey(),
  };
}
