/**
 * The names by which answers are purged together: Cache-Tag, a list with commas,
 * and Surrogate-Key, words with blanks between them.
 */

/** Each once, in their order, joined by " ". */
export function parseTags(cacheTag: string | undefined, surrogateKey: string | undefined): string {
  if (cacheTag === undefined && surrogateKey === undefined) return "";
  const words = `${cacheTag ?? ""} ${surrogateKey ?? ""}`.split(/[ \t,]+/);
  return [...new Set(words)].filter((word) => word !== "").join(" ");
}
