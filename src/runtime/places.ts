/**
 * Which cells of the counters something with a name counts in: a listener, a rule,
 * a list, a user. It keeps them for as long as its name is in the config, wherever
 * it stands there, and a new name gets cells that no other has used, while there
 * are some: or a reload would hand one's history to another.
 */
export class Places {
  readonly #max: number;
  readonly #known = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** What is assigned in one is not assigned in the other. */
  copy(): Places {
    const copy = new Places(this.#max);
    for (const [name, place] of this.#known) copy.#known.set(name, place);
    return copy;
  }

  /** Those that there is no place for are left out: they are not counted. */
  assign(names: readonly string[]): Map<string, number> {
    const wanted = new Set(names);
    const places = new Map<string, number>();
    for (const name of wanted) {
      const place = this.#known.get(name) ?? this.#take(name, wanted);
      if (place !== undefined) places.set(name, place);
    }
    return places;
  }

  #take(name: string, wanted: ReadonlySet<string>): number | undefined {
    const place = this.#known.size < this.#max ? this.#known.size : this.#giveUp(wanted);
    if (place !== undefined) this.#known.set(name, place);
    return place;
  }

  /** All places are taken: that of a name which is not wanted any more, the oldest first. */
  #giveUp(wanted: ReadonlySet<string>): number | undefined {
    for (const [name, place] of this.#known) {
      if (wanted.has(name)) continue;
      this.#known.delete(name);
      return place;
    }
    return undefined;
  }
}

/** Names by their places, for those who read the cells. */
export function namesByPlace(places: ReadonlyMap<string, number>): (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (const [name, place] of places) names[place] = name;
  return names;
}
