import { describe, expect, test } from "bun:test";
import { Verifier } from "../../src/credentials/verifier.ts";
import { account, ann, basic, bob, CACHE_MS, ci, NOW, verifierOf } from "./verifiers.ts";

describe("a hash", () => {
  test("is verified once while it is remembered", async () => {
    const { verifier, asked } = verifierOf([ann]);
    const credentials = basic("ann:ann's");

    const first = await verifier.check(credentials, NOW);
    expect(first).toMatchObject({ result: "user", user: { name: "ann" }, until: NOW + CACHE_MS });
    expect(verifier.check(credentials, NOW + CACHE_MS - 1)).toBe(first);
    expect(asked).toEqual(["ann's against hash of ann's"]);

    expect(await verifier.check(credentials, NOW + CACHE_MS)).toMatchObject({ until: NOW + 2 * CACHE_MS });
    expect(asked.length).toBe(2);
  });

  test("is verified each time when nothing is to be remembered", async () => {
    const { verifier, asked } = verifierOf([ann]);
    verifier.cacheMs = 0;

    for (let time = 0; time < 3; time++) await verifier.check(basic("ann:ann's"), NOW);

    expect(asked.length).toBe(3);
  });

  test("is verified once for all who ask meanwhile", async () => {
    const { verifier, asked } = verifierOf([ann]);

    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => verifier.check(basic("ann:ann's"), NOW)),
    );

    expect(asked.length).toBe(1);
    expect(new Set(answers).size).toBe(1);
  });

  test("is verified once for all spellings of the field", async () => {
    const { verifier, asked } = verifierOf([ann]);
    const credentials = basic("ann:ann's");

    await verifier.check(credentials, NOW);
    await verifier.check(credentials.replace("Basic ", "bASIC   "), NOW);

    expect(asked.length).toBe(1);
  });

  test("is verified anew when it is to be remembered for another time", async () => {
    const { verifier, asked } = verifierOf([ann]);
    await verifier.check(basic("ann:ann's"), NOW);

    verifier.cacheMs = 1_000;

    expect(await verifier.check(basic("ann:ann's"), NOW)).toMatchObject({ until: NOW + 1_000 });
    expect(asked.length).toBe(2);
  });

  test("that expires is taken until then", async () => {
    const { verifier } = verifierOf([{ ...ann, expires: NOW + 10 }]);
    const credentials = basic("ann:ann's");

    expect(await verifier.check(credentials, NOW)).toMatchObject({ result: "user", until: NOW + 10 });
    expect(await verifier.check(credentials, NOW + 10)).toEqual({ result: "expired" });
  });

  test("that fails is remembered too, for a minute", async () => {
    const { verifier, asked } = verifierOf([ann]);
    const credentials = basic("ann:wrong");

    expect(await verifier.check(credentials, NOW)).toEqual({ result: "wrong" });
    expect(verifier.check(credentials, NOW + 59_999)).toEqual({ result: "wrong" });
    expect(asked.length).toBe(1);

    expect(await verifier.check(credentials, NOW + 60_000)).toEqual({ result: "wrong" });
    expect(asked.length).toBe(2);
  });
});

describe("who is not let in can't tell why from the time", () => {
  // Each row: what is wrong | the credentials | the hashes that may be verified.
  test.each([
    ["the password", basic("ann:no"), ["no against hash of ann's"]],
    ["the name", basic("eve:no"), ["no against hash of ann's", "no against hash of bob's"]],
    ["a token", basic("ci:no"), ["no against hash of ann's", "no against hash of bob's"]],
  ])("%s: a hash is verified", async (_, credentials, either) => {
    const { verifier, asked } = verifierOf([ann, bob, ci]);

    expect(await verifier.check(credentials, NOW)).toEqual({ result: "wrong" });
    expect(asked.length).toBe(1);
    expect(either).toContain(asked[0] ?? "");
  });

  test("a name that is nobody's meets the same hash each time", async () => {
    const { verifier, asked } = verifierOf([ann, bob]);

    for (let time = 0; time < 20; time++) await verifier.check(basic(`eve:${time}`), NOW);

    expect(new Set(asked.map((line) => line.replace(/^\d+ /, ""))).size).toBe(1);
  });

  test("the password of that hash's owner is nobody else's", async () => {
    const { verifier } = verifierOf([ann, ci]);

    expect(await verifier.check(basic("eve:ann's"), NOW)).toEqual({ result: "wrong" });
    expect(await verifier.check(basic("ci:ann's"), NOW)).toEqual({ result: "wrong" });
  });
});

describe("bounds", () => {
  test("65 different questions are taken on, and the next is told that all are busy", async () => {
    const { verifier } = verifierOf([ann], () => Promise.withResolvers<boolean>().promise);

    const answers = Array.from({ length: 65 }, (_, index) => verifier.check(basic(`ann:${index}`), NOW));

    expect(answers.every((answer) => answer instanceof Promise)).toBe(true);
    expect(verifier.check(basic("ann:65"), NOW)).toEqual({ result: "busy" });
    expect(verifier.check(basic("ann:64"), NOW)).toBeInstanceOf(Promise);
  });

  test("a thousand are remembered, and the oldest is verified anew", async () => {
    const users = Array.from({ length: 1_001 }, (_, at) =>
      account(`u${at}`, { kind: "hash", text: "hash of x" }),
    );
    const { verifier, asked } = verifierOf(users);
    for (const { name } of users) await verifier.check(basic(`${name}:x`), NOW);
    expect(asked.length).toBe(1_001);

    expect(verifier.check(basic("u1:x"), NOW)).toMatchObject({ result: "user" });
    expect(verifier.check(basic("u0:x"), NOW)).toBeInstanceOf(Promise);
  });

  test("strangers crowd out nobody", async () => {
    const { verifier } = verifierOf([ann]);
    await verifier.check(basic("ann:ann's"), NOW);

    for (let time = 0; time < 2_000; time++) await verifier.check(basic(`ann:${time}`), NOW);

    expect(verifier.check(basic("ann:ann's"), NOW)).toMatchObject({ result: "user" });
  });
});

test("a real hash is verified while the thread goes on", async () => {
  const text = await Bun.password.hash("open sesame", { algorithm: "bcrypt", cost: 8 });
  const verifier = new Verifier();
  verifier.accounts = [account("ann", { kind: "hash", text })];
  verifier.cacheMs = CACHE_MS;

  const order: string[] = [];
  const checked = Promise.resolve(verifier.check(basic("ann:open sesame"), NOW));
  const verified = checked.then(() => order.push("verified"));
  setImmediate(() => order.push("went on"));
  await verified;

  expect(order).toEqual(["went on", "verified"]);
  expect(await checked).toMatchObject({ result: "user", user: { name: "ann" } });
  expect(await verifier.check(basic("ann:open sesam"), NOW)).toEqual({ result: "wrong" });
});
