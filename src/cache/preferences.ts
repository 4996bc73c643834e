/**
 * What a client would rather have (RFC 9110 §12.5): Accept, Accept-Charset,
 * Accept-Encoding and Accept-Language. Values that mean the same read the same:
 * letters in any case, members in any order, each once, `q=1` as good as none.
 *
 * Browsers say the same few things over and over: what was read is remembered, in
 * two generations, so that no client can fill the memory.
 */

export interface Preferences {
  /** The members in their one order and spelling, joined by ",". */
  readonly text: string;
  /** Those in `text` without a weight: none is liked better. */
  readonly members: ReadonlySet<string>;
}

const REMEMBERED_MAX = 256;
const REMEMBERED_CHARS_MAX = 256;

let recent = new Map<string, Preferences>();
let before = new Map<string, Preferences>();

/** What stands in quotes may hold commas, which this does not know. */
export function readPreferences(list: string): Preferences {
  const known = recent.get(list);
  if (known !== undefined) return known;
  const preferences = before.get(list) ?? parsePreferences(list);
  if (list.length <= REMEMBERED_CHARS_MAX) remember(list, preferences);
  return preferences;
}

function remember(list: string, preferences: Preferences): void {
  if (recent.size >= REMEMBERED_MAX) {
    before = recent;
    recent = new Map();
  }
  // A text that was cut out of a head keeps all of it alive.
  recent.set(Buffer.from(list, "latin1").toString("latin1"), preferences);
}

function parsePreferences(list: string): Preferences {
  const members = new Set<string>();
  for (const piece of list.split(",")) {
    const member = parseMember(piece.replace(/[ \t]/g, ""));
    if (member !== "") members.add(member);
  }
  return { text: [...members].sort().join(","), members };
}

/** Other parameters than the weight keep their case: those of a media type may mean something by it. */
function parseMember(piece: string): string {
  const [value, ...parameters] = piece.split(";");
  let member = value!.toLowerCase();
  for (const parameter of parameters) {
    const weight = /^q=([01](?:\.[0-9]{0,3})?)$/i.exec(parameter);
    if (weight === null) member += `;${parameter}`;
    else if (Number(weight[1]) < 1) member += `;q=${Number(weight[1])}`;
  }
  return member;
}
