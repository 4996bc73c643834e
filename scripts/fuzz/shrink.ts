/** The smallest wire found that still fails: pieces are left out for as long as that helps. */
export function shrink(wire: string, fails: (wire: string) => boolean): string {
  let best = wire;
  for (let size = Math.ceil(wire.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length; ) {
      const shorter = best.slice(0, at) + best.slice(at + size);
      if (shorter !== "" && fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}

/** The same for a list, of things that take a while to try. */
export async function shrinkList<T>(
  items: readonly T[],
  fails: (shorter: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let best = items;
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length; ) {
      const shorter = best.toSpliced(at, size);
      if (await fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}

/** As a string literal that a table's row can hold. */
export function escaped(wire: string): string {
  return JSON.stringify(wire).replace(
    /[\x7f-\xff]|\\u00([0-9a-f]{2})/g,
    (character, code) => `\\x${code ?? character.charCodeAt(0).toString(16)}`,
  );
}
