import { describe, expect, test } from "bun:test";
import { type Account, digestOf } from "../../src/credentials/account.ts";
import { type AuthenticationSpec, accountsOf, joinAccounts } from "../../src/credentials/accounts.ts";

const HASH = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";

const nobody: AuthenticationSpec = { users: [], groups: [], tokens: [] };

test("accounts of every kind, in one list", () => {
  const spec: AuthenticationSpec = {
    users: [
      { name: "ann", password: "open sesame", groups: ["office"] },
      { name: "bob", password: undefined, hash: HASH, groups: [] },
    ],
    htpasswd: "/etc/users",
    tokens: [{ name: "ci", token: "0123456789abcdef", expires: 5_000, groups: ["machines"] }],
    groups: [],
  };

  expect(joinAccounts(spec, [fileAccount("cid")], [addedToken("job")])).toEqual({
    accounts: [
      account("ann", ["office"], { kind: "digest", sha256: digestOf("open sesame") }),
      account("bob", [], { kind: "hash", text: HASH }),
      {
        ...account("ci", ["machines"], { kind: "digest", sha256: digestOf("0123456789abcdef") }),
        expires: 5_000,
      },
      fileAccount("cid"),
      addedToken("job"),
    ],
    problems: [],
  });
});

test("groups have members wherever an account comes from, each once", () => {
  const spec: AuthenticationSpec = {
    ...nobody,
    users: [{ name: "ann", password: "x", groups: ["office", "all"] }],
    groups: [
      { name: "all", members: ["ann", "cid", "job", "cid"] },
      { name: "later", members: ["cid", "nobody"] },
    ],
  };

  const { accounts, problems } = joinAccounts(spec, [fileAccount("cid")], [addedToken("job")]);

  expect(problems).toEqual([]);
  expect(accounts.map(({ name, groups }) => [name, ...groups])).toEqual([
    ["ann", "office", "all"],
    ["cid", "all", "later"],
    ["job", "all"],
  ]);
});

describe("a name that is there twice", () => {
  const ann = { name: "ann", password: "x", groups: [] };
  const annToken = { name: "ann", token: "0123456789abcdef", groups: [] };

  // Each row: where | the configuration | accounts of the file | tokens added | the problem.
  const rows: [string, AuthenticationSpec, Account[], Account[], string][] = [
    [
      "two users",
      { ...nobody, users: [ann, ann] },
      [],
      [],
      "authentication.users[1].name: Expected another name, found that of authentication.users[0]",
    ],
    [
      "a user and a token",
      { ...nobody, users: [ann], tokens: [annToken] },
      [],
      [],
      "authentication.tokens[0].name: Expected another name, found that of authentication.users[0]",
    ],
    [
      "a user and the file",
      { ...nobody, users: [ann], htpasswd: "/etc/users" },
      [fileAccount("ann")],
      [],
      'authentication.htpasswd: user "ann" of /etc/users: Expected another name, found that of authentication.users[0]',
    ],
    [
      "the file and a token that was added",
      { ...nobody, htpasswd: "/etc/users" },
      [fileAccount("ann")],
      [addedToken("ann")],
      'the token "ann", which was added while running: Expected another name, found that of /etc/users',
    ],
  ];

  test.each(rows)("%s: the first keeps it", (_, spec, ofFile, added, problem) => {
    const { accounts, problems } = joinAccounts(spec, ofFile, added);

    expect(problems).toEqual([problem]);
    expect(accounts.map(({ name }) => name)).toEqual(["ann"]);
  });
});

describe("a user of the configuration", () => {
  // Each row: what it has | the user | the problem.
  test.each([
    ["neither", {}, "Expected a password or a hash, found neither"],
    ["both", { password: "x", hash: HASH }, "Expected a password or a hash, found both"],
    [
      "a hash that is not supported",
      { hash: "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=" },
      '{SHA} (SHA-1 without salt) is not supported; make a bcrypt hash with "htpasswd -B"',
    ],
  ])("with %s has a problem", (_, secret, problem) => {
    const spec = { ...nobody, users: [{ name: "ann", groups: [], ...secret }] };

    expect(joinAccounts(spec, [], [])).toEqual({
      accounts: [],
      problems: [`authentication.users[0].hash: ${problem}`],
    });
    expect(accountsOf(spec)).toEqual([]);
  });
});

function account(name: string, groups: readonly string[], secret: Account["secret"]): Account {
  return { name, groups, expires: undefined, secret };
}

function fileAccount(name: string): Account {
  return account(name, [], { kind: "hash", text: HASH });
}

function addedToken(name: string): Account {
  return account(name, [], { kind: "digest", sha256: digestOf(`secret of ${name}`) });
}
