/**
 * Idle connections, kept for the next exchange with the same endpoint. The most
 * recent one is used first: it is the least likely to be closed by now, and the
 * rest can age. Bounded per endpoint. What a connection is, is not known here.
 */
export interface Poolable {
  /** Connections with the same endpoint are as good as each other. */
  readonly endpoint: string;
  /** Milliseconds of the caller's clock. */
  idleSince: number;
}

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

  /** Returns the one that has to go for it: the endpoint's oldest, when there are `most` already. */
  put(connection: T, most: number, now: number): T | undefined {
    connection.idleSince = now;
    let stack = this.#idle.get(connection.endpoint);
    if (stack === undefined) {
      stack = [];
      this.#idle.set(connection.endpoint, stack);
    }
    stack.push(connection);
    if (stack.length <= most) {
      this.size++;
      return undefined;
    }
    return stack.shift();
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
}
