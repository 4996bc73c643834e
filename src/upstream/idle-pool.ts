/**
 * Idle connections, kept for the next exchange with the same endpoint. The most
 * recent one is used first: it is the least likely to be closed by now, and the
 * rest can age. Bounded per endpoint and in all. What a connection is, is not
 * known here.
 */
export interface Poolable {
  /** Connections with the same endpoint are as good as each other. */
  readonly endpoint: string;
  /** Milliseconds of the caller's clock. */
  idleSince: number;
}

/** Clients name the endpoints, and each idle connection is a descriptor: a client that names many must not take them all. */
const IDLE_MAX = 1_024;

export class IdlePool<T extends Poolable> {
  size = 0;
  readonly #idle = new Map<string, T[]>();

  /** The most recent one, which is the caller's now. */
  take(endpoint: string): T | undefined {
    const stack = this.#idle.get(endpoint);
    const taken = stack?.pop();
    if (taken !== undefined) this.size--;
    return taken;
  }

  /** Returns the one that has to go for it: the endpoint's oldest when there are `most` already, else the oldest of all. */
  put(connection: T, most: number, now: number): T | undefined {
    connection.idleSince = now;
    let stack = this.#idle.get(connection.endpoint);
    if (stack === undefined) {
      stack = [];
      this.#idle.set(connection.endpoint, stack);
    }
    stack.push(connection);
    this.size++;
    if (stack.length <= most && this.size <= IDLE_MAX) return undefined;
    this.size--;
    return stack.length > most ? stack.shift() : this.#stackOfOldest(stack).shift();
  }

  /** Its peer closed it, or said something unasked. */
  remove(connection: T): void {
    const stack = this.#idle.get(connection.endpoint);
    const index = stack?.indexOf(connection) ?? -1;
    if (stack === undefined || index < 0) return;
    stack.splice(index, 1);
    this.size--;
  }

  /** Takes out what has been idle since before `time`; endpoints without any are forgotten. */
  expire(time: number): T[] {
    const expired: T[] = [];
    for (const [endpoint, stack] of this.#idle) {
      // Oldest first, so the young ones are at the end.
      let count = 0;
      while (count < stack.length && stack[count]!.idleSince < time) count++;
      if (count > 0) expired.push(...stack.splice(0, count));
      if (stack.length === 0) this.#idle.delete(endpoint);
    }
    this.size -= expired.length;
    return expired;
  }

  /** A look at every endpoint; only a pool that is full pays for it. */
  #stackOfOldest(any: T[]): T[] {
    let found = any;
    for (const stack of this.#idle.values()) {
      // Each has its oldest in front.
      if (stack.length > 0 && stack[0]!.idleSince < found[0]!.idleSince) found = stack;
    }
    return found;
  }
}
