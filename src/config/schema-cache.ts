/**
 * `cache`: what is kept of answers, where, and for how long. The caching itself
 * is in RFC 9111, and needs no setting; rules say where it is to be overruled.
 * What must hold between these is in `cache-conflicts.ts`.
 */
import { cacheSize, duration, filePath, flag, type Kind, size } from "./kinds.ts";
import { mediaType } from "./kinds-http.ts";
import { cidr, hostPattern } from "./kinds-network.ts";
import { parameterGlob, pathGlob } from "./kinds-target.ts";
import { list, optional, optionalSection, required, type Schema, section, setting } from "./setting.ts";

const HOSTS_MAX = 10_000;
const TRIED_MAX = 1_000;

/** RFC 9111 §1.2.2 bounds seconds by 2^31, some 68 years: more than ten is a typo. */
const lifetime = duration("0s", "3650d");

const rule = section(
  {
    hosts: texts(
      hostPattern,
      HOSTS_MAX,
      "Hosts: `example.com` itself, `*.example.com` what is below it, `.example.com` both; or addresses. Empty is every host.",
    ),
    paths: texts(pathGlob, TRIED_MAX, "Paths without their query, `*` for any run of characters."),
    types: texts(mediaType, TRIED_MAX, "Media types of answers, such as `text/html` or `image/*`."),
    ttl: optional(
      lifetime,
      "How long an answer is fresh for which the origin says nothing explicit (RFC 9111 §4.2.1), in place of a guess (§4.2.2).",
    ),
    ttlMin: optional(
      lifetime,
      "The least that an answer is fresh, whatever the origin says (RFC 9111 §4.2).",
    ),
    ttlMax: optional(lifetime, "The most that an answer is fresh, whatever the origin says (RFC 9111 §4.2)."),
    ignoreQuery: texts(
      parameterGlob,
      TRIED_MAX,
      "Parameters of the query that make no other answer, such as `utm_source`, or `utm_*` for all that begin so. They still reach the origin.",
    ),
    never: setting(flag, false, "Whether these are never cached."),
    cookies: setting(
      flag,
      false,
      "Whether answers that set a cookie, or to requests with one, are stored although the origin says nothing explicit of their freshness, `Set-Cookie` and all: for what is the same for everybody.",
    ),
  },
  "What is cached otherwise than the origin says. Of several that match, the first to say something is obeyed.",
);

export const cache = section(
  {
    memory: setting(
      cacheSize,
      "64MiB",
      "Memory for answers, in bytes, one for all workers; or `off`, and nothing is cached. Taken whole at the start; needs a restart.",
    ),
    disk: optionalSection(
      {
        path: required(
          filePath,
          "A directory of our own, for answers too large for memory and those that leave it; made when it is not there. Relative to the working directory. Needs a restart.",
        ),
        size: required(size("64MiB", "100TiB"), "The most bytes kept there. Needs a restart."),
      },
      "The cache on disk.",
    ),
    offline: setting(
      flag,
      false,
      "Whether nothing is asked for outside: stored answers, stale ones too, or 504 (RFC 9111 §4.2.4, §5.2.1.7). `POST /cache/offline` switches it.",
    ),
    purge: list(
      required(cidr, "An address or a range."),
      { least: 0, most: 1_000 },
      ["127.0.0.0/8", "::1/128"],
      "Clients whose `PURGE` is obeyed, as addresses and ranges; others get 403.",
    ),
    rules: list(
      rule,
      { least: 0, most: 1_000 },
      [],
      "What is cached otherwise than the origin has it, and what is not. `no-store` and `private` are obeyed all the same.",
    ),
  },
  "What is kept of answers.",
);

function texts(kind: Kind<string>, most: number, meaning: string): Schema<readonly string[]> {
  return list(required(kind, "One of them."), { least: 0, most }, [], meaning);
}
