/**
 * Password hashes: which are taken, and how one is verified. A form that Bun can't
 * verify, or that is no protection any more, is named, so that whoever wrote it
 * knows what to do; the hash itself is never repeated.
 */

/** Of a hash or its problem, which never holds any part of the text. */
export type HashJudgement = "bcrypt" | "argon2" | { readonly problem: string };

/** About 0.9 s a check, and each step more doubles it: a few strangers could keep all processors busy. */
const BCRYPT_COST_MAX = 14;

/** KiB times passes: 1 GiB is about a second, and 64 MiB in 16 passes takes as long. */
const ARGON2_WORK_MAX = 1024 * 1024;

/** Each runs on a thread of its own, past whatever bounds the number of checks. */
const ARGON2_LANES_MAX = 16;

/** RFC 9106 §3.1: eight blocks a lane, and salts and hashes that are no shorter than this. */
const ARGON2_BLOCKS_PER_LANE = 8;
const ARGON2_SALT_BYTES_MIN = 8;
const ARGON2_HASH_BYTES_MIN = 4;

/** More than bcrypt reads. Its other implementations leave out the rest; Bun's hashes it first. */
const BCRYPT_PASSWORD_BYTES_MAX = 72;

const CHARACTERS_MAX = 512;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** The PHC string format, in the one order that Bun reads. */
const ARGON2 =
  /^\$argon2(?:id|i|d)\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,9})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** What older and other tools write: a form | what it is called. */
const REFUSED_FORMS: readonly (readonly [form: RegExp, name: string])[] = [
  [/^\$apr1\$/, "$apr1$ (Apache's MD5)"],
  [/^\$1\$/, "$1$ (MD5)"],
  [/^\$md5/, "$md5 (Sun's MD5)"],
  [/^\$sha1\$/, "$sha1$ (SHA-1)"],
  [/^\$5\$/, "$5$ (SHA-256)"],
  [/^\$6\$/, "$6$ (SHA-512)"],
  [/^\$2x\$/, "$2x$ (bcrypt with a known defect)"],
  [/^\$2\$/, "$2$ (bcrypt of 1999)"],
  [/^\$g?y\$/, "$y$ (yescrypt)"],
  [/^\$7\$|^\$scrypt\$/, "scrypt"],
  [/^\$pbkdf2/, "PBKDF2"],
  [/^\{SHA\}/i, "{SHA} (SHA-1 without salt)"],
  [/^\{SSHA\}/i, "{SSHA} (SHA-1)"],
  [/^\{\w{1,16}\}/, "a hash of an LDAP directory"],
  [/^[./A-Za-z0-9]{13}$/, "DES crypt, or plain text"],
];

const ADVICE = 'make a bcrypt hash with "htpasswd -B"';

export function judgeHash(text: string): HashJudgement {
  if (text.length > CHARACTERS_MAX) return refuse(`a hash has at most ${CHARACTERS_MAX} characters`);
  if (/^\$2[aby]\$/.test(text)) return judgeBcrypt(text);
  if (text.startsWith("$argon2")) return judgeArgon2(text);
  const form = REFUSED_FORMS.find(([pattern]) => pattern.test(text))?.[1];
  if (form !== undefined) return refuse(`${form} is not supported; ${ADVICE}`);
  if (text === "") return refuse(`there is no hash; ${ADVICE}`);
  return refuse(`plain text, or an unknown form of hash, is not supported; ${ADVICE}`);
}

/** Off the thread, in the pool that Bun also resolves names and reads files in. Rejects for what `judgeHash` refuses. */
export function verifyHash(password: string, hash: string): Promise<boolean> {
  if (hash.startsWith("$2")) {
    // Bun would take the SHA-512 of a long password, and find no hash right that htpasswd made.
    const bytes = new TextEncoder().encode(password);
    if (bytes.length > BCRYPT_PASSWORD_BYTES_MAX)
      return Bun.password.verify(bytes.subarray(0, BCRYPT_PASSWORD_BYTES_MAX), hash);
  }
  return Bun.password.verify(password, hash);
}

function judgeBcrypt(text: string): HashJudgement {
  const cost = Number(BCRYPT.exec(text)?.[1]);
  if (!(cost >= 4 && cost <= 31)) return refuse(`the bcrypt hash is damaged; ${ADVICE}`);
  if (cost > BCRYPT_COST_MAX) {
    return refuse(`the bcrypt hash has a cost of ${cost}, and more than ${BCRYPT_COST_MAX} takes too long`);
  }
  return "bcrypt";
}

function judgeArgon2(text: string): HashJudgement {
  // The reference implementation leaves `v` out for version 16; Bun would take it for 19, and no password for right.
  if (/^\$argon2(?:id|i|d)\$(?:v=16\$|m=)/.test(text)) {
    return refuse(`argon2 of version 16 (without "v=19") is not supported; ${ADVICE}`);
  }
  const [, m, t, p, salt = "", hash = ""] = ARGON2.exec(text) ?? [];
  const [memory, passes, lanes] = [Number(m), Number(t), Number(p)];
  const isWhole =
    memory >= ARGON2_BLOCKS_PER_LANE * lanes &&
    isBase64(salt, ARGON2_SALT_BYTES_MIN) &&
    isBase64(hash, ARGON2_HASH_BYTES_MIN);
  if (!isWhole)
    return refuse(`the argon2 hash is damaged, or has parameters that are not supported; ${ADVICE}`);
  if (memory * passes > ARGON2_WORK_MAX) {
    return refuse("the argon2 hash takes too long: m times t must be at most 1048576 (1 GiB in one pass)");
  }
  if (lanes > ARGON2_LANES_MAX)
    return refuse(`the argon2 hash has p=${lanes}, more than ${ARGON2_LANES_MAX}`);
  return "argon2";
}

/** Without padding, as the PHC format has it, and with no stray bits. */
function isBase64(text: string, leastBytes: number): boolean {
  const bytes = Buffer.from(text, "base64");
  return bytes.length >= leastBytes && bytes.toString("base64").replaceAll("=", "") === text;
}

function refuse(problem: string): HashJudgement {
  return { problem };
}
