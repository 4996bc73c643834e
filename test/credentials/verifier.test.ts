import { describe, expect, test } from "bun:test";
import { ann, basic, bob, CACHE_MS, ci, dan, NOW, userOf, verifierOf } from "./verifiers.ts";

describe("without a hash everything is known at once", () => {
  // Each row: what it is | the credentials | the result.
  test.each([
    ["none", undefined, "missing"],
    ["an empty field", "", "wrong"],
    ["another scheme", "Bearer token", "wrong"],
    ["the token", basic("ci:token"), "user"],
    ["a password with a colon", basic("dan:pass:word"), "user"],
    ["the token of another", basic("dan:token"), "wrong"],
    ["a token that begins so", basic("ci:toke"), "wrong"],
    ["a name in another case", basic("CI:token"), "wrong"],
    ["an unknown name", basic("eve:token"), "wrong"],
    ["no password", basic("ci:"), "wrong"],
    ["a name of JavaScript's", basic("__proto__:token"), "wrong"],
  ])("%s", (_, credentials, result) => {
    const { verifier } = verifierOf([ci, dan]);

    expect(verifier.check(credentials, NOW)).toMatchObject({ result });
  });

  test("nobody gets in where there are no accounts", () => {
    const { verifier } = verifierOf([]);

    expect(verifier.check(basic(`:${"\0".repeat(32)}`), NOW)).toEqual({ result: "wrong" });
    expect(verifier.check(basic(":"), NOW)).toEqual({ result: "wrong" });
  });
});

describe("how long it holds", () => {
  test("as long as a password is remembered", () => {
    const { verifier } = verifierOf([dan]);

    expect(verifier.check(basic("dan:pass:word"), NOW)).toEqual({
      result: "user",
      user: { name: "dan", groups: [] },
      until: NOW + CACHE_MS,
    });
  });

  test("no longer than the token, which is expired then", () => {
    const { verifier } = verifierOf([ci]);
    const credentials = basic("ci:token");

    expect(verifier.check(credentials, NOW + 999)).toMatchObject({ result: "user", until: NOW + 1_000 });
    expect(verifier.check(credentials, NOW + 1_000)).toEqual({ result: "expired" });
    expect(verifier.check(basic("ci:other"), NOW + 1_000)).toEqual({ result: "wrong" });
  });
});

describe("other accounts", () => {
  test("that differ in a hash forget what was verified", async () => {
    const { verifier, asked } = verifierOf([ann]);
    await verifier.check(basic("ann:ann's"), NOW);
    await verifier.check(basic("ann:bob's"), NOW);

    verifier.accounts = [{ ...ann, secret: bob.secret }];

    expect(await verifier.check(basic("ann:ann's"), NOW)).toEqual({ result: "wrong" });
    expect(await verifier.check(basic("ann:bob's"), NOW)).toMatchObject({ result: "user" });
    expect(asked.length).toBe(4);
  });

  test("that differ in no hash leave what was verified", async () => {
    const { verifier, asked } = verifierOf([ann]);
    const right = await verifier.check(basic("ann:ann's"), NOW);
    await verifier.check(basic("dan:pass:word"), NOW);

    verifier.accounts = [structuredClone(ann), dan];

    expect(verifier.check(basic("ann:ann's"), NOW)).toBe(right);
    expect(verifier.check(basic("dan:pass:word"), NOW)).toMatchObject({ result: "user" });
    verifier.accounts = [ann];
    expect(verifier.check(basic("dan:pass:word"), NOW)).toEqual({ result: "wrong" });
    expect(asked.length).toBe(2);
  });

  test("that differ in a group let nobody in with the old ones", async () => {
    const { verifier } = verifierOf([ann]);
    await verifier.check(basic("ann:ann's"), NOW);

    verifier.accounts = [{ ...ann, groups: ["office"] }];

    expect(await verifier.check(basic("ann:ann's"), NOW)).toMatchObject({ user: { groups: ["office"] } });
  });

  test("hold for who is being verified meanwhile", async () => {
    const { verifier, asked } = verifierOf([ann]);
    const [gone, stays] = [verifier.check(basic("ann:ann's"), NOW), verifier.check(basic("bob:bob's"), NOW)];

    verifier.accounts = [bob];

    expect(await gone).toEqual({ result: "wrong" });
    expect(await stays).toMatchObject({ result: "user", user: { name: "bob" } });
    expect(asked.at(-1)).toBe("bob's against hash of bob's");
  });

  test("a user stays the same object while name and groups do", async () => {
    const { verifier } = verifierOf([ci, dan]);
    const before = userOf(await verifier.check(basic("dan:pass:word"), NOW));

    verifier.accounts = [{ ...dan, groups: [] }];
    expect(userOf(await verifier.check(basic("dan:pass:word"), NOW + 1))).toBe(before);

    verifier.accounts = [{ ...dan, groups: ["office"] }];
    expect(await verifier.check(basic("dan:pass:word"), NOW)).toMatchObject({
      user: { name: "dan", groups: ["office"] },
    });
  });
});

test("nothing of what was sent is kept", async () => {
  const { verifier } = verifierOf([ann, dan]);
  await verifier.check(basic("ann:ann's"), NOW);
  await verifier.check(basic("ann:hunter2"), NOW);
  verifier.check(basic("dan:pass:word"), NOW);

  const shown = Bun.inspect(verifier, { depth: 9 });
  for (const secret of ["pass:word", "hunter2", btoa("ann:ann's"), btoa("ann:hunter2")]) {
    expect(shown).not.toContain(secret);
  }
});
