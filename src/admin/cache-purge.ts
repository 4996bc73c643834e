/** The body of POST /cache/purge: which of the stored answers are to go, by exactly one property. */
import * as v from "valibot";
import { flag, type Kind, text } from "../config/kinds.ts";
import { hostMaybePort } from "../config/kinds-network.ts";
import { sentence } from "../config/problems.ts";
import { optional, type Schema, section, setting } from "../config/setting.ts";
import type { PurgeMatches, PurgeRequest } from "./cache-admin.ts";

/** The default of `limits.uriBytes`. */
const URL_CHARACTERS_MAX = 16 * 1024;

/** No key has a user, and no request a fragment. */
export const storedUrl = urlKind(
  `an absolute URL of http or https, of at most ${URL_CHARACTERS_MAX} characters, without a user and without a fragment`,
  /^https?:\/\/[^/?\\@#]+(?:[/?][!"$-~]*)?$/i,
);

/** Through the slash: otherwise `http://a` would also be `http://a.example/`. */
const urlPrefix = urlKind(
  'the beginning of a URL of http or https, at least through the slash after the host, such as "http://example.com/"',
  /^https?:\/\/[^/?\\@#]+\/[!"$-~]*$/i,
);

/** One, as `cache/tags.ts` tells them apart. */
const tag = text(
  "a tag of 1 to 1024 characters of Latin-1, without spaces and commas",
  /^[!-+\--~\xa1-\xff]{1,1024}$/,
);

const fields = section(
  {
    url: optional(storedUrl, "The answers stored under this URL."),
    host: optional(hostMaybePort, "Those of this host; of all its ports where it has none."),
    prefix: optional(urlPrefix, "Those whose URL begins so."),
    tag: optional(tag, "Those that had it in Cache-Tag or Surrogate-Key."),
    soft: setting(flag, false, "Mark as stale instead of removing."),
  },
  "What to purge.",
);

export const purgeBody: Schema<PurgeRequest> = v.pipe(
  fields,
  v.rawTransform<v.InferOutput<typeof fields>, PurgeRequest>(({ dataset, addIssue, NEVER }) => {
    const { soft, ...properties } = dataset.value;
    const given = matchesIn(properties);
    const [matches] = given;
    if (matches !== undefined && given.length === 1) return { matches, soft };
    const found = given.length === 0 ? "none" : given.flatMap((one) => Object.keys(one)).join(" and ");
    addIssue({ message: sentence("exactly one of url, host, prefix and tag", found) });
    return NEVER;
  }),
);

function matchesIn({
  url,
  host,
  prefix,
  tag,
}: Record<"url" | "host" | "prefix" | "tag", string | undefined>) {
  const matches: PurgeMatches[] = [];
  if (url !== undefined) matches.push({ url });
  if (host !== undefined) matches.push({ host });
  if (prefix !== undefined) matches.push({ prefix });
  if (tag !== undefined) matches.push({ tag });
  return matches;
}

function urlKind(expected: string, pattern: RegExp): Kind<string> {
  const { parse, ...kind } = text(expected, pattern);
  return {
    ...kind,
    parse: (given) => {
      const url = parse(given);
      return url !== undefined && url.length <= URL_CHARACTERS_MAX && URL.canParse(url) ? url : undefined;
    },
  };
}
