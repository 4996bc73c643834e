/** Kinds of value that tell of what is asked for: paths, queries, patterns over them, and where to go instead. */
import { PATTERN_LENGTH_MAX, parsePattern } from "../policy/rules/pattern.ts";
import { groupsOf, type Kind, text } from "./kinds.ts";
import { unlessHidden } from "./kinds-http.ts";

const PATH_GLOB = /^[/*][^?#\p{Cc}]{0,1023}$/u;

/** What is resolved before rules see a path: such a glob would never match. */
const UNRESOLVED = /\/\/|\/\.\.?(?:\/|$)/;

/** Compared with a path without its query, decoded and with its dots resolved. */
export const pathGlob: Kind<string> = {
  expected: 'a path such as "/api/*", where * is any run of characters, without a query, //, /./ or /../',
  parse: (given) =>
    typeof given === "string" && PATH_GLOB.test(given) && !UNRESOLVED.test(given) ? given : undefined,
  format: (value) => value,
};

export const pathPrefix = text(
  'the beginning of a path such as "/api/", without ? or #',
  /^\/[^?#\p{Cc}]{0,1023}$/u,
);

/** Its last part, or the last two (`tar.gz`); with or without a dot before, kept without. */
export const extension: Kind<string> = {
  expected: 'the extension of a file such as "exe"',
  parse: (given) =>
    groupsOf(/^\.?([^\s./?#%;:\p{C}]{1,32}(?:\.[^\s./?#%;:\p{C}]{1,32})?)$/u, given)?.[1]?.toLowerCase(),
  format: (value) => value,
};

/** Of a query, as it stands there once decoded. */
export const parameterName = text("the name of a parameter: 1 to 256 characters", /^\P{Cc}{1,256}$/u);
/** A `*` at its end is any run of characters. */
export const parameterGlob = text(
  'the name of a parameter such as "utm_source", or with a * at its end, of at most 256 characters',
  /^(?!$)[^*\p{Cc}]{0,255}\*?$/u,
);
export const parameterValue = unlessHidden(text("at most 4096 characters", /^\P{Cc}{0,4096}$/u));

/** Searched in a path with its query. */
export const pattern: Kind<string> = {
  expected: `a regular expression (RE2) of 1 to ${PATTERN_LENGTH_MAX} characters`,
  whyNot: (given) => {
    const parsed = typeof given === "string" ? parsePattern(given) : undefined;
    return parsed === undefined || parsed.ok ? undefined : parsed.problem;
  },
  parse: (given) => (typeof given === "string" && parsePattern(given).ok ? given : undefined),
  format: (value) => value,
};

/** Whether the groups are there is for `rule-conflicts.ts`: the expression stands elsewhere. */
export const replacement = text(
  "at most 1024 visible ASCII characters without #, where $1 to $9 are groups, $0 is the match and $$ a $",
  /^(?:[!"%-~]|\$[0-9$]){0,1024}$/,
);

/** The placeholders that `redirectTo` of the policy fills in, with what each could be. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  "{host}": "a.example",
  "{port}": "80",
  "{path}": "/a?b=c",
  "{url}": "http://a.example/",
};

/** Absolute, or a path on the host that was asked. */
export const redirectTarget: Kind<string> = {
  expected: `a URL of http or https, or a path, without a user, and with no other placeholders than ${Object.keys(PLACEHOLDERS).join(", ")}`,
  parse: (given) => {
    if (typeof given !== "string" || !/^(?:https?:\/\/|\/(?!\/))[!-~]{0,2040}$/i.test(given))
      return undefined;
    const filled = given.replace(/\{\w+\}/g, (placeholder) => PLACEHOLDERS[placeholder] ?? placeholder);
    const url = URL.parse(filled, "http://a.example");
    return url === null || url.username !== "" || /[{}\\]/.test(filled) ? undefined : given;
  },
  format: (value) => value,
};
