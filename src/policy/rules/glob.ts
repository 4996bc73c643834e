/**
 * Globs: `*` is any run of characters, also an empty one, also with slashes in
 * it; everything else stands for itself. The pieces between the stars are looked
 * for from left to right, each where it comes first, which is never worse than
 * any other choice: so nothing is tried twice, and no text takes long.
 */

export interface Glob {
  readonly text: string;
  test(subject: string): boolean;
}

export function compileGlob(text: string): Glob {
  const [prefix = "", ...rest] = text.split("*");
  const suffix = rest.pop();
  if (suffix === undefined) return { text, test: (subject) => subject === prefix };

  const middle = rest.filter((piece) => piece !== "");
  const shortest = prefix.length + suffix.length;
  return {
    text,
    test(subject) {
      if (subject.length < shortest || !subject.startsWith(prefix) || !subject.endsWith(suffix)) return false;
      return hasInOrder(subject, middle, prefix.length, subject.length - suffix.length);
    },
  };
}

function hasInOrder(subject: string, pieces: readonly string[], from: number, to: number): boolean {
  let at = from;
  for (const piece of pieces) {
    const found = subject.indexOf(piece, at);
    if (found < 0 || found + piece.length > to) return false;
    at = found + piece.length;
  }
  return true;
}
