/** Places of listeners, by their addresses. */
import { formatHostPort, type HostPort } from "../config/host-port.ts";
import { LISTENERS_MAX } from "../observe/cells.ts";
import { Places } from "./places.ts";

export class ListenerPlaces {
  #places = new Places(LISTENERS_MAX);

  /** For a config that may still be refused. */
  copy(): ListenerPlaces {
    const copy = new ListenerPlaces();
    copy.#places = this.#places.copy();
    return copy;
  }

  /** By position in `addresses`. */
  assign(addresses: readonly HostPort[]): number[] {
    const keys = addresses.map((address, index) => {
      const text = formatHostPort(address);
      // Port 0 may stand there more than once.
      const earlier = addresses.slice(0, index).filter((other) => formatHostPort(other) === text).length;
      return `${text} ${earlier}`;
    });
    const places = this.#places.assign(keys);
    return keys.map((key) => {
      const place = places.get(key);
      if (place === undefined) throw new Error(`Cannot place ${key}: more than ${LISTENERS_MAX} listeners`);
      return place;
    });
  }
}
