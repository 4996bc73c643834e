import { describe, expect, test } from "bun:test";
import { rename, rm, writeFile } from "node:fs/promises";
import type { Account } from "../../src/credentials/account.ts";
import { AccountKeeper } from "../../src/credentials/keeper.ts";
import { commit, fileOf, HASH, keeperOf, looks, namesOf, nobody } from "./keepers.ts";

describe("the htpasswd file", () => {
  test("is taken anew once it has changed and held still", async () => {
    const { keeper, told, changed, path } = await keeperOf(`ann:${HASH}\n`);

    await keeper.look();
    expect(changed).toEqual([]);

    await writeFile(path, `ann:${HASH}\nbob:${HASH}\n`);
    await keeper.look();
    expect(changed).toEqual([]);
    await keeper.look();
    expect(changed).toEqual([["ann", "bob"]]);
    expect(told).toEqual([`${path}: read again, 2 users`]);

    await keeper.look();
    expect(changed.length).toBe(1);
    expect(keeper.state()).toMatchObject({ accounts: 2, htpasswd: { path, accounts: 2, problems: [] } });
  });

  test("that is empty for a moment locks nobody out", async () => {
    const { keeper, changed, path } = await keeperOf(`ann:${HASH}\n`);

    await writeFile(path, "");
    await keeper.look();
    await writeFile(path, `bob:${HASH}\n`);
    await keeper.look();
    await keeper.look();

    expect(changed).toEqual([["bob"]]);
  });

  test("that is replaced is found as well", async () => {
    const { keeper, changed, path } = await keeperOf(`ann:${HASH}\n`);

    await writeFile(`${path}.new`, `bob:${HASH}\n`);
    await rename(`${path}.new`, path);
    await looks(keeper, 2);

    expect(changed).toEqual([["bob"]]);
  });

  test("that goes bad keeps its users, and is told of once", async () => {
    const { keeper, told, changed, path } = await keeperOf(`ann:${HASH}\n`);

    await writeFile(path, "ann:hunter2\n");
    await looks(keeper, 4);

    const problem = `${path}:1: plain text, or an unknown form of hash, is not supported; make a bcrypt hash with "htpasswd -B"`;
    expect(told).toEqual([problem, `${path}: its users stay as they were`]);
    expect(changed).toEqual([]);
    expect(keeper.state()).toMatchObject({ accounts: 1, htpasswd: { problems: [problem] } });
  });

  test("that is gone keeps its users, and is taken when it is back", async () => {
    const { keeper, told, changed, path } = await keeperOf(`ann:${HASH}\n`);

    await rm(path);
    await looks(keeper, 3);
    expect(told).toEqual([
      `${path}: Cannot read the file: no such file`,
      `${path}: its users stay as they were`,
    ]);

    await writeFile(path, `bob:${HASH}\n`);
    await looks(keeper, 2);
    expect(changed).toEqual([["bob"]]);
    expect(keeper.state()).toMatchObject({ htpasswd: { problems: [] } });
  });

  test("can't have the name of a token, until that is removed", async () => {
    const { keeper, told, changed, path } = await keeperOf(`ann:${HASH}\n`);
    keeper.addToken({ name: "job", expires: undefined, groups: [] });

    await writeFile(path, `ann:${HASH}\njob:${HASH}\n`);
    await looks(keeper, 3);
    expect(told).toEqual([
      `the token "job", which was added while running: Expected another name, found that of ${path}`,
      `${path}: its users stay as they were`,
    ]);

    keeper.removeToken("job");
    await keeper.look();
    expect(changed).toEqual([["ann", "job"], ["ann"], ["ann", "job"]]);
    expect(keeper.state()).toMatchObject({ accounts: 2, htpasswd: { problems: [] } });
  });

  test("is looked at by itself", async () => {
    const { promise, resolve } = Promise.withResolvers<readonly Account[]>();
    const path = await fileOf(`ann:${HASH}\n`);
    const keeper = new AccountKeeper(() => {}, resolve, { lookMs: 1 });
    await commit(keeper, { ...nobody, htpasswd: path });

    await writeFile(`${path}.new`, `bob:${HASH}\n`);
    await rename(`${path}.new`, path);

    expect(namesOf(await promise)).toEqual(["bob"]);
    keeper.close();
  });
});
