/** Kinds of value that tell who somebody is: names, passwords, tokens. */
import { isUserName, USER_NAME_EXPECTED } from "../credentials/account.ts";
import { judgeHash } from "../credentials/hash.ts";
import { either, type Kind, text } from "./kinds.ts";

/** What GET /config shows in place of a secret. No secret may be this, so that one given back is refused. */
export const HIDDEN = "***";

/** Of a rule, a list, a limit, a group or a token: safe in a metric's label, a field and a path. */
export const name = text(
  "1 to 64 letters, digits or any of ._-, a letter or digit first",
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
);

/** `default` decides when no rule does, and `addresses` what no rule may open: they stand where rules' names do. */
export const ruleName: Kind<string> = {
  ...name,
  expected: `${name.expected}, and neither "default" nor "addresses"`,
  parse: (given) => (given === "default" || given === "addresses" ? undefined : name.parse(given)),
};

export const userName: Kind<string> = {
  expected: USER_NAME_EXPECTED,
  parse: (given) => (typeof given === "string" && isUserName(given) ? given : undefined),
  format: (value) => value,
};

/** As a rule names it. */
export const anyUser = either("*", userName);

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

export const passwordHash: Kind<string> = {
  expected: "a hash of bcrypt or argon2",
  secret: true,
  whyNot: (given) => {
    const judgement = typeof given === "string" ? judgeHash(given) : undefined;
    if (typeof judgement !== "object") return undefined;
    return judgement.problem.charAt(0).toUpperCase() + judgement.problem.slice(1);
  },
  parse: (given) => (typeof given === "string" && typeof judgeHash(given) === "string" ? given : undefined),
  format: () => HIDDEN,
};

function secret(expected: string, pattern: RegExp): Kind<string> {
  return { ...text(expected, pattern), secret: true, format: () => HIDDEN };
}
