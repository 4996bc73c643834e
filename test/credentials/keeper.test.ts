import { describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import { accountsOf } from "../../src/credentials/accounts.ts";
import { commit, fileOf, HASH, keeperOf, keeperOfNobody, namesOf, nobody } from "./keepers.ts";

describe("what is prepared", () => {
  test("is in force once it is committed", async () => {
    const { keeper } = await keeperOf(`ann:${HASH}\n`);

    const prepared = await keeper.prepare({ ...nobody, users: [{ name: "eve", password: "x", groups: [] }] });
    expect(keeper.state().accounts).toBe(1);
    if (prepared.ok) prepared.commit();

    expect(keeper.state()).toEqual({ accounts: 1, htpasswd: undefined });
    expect(keeper.addToken({ name: "eve", expires: undefined, groups: [] })).toMatchObject({
      because: "taken",
    });
    expect(keeper.addToken({ name: "ann", expires: undefined, groups: [] })).toMatchObject({ ok: true });
  });

  // Each row: what it is | the problem, after the file's path.
  test.each([
    ["missing", undefined, ": Cannot read the file: no such file"],
    ["no UTF-8", Buffer.from([0x61, 0xff]), ": Cannot read the file: it is not UTF-8"],
    ["no htpasswd file", "secret", ':1: Expected "name:hash", found no colon'],
    ["too large", Buffer.alloc(5 * 1024 * 1024), ": Cannot read the file: it is larger than 4 MiB"],
  ])("is refused when the file is %s", async (_, content, problem) => {
    const path = content === undefined ? `${await fileOf("")}.none` : await fileOf(content);
    const { keeper } = keeperOfNobody();

    expect(await keeper.prepare({ ...nobody, htpasswd: path })).toEqual({
      ok: false,
      problems: [`authentication.htpasswd: ${path}${problem}`],
    });
  });

  test("is refused when the file is a folder", async () => {
    const { keeper } = keeperOfNobody();
    const folder = dirname(await fileOf(""));

    expect(await keeper.prepare({ ...nobody, htpasswd: folder })).toMatchObject({
      problems: [`authentication.htpasswd: ${folder}: Cannot read the file: it is no regular file`],
    });
  });

  test("has every problem at once, and no secret in any", async () => {
    const { keeper } = keeperOfNobody();
    const path = await fileOf("ann:hunter2\n");

    const prepared = await keeper.prepare({
      users: [{ name: "bob", hash: "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", groups: [] }],
      htpasswd: path,
      groups: [],
      tokens: [{ name: "bob", token: "0123456789abcdef", groups: [] }],
    });

    expect(prepared).toMatchObject({ ok: false });
    const problems = prepared.ok ? [] : prepared.problems;
    expect(problems.length).toBe(3);
    expect(problems.join()).not.toMatch(/hunter2|5en6G6|0123456789/);
  });

  test("knows the tokens that came and went before it is committed", async () => {
    const { keeper, changed } = keeperOfNobody();
    keeper.addToken({ name: "old", expires: undefined, groups: [] });
    const prepared = await keeper.prepare({ ...nobody, users: [{ name: "ann", password: "x", groups: [] }] });
    expect(prepared.ok ? namesOf(prepared.accounts) : []).toEqual(["ann", "old"]);

    keeper.addToken({ name: "new", expires: undefined, groups: [] });
    keeper.removeToken("old");
    if (prepared.ok) prepared.commit();

    expect(changed.at(-1)).toEqual(["ann", "new"]);
  });

  test("can be renewed, and then has the tokens of the moment", async () => {
    const { keeper, changed } = keeperOfNobody();
    keeper.addToken({ name: "old", expires: undefined, groups: [] });
    const prepared = await keeper.prepare({ ...nobody, users: [{ name: "ann", password: "x", groups: [] }] });
    keeper.removeToken("old");
    keeper.addToken({ name: "short", expires: undefined, groups: [] });

    const renewed = prepared.ok ? prepared.renew() : prepared;
    expect(renewed.ok ? namesOf(renewed.accounts) : []).toEqual(["ann", "short"]);
    keeper.removeToken("short");
    if (renewed.ok) renewed.commit();

    expect(changed.at(-1)).toEqual(["ann"]);
  });

  test("tells nobody anew when nothing has changed since", async () => {
    const { keeper, changed } = keeperOfNobody();
    keeper.addToken({ name: "ci", expires: undefined, groups: [] });
    changed.length = 0;

    await commit(keeper, nobody);

    expect(changed).toEqual([]);
  });
});

describe("tokens", () => {
  test("of the configuration and of the moment, without their secrets", async () => {
    const { keeper } = keeperOfNobody(5_000);
    const token = "0123456789abcdef";
    await commit(keeper, { ...nobody, tokens: [{ name: "deploy", token, expires: 5_000, groups: ["ops"] }] });

    const added = keeper.addToken({ name: "job", expires: 6_000, groups: [] });

    expect(keeper.tokens()).toEqual([
      {
        name: "deploy",
        isOfConfig: true,
        groups: ["ops"],
        expires: 5_000,
        hasExpired: true,
        addedAt: undefined,
      },
      { name: "job", isOfConfig: false, groups: [], expires: 6_000, hasExpired: false, addedAt: 5_000 },
    ]);
    const shown = JSON.stringify([keeper.tokens(), keeper.state()]) + Bun.inspect(keeper.tokens());
    expect(shown).not.toContain(token);
    expect(shown).not.toContain(added.ok ? added.secret : "");
  });

  test("that are added and removed are told to the workers", () => {
    const { keeper, changed } = keeperOfNobody();

    keeper.addToken({ name: "job", expires: undefined, groups: [] });
    keeper.addToken({ name: "job", expires: undefined, groups: [] });
    expect([keeper.removeToken("job"), keeper.removeToken("job")]).toEqual([true, false]);

    expect(changed).toEqual([["job"], []]);
  });

  test("of the configuration stay while it does", async () => {
    const { keeper, changed } = keeperOfNobody();
    await commit(keeper, { ...nobody, tokens: [{ name: "deploy", token: "0123456789abcdef", groups: [] }] });

    expect(keeper.removeToken("deploy")).toBe(false);
    expect(keeper.tokens().length).toBe(1);
    expect(changed).toEqual([]);
  });
});

describe("the lock", () => {
  test("is there where somebody could log in, or a file says who", () => {
    const { keeper } = keeperOfNobody();
    const token = { name: "ci", token: "0123456789abcdef", groups: [] };

    expect(keeper.locks({}, [])).toBe(false);
    expect(keeper.locks({}, accountsOf({ ...nobody, tokens: [token] }))).toBe(true);
    expect(keeper.locks({ htpasswd: "an empty one" }, [])).toBe(true);
  });

  test("does not go with the last token", () => {
    const { keeper } = keeperOfNobody();
    keeper.addToken({ name: "ci", expires: undefined, groups: [] });

    keeper.removeToken("ci");

    expect(keeper.locks({}, [])).toBe(true);
  });
});
