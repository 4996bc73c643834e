/**
 * Which cells of the counters a listener counts in. It keeps them for as long as
 * its address is in the config, wherever it stands there, and a new address gets
 * cells that no other has used, while there are some: or a reload would hand one
 * listener's history to another.
 */
import { formatHostPort, type HostPort } from "../config/host-port.ts";
import { LISTENERS_MAX } from "../observe/cells.ts";

export class ListenerPlaces {
  readonly #known = new Map<string, number>();

  /** By position in `addresses`. */
  assign(addresses: readonly HostPort[]): number[] {
    const keys = addresses.map((address, index) => {
      const text = formatHostPort(address);
      // Port 0 may stand there more than once.
      const earlier = addresses.slice(0, index).filter((other) => formatHostPort(other) === text).length;
      return `${text} ${earlier}`;
    });
    return keys.map((key) => this.#known.get(key) ?? this.#take(key, keys));
  }

  #take(key: string, wanted: readonly string[]): number {
    if (this.#known.size === LISTENERS_MAX) {
      const forgotten = [...this.#known.keys()].find((known) => !wanted.includes(known));
      if (forgotten === undefined)
        throw new Error(`Cannot place ${key}: more than ${LISTENERS_MAX} listeners`);
      const place = this.#known.get(forgotten) ?? 0;
      this.#known.delete(forgotten);
      this.#known.set(key, place);
      return place;
    }
    const taken = new Set(this.#known.values());
    let place = 0;
    while (taken.has(place)) place++;
    this.#known.set(key, place);
    return place;
  }
}
