/** Kinds of value that tell of messages: field names and values, methods, paths, media types. RFC 9110's grammar. */
import { type Kind, text } from "./kinds.ts";

const TOKEN_MAX = 128;

/** What frames a message, or belongs to one hop: to change it would have the next hop read another message. */
const UNCHANGEABLE =
  /^(?:connection|content-length|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

/** RFC 9110 §7.6.3: what may stand for a host in `Via`. */
export const pseudonym = text(
  "1 to 64 letters, digits or any of !#$%&'*+-.^_`|~",
  /^[\w!#$%&'*+.^`|~-]{1,64}$/,
);

/** Methods are case-sensitive: `get` would never match. */
export const method = text(
  'a method in capitals such as "GET"',
  new RegExp(`^[A-Z0-9!#$%&'*+.^_\`|~-]{1,${TOKEN_MAX}}$`),
);

/** RFC 9110 §5.1. */
export const fieldName = text(
  'the name of a header field such as "User-Agent"',
  new RegExp(`^[\\w!#$%&'*+.^\`|~-]{1,${TOKEN_MAX}}$`),
);

/** The name of a field that rules may change. */
export const changeableField: Kind<string> = {
  ...fieldName,
  whyNot: (given) =>
    typeof given === "string" && UNCHANGEABLE.test(given)
      ? `Expected a field that rules may change, found "${given}", which frames the message or belongs to one hop`
      : undefined,
  parse: (given) => {
    const parsed = fieldName.parse(given);
    return parsed === undefined || UNCHANGEABLE.test(parsed) ? undefined : parsed;
  },
};

/** RFC 9110 §5.5, without obs-text. */
export const fieldValue = text(
  "at most 4096 visible ASCII characters and spaces, none of these at either end",
  /^(?:[!-~](?:[\t -~]{0,4094}[!-~])?)?$/,
);

/** `*` is any run of characters. */
export const glob = text(
  "a pattern of 1 to 1024 characters, where * is any run of them",
  /^\P{Cc}{1,1024}$/u,
);

/** Compared with a path without its query. */
export const pathGlob = text(
  'a path such as "/api/*", where * is any run of characters, without a query',
  /^[/*][^?#\p{Cc}]{0,1023}$/u,
);

export const pathPrefix = text(
  'the beginning of a path such as "/api/", in visible ASCII without ? or #',
  /^\/[!"$->@-~]{0,1023}$/,
);

export const mediaType: Kind<string> = lowered(
  text(
    'a media type such as "application/zip" or "video/*"',
    /^[\w!#$&^.+-]{1,64}\/(?:\*|[\w!#$&^.+-]{1,64})$/,
  ),
);

/** With or without its dot; kept without. */
export const extension: Kind<string> = {
  expected: 'the extension of a file such as "exe"',
  parse: (given) => {
    const [, bare] = /^\.?([^\s./?#%\p{C}]{1,32}(?:\.[^\s./?#%\p{C}]{1,32})?)$/u.exec(String(given)) ?? [];
    return bare?.toLowerCase();
  },
  format: (value) => value,
};

/** Of a query, as it stands there once decoded. */
export const parameterName = text("the name of a parameter: 1 to 256 characters", /^\P{Cc}{1,256}$/u);
export const parameterValue = text("at most 4096 characters", /^\P{Cc}{0,4096}$/u);

function lowered(kind: Kind<string>): Kind<string> {
  return { ...kind, parse: (given) => kind.parse(given)?.toLowerCase() };
}

/** Searched in a path with its query. */
export const pattern = text("a regular expression as RE2 has it", /^\P{Cc}{1,1024}$/u);

export const replacement = text(
  "at most 1024 visible ASCII characters, where $1 to $9 are groups",
  /^[!"$-~]{0,1024}$/,
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
  expected: `a URL of http or https, or a path, with no other placeholders than ${Object.keys(PLACEHOLDERS).join(", ")}`,
  parse: (given) => {
    if (typeof given !== "string" || !/^(?:https?:\/\/|\/(?!\/))[!-~]{0,2040}$/i.test(given))
      return undefined;
    const filled = given.replace(/\{\w+\}/g, (placeholder) => PLACEHOLDERS[placeholder] ?? placeholder);
    return /[{}\\]/.test(filled) || !URL.canParse(filled, "http://a.example") ? undefined : given;
  },
  format: (value) => value,
};
