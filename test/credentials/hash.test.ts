import { describe, expect, test } from "bun:test";
import { judgeHash, verifyHash } from "../../src/credentials/hash.ts";

const BCRYPT_REST = "abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
const SALT = "c29tZXNhbHQ";
const HASH = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

// What other programs made: libxcrypt, and the test vectors of the reference implementation of argon2.
// Each row: what it is | the hash | the password | the judgement.
const vectors = [
  ["$2b$", `$2b$05$${BCRYPT_REST}`, "secret", "bcrypt"],
  ["$2a$", `$2a$05$${BCRYPT_REST}`, "secret", "bcrypt"],
  ["$2y$, which htpasswd writes", `$2y$05$${BCRYPT_REST}`, "secret", "bcrypt"],
  ["bcrypt of UTF-8", "$2b$05$abcdefghijklmnopqrstuuZVEMa1pjhlynBQ1qXmSvGBJpN9h1w8G", "pässwörd", "bcrypt"],
  [
    "bcrypt of 72 bytes",
    "$2b$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q",
    "x".repeat(72),
    "bcrypt",
  ],
  [
    "bcrypt of 80 bytes, as others cut it",
    "$2b$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q",
    "x".repeat(80),
    "bcrypt",
  ],
  [
    "bcrypt of 80 bytes in 40 characters",
    "$2b$05$abcdefghijklmnopqrstuu9CyuiEyTnupb4rnoYIlshaDzoYa6ZaS",
    "é".repeat(40),
    "bcrypt",
  ],
  ["argon2id", `$argon2id$v=19$m=256,t=2,p=1$${SALT}$${HASH}`, "password", "argon2"],
  [
    "argon2id with two lanes",
    `$argon2id$v=19$m=256,t=2,p=2$${SALT}$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc`,
    "password",
    "argon2",
  ],
  [
    "argon2i",
    `$argon2i$v=19$m=256,t=2,p=2$${SALT}$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E`,
    "password",
    "argon2",
  ],
] as const;

test.each(vectors)("verifies %s", async (_, hash, password, judgement) => {
  expect(judgeHash(hash)).toBe(judgement);
  expect(await verifyHash(password, hash)).toBe(true);
  expect(await verifyHash(`!${password}`, hash)).toBe(false);
  expect(await verifyHash("", hash)).toBe(false);
});

test("verifies argon2d", async () => {
  const hash = await Bun.password.hash("secret", { algorithm: "argon2d", memoryCost: 64, timeCost: 1 });

  expect(judgeHash(hash)).toBe("argon2");
  expect(await verifyHash("secret", hash)).toBe(true);
});

describe("whatever is accepted can be verified", () => {
  test.each([
    ["the least of bcrypt", `$2b$04$${BCRYPT_REST}`],
    ["the least of argon2", `$argon2id$v=19$m=8,t=1,p=1$${SALT}$AAAAAA`],
    ["as many lanes as may be", `$argon2id$v=19$m=128,t=1,p=16$${SALT}$${HASH}`],
    ["a long salt", `$argon2id$v=19$m=8,t=1,p=1$${"A".repeat(172)}$${HASH}`],
    ["a long hash", `$argon2id$v=19$m=8,t=1,p=1$${SALT}$${"A".repeat(172)}`],
  ])("%s", async (_, hash) => {
    expect(judgeHash(hash)).toBeString();
    expect(await verifyHash("no", hash)).toBe(false);
  });
});

describe("the most that a check may cost", () => {
  test.each([
    ["bcrypt", `$2y$14$${BCRYPT_REST}`, `$2y$15$${BCRYPT_REST}`],
    ["memory", argon2("m=1048576,t=1,p=1"), argon2("m=1048577,t=1,p=1")],
    ["memory times passes", argon2("m=65536,t=16,p=4"), argon2("m=65536,t=17,p=4")],
    ["lanes", argon2("m=1024,t=1,p=16"), argon2("m=1024,t=1,p=17")],
  ])("%s", (_, most, more) => {
    expect(judgeHash(most)).toBeString();
    expect(judgeHash(more)).toHaveProperty("problem");
  });
});

