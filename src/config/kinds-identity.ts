/** Kinds of value that tell who somebody is: names, passwords, tokens. */
import { type Kind, text } from "./kinds.ts";

/** What GET /config shows in place of a secret. No secret may be this, so that one given back is refused. */
export const HIDDEN = "***";

/** Of a rule, a list, a limit, a group or a token: safe in a metric's label, a field and a path. */
export const name = text(
  "1 to 64 letters, digits or any of ._-, a letter or digit first",
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
);

/** RFC 7617 §2: no colon, for that is where the password begins. `*` stands for everybody. */
export const userName = text(
  'the name of a user: 1 to 128 characters, no space or colon among them, and not "*"',
  /^(?!\*$)[^\s:\p{C}]{1,128}$/u,
);

/** A user's name in a rule. */
export const anyUser = text(
  'the name of a user or token, or "*" for whoever has logged in',
  /^[^\s:\p{C}]{1,128}$/u,
);

/** RFC 9110 §5.6.4: what a quoted-string holds without escapes. */
export const realm = text(
  '1 to 128 visible ASCII characters and spaces, no " or \\',
  /^(?! )[ !#-[\]-~]{1,128}$/,
);

/** Visible ASCII, as it travels in an `Authorization` field. */
export const token = secret("16 to 512 visible ASCII characters", /^[!-~]{16,512}$/);

/** RFC 7617 §2: any characters but control characters. */
export const password = secret(
  `1 to 256 characters, no control characters among them, and not "${HIDDEN}"`,
  /^(?!\*{3}$)\P{Cc}{1,256}$/u,
);

export const passwordHash = secret("a hash of bcrypt or argon2", /^\$[!-~]{1,511}$/);

function secret(expected: string, pattern: RegExp): Kind<string> {
  return { ...text(expected, pattern), secret: true, format: () => HIDDEN };
}
