/** How often a message has been here before (RFC 9110 §7.6.3): how many entries of its Via are ours. */
export function countOwnVia(via: string, pseudonym: string): number {
  if (via === "") return 0;
  const wanted = pseudonym.toLowerCase();
  let count = 0;
  for (const entry of via.split(",")) {
    // `1.1 name (comment)`; the protocol may carry its name too: `HTTP/1.1 name`.
    if (
      entry
        .trim()
        .split(/[ \t]+/)[1]
        ?.toLowerCase() === wanted
    )
      count++;
  }
  return count;
}
