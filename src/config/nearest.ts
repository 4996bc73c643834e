/** The known word that was most likely meant; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const scored = known.map((each) => ({
    each,
    distance: distanceOf(word.toLowerCase(), each.toLowerCase()),
  }));
  const best = scored.sort((one, other) => one.distance - other.distance)[0];
  // A third of its letters wrong is a typo, more is another word; two are free from six letters on.
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3))
    ? best.each
    : undefined;
}

/** Insertions, deletions, replacements and swapped neighbours, each worth one. */
function distanceOf(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = row > 1 && one[row - 2] === other[column - 1] && one[row - 1] === other[column - 2];
      current.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[other.length] ?? 0;
}
