/** Kinds of value that tell of messages: methods, fields, media types, by the grammar of RFC 9110. */
import { groupsOf, type Kind, text } from "./kinds.ts";
import { HIDDEN } from "./kinds-identity.ts";

/** RFC 9110 §5.6.2, as long as names are at most. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]{1,128}$/;

/** What frames a message, or belongs to one hop: to change it would have the next hop read another message. */
const UNCHANGEABLE =
  /^(?:connection|content-length|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

/** RFC 9110 §7.6.3: what may stand for a host in `Via`. */
export const pseudonym = text(
  "1 to 64 letters, digits or any of !#$%&'*+-.^_`|~",
  /^[\w!#$%&'*+.^`|~-]{1,64}$/,
);

/** RFC 9110 §9.1; rules compare methods without case, so they are kept in capitals. */
export const method: Kind<string> = {
  expected: 'a method such as "GET"',
  parse: (given) => (typeof given === "string" && TOKEN.test(given) ? given.toUpperCase() : undefined),
  format: (value) => value,
};

/** RFC 9110 §5.1. */
export const fieldName = text('the name of a header field such as "User-Agent"', TOKEN);

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

/** Fields by which somebody proves who he is; what they say is hidden as other secrets are. */
export function tellsSecret(field: string): boolean {
  return /auth|cookie|credential|key|passw|secret|session|token/i.test(field);
}

/** A value that may turn out to be a secret, by the field it is for. */
export const changedValue: Kind<string> = unlessHidden(fieldValue);

/** `*` is any run of characters. */
export const valueGlob: Kind<string> = unlessHidden(
  text("a pattern of 1 to 1024 characters, where * is any run of them", /^\P{Cc}{1,1024}$/u),
);

/** Kept in lower case. RFC 6838 §4.2. */
export const mediaType: Kind<string> = {
  expected: 'a media type such as "application/zip" or "video/*"',
  parse: (given) => groupsOf(/^[\w!#$&^.+-]{1,127}\/(?:\*|[\w!#$&^.+-]{1,127})$/, given)?.[0]?.toLowerCase(),
  format: (value) => value,
};

/** A value that is a secret in some places; what GET /config shows of it there can't be given back. */
export function unlessHidden(kind: Kind<string>): Kind<string> {
  return {
    ...kind,
    expected: `${kind.expected}, and not "${HIDDEN}"`,
    secret: true,
    parse: (given) => (given === HIDDEN ? undefined : kind.parse(given)),
  };
}
