/**
 * What a client would rather have (RFC 9110 §12.5): Accept, Accept-Charset,
 * Accept-Encoding and Accept-Language. Values that mean the same read the same:
 * letters in any case, members in any order, each once, `q=1` as good as none.
 */
import { Recall } from "./recall.ts";

export interface Preferences {
  /** The members in their one order and spelling, joined by ",". */
  readonly text: string;
  /** Those in `text` without a weight: none is liked better. */
  readonly members: ReadonlySet<string>;
}

/** Browsers say the same few things over and over. */
const recall = new Recall(parsePreferences);

/** What stands in quotes may hold commas, which this does not know. */
export function readPreferences(list: string): Preferences {
  return recall.of(list);
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