// Each row: what it is | the text | what the problem begins with.
const refusals = [
  ["apr1", "$apr1$abcdefgh$abcdefghijklmnopqrstuv", "$apr1$ (Apache's MD5) is not supported"],
  ["MD5", "$1$abcdefgh$abcdefghijklmnopqrstuv", "$1$ (MD5) is not supported"],
  ["Sun's MD5", "$md5$rounds=904$abc$abcdefghijklmnopqrstuv", "$md5 (Sun's MD5) is not supported"],
  ["SHA-1 of crypt", "$sha1$40000$abc$abcdefghijklmnopqrstuvwxyz12", "$sha1$ (SHA-1) is not supported"],
  ["SHA-256", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY", "$5$ (SHA-256) is not supported"],
  ["SHA-512", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKw", "$6$ (SHA-512) is not supported"],
  ["a defective bcrypt", `$2x$05$${BCRYPT_REST}`, "$2x$ (bcrypt with a known defect) is not supported"],
  ["the first bcrypt", `$2$05$${BCRYPT_REST}`, "$2$ (bcrypt of 1999) is not supported"],
  ["yescrypt", "$y$j9T$abcdefgh$abcdefghijklmnop", "$y$ (yescrypt) is not supported"],
  ["scrypt", "$7$CU..../....abcdefgh$abcdefgh", "scrypt is not supported"],
  ["PBKDF2", "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11A", "PBKDF2 is not supported"],
  ["SHA-1", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{SHA} (SHA-1 without salt) is not supported"],
  ["salted SHA-1", "{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{SSHA} (SHA-1) is not supported"],
  ["another of LDAP", "{CRYPT}abcdefghijklm", "a hash of an LDAP directory is not supported"],
  ["crypt", "rqXexS6ZhobKA", "DES crypt, or plain text is not supported"],
  ["plain text", "open sesame", "plain text, or an unknown form of hash, is not supported"],
  ["an unknown form", "$9$abc$def", "plain text, or an unknown form of hash, is not supported"],
  ["nothing", "", "there is no hash"],
  ["bcrypt cut short", `$2y$05$${BCRYPT_REST.slice(1)}`, "the bcrypt hash is damaged"],
  ["bcrypt with something after it", `$2y$05$${BCRYPT_REST}a`, "the bcrypt hash is damaged"],
  ["bcrypt with no cost", `$2y$00$${BCRYPT_REST}`, "the bcrypt hash is damaged"],
  ["bcrypt with too little cost", `$2y$03$${BCRYPT_REST}`, "the bcrypt hash is damaged"],
  [
    "a cost of 31",
    `$2y$31$${BCRYPT_REST}`,
    "the bcrypt hash has a cost of 31, and more than 14 takes too long",
  ],
  ["argon2 of version 16", `$argon2i$v=16$m=256,t=2,p=1$${SALT}$${HASH}`, "argon2 of version 16"],
  ["argon2 without a version, which is 16", `$argon2i$m=256,t=2,p=1$${SALT}$${HASH}`, "argon2 of version 16"],
  ["argon2 with its parameters in another order", argon2("t=2,m=256,p=1"), "the argon2 hash is damaged"],
  ["argon2 with other parameters", argon2("m=256,t=2,p=1,keyid=a"), "the argon2 hash is damaged"],
  ["argon2 with no pass", argon2("m=256,t=0,p=1"), "the argon2 hash is damaged"],
  ["argon2 with a number of many digits", argon2("m=99999999999,t=1,p=1"), "the argon2 hash is damaged"],
  ["argon2 with too little memory", argon2("m=15,t=1,p=2"), "the argon2 hash is damaged"],
  [
    "argon2 with a short salt",
    `$argon2id$v=19$m=256,t=2,p=1$c29tc2FsdA$${HASH}`,
    "the argon2 hash is damaged",
  ],
  ["argon2 with a short hash", `$argon2id$v=19$m=256,t=2,p=1$${SALT}$AAAA`, "the argon2 hash is damaged"],
  ["argon2 with padding", `${argon2("m=256,t=2,p=1")}=`, "the argon2 hash is damaged"],
  ["argon2 with stray bits", `$argon2id$v=19$m=8,t=1,p=1$${SALT}$AAAAAB`, "the argon2 hash is damaged"],
  ["argon2 of a kind that there is not", `$argon2x$v=19$m=256,t=2,p=1$${SALT}$${HASH}`, "the argon2 hash is"],
  ["a text without end", `$2y$05$${"a".repeat(100_000)}`, "a hash has at most 512 characters"],
] as const;

test.each(refusals)("refuses %s", (_, text, beginning) => {
  const { problem } = judgeHash(text) as { problem: string };

  expect(problem).toStartWith(beginning);
  // The digest itself is told to nobody.
  expect(text.length > 12 && problem.includes(text.slice(-12))).toBe(false);
});

test("whoever has a form that is not supported is told what to do", () => {
  expect(judgeHash("$apr1$abcdefgh$abcdefghijklmnopqrstuv")).toEqual({
    problem: '$apr1$ (Apache\'s MD5) is not supported; make a bcrypt hash with "htpasswd -B"',
  });
});

function argon2(parameters: string): string {
  return `$argon2id$v=19$${parameters}$${SALT}$${HASH}`;
}
