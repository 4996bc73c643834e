/**
 * What was made of a text, for when the same text comes again. Bounded: two
 * generations, the older one is dropped when the newer one is full, and long texts
 * are not kept. So nobody who sends ever new ones can fill the memory.
 */

const TEXTS_MAX = 256;
const TEXT_CHARS_MAX = 256;

export class Recall<Value> {
  #recent = new Map<string, Value>();
  #before = new Map<string, Value>();
  readonly #make: (text: string) => Value;

  constructor(make: (text: string) => Value) {
    this.#make = make;
  }

  /** Made now, or when this text last came: whoever gets it must not change it. */
  of(text: string): Value {
    const known = this.#recent.get(text);
    if (known !== undefined) return known;
    const value = this.#before.get(text) ?? this.#make(text);
    if (text.length > TEXT_CHARS_MAX) return value;
    if (this.#recent.size >= TEXTS_MAX) {
      this.#before = this.#recent;
      this.#recent = new Map();
    }
    // A text that was cut out of a head keeps all of it alive.
    this.#recent.set(Buffer.from(text, "latin1").toString("latin1"), value);
    return value;
  }
}
