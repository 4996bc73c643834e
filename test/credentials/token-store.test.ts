import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/credentials/account.ts";
import { type TokenRequest, TokenStore } from "../../src/credentials/token-store.ts";

const NOW = 1_000_000_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test("the secret is told once, and its digest is kept", () => {
  const store = new TokenStore();

  const added = store.add({ name: "ci", expires: NOW + HOUR, groups: ["machines"] }, nobody, NOW);

  const secret = added.ok ? added.secret : "";
  expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(store.tokens).toEqual([
    {
      account: {
        name: "ci",
        groups: ["machines"],
        expires: NOW + HOUR,
        secret: { kind: "digest", sha256: digestOf(secret) },
      },
      addedAt: NOW,
    },
  ]);
  expect(Bun.inspect(store, { depth: 9 })).not.toContain(secret);
});

test("no two tokens have the same secret", () => {
  const store = new TokenStore();

  const secrets = ["a", "b"].map((name) => store.add(request({ name }), nobody, NOW));

  expect(secrets[0]).not.toEqual(secrets[1]);
});

describe("what is refused", () => {
  const expiry = "Expected an expiry that lies ahead, by 366 days at most";

  // Each row: what it is | the request | the beginning of the problem.
  const rows: [string, Partial<TokenRequest>, string][] = [
    ["an empty name", { name: "" }, "Expected the name of a user"],
    ["a name with a colon", { name: "a:b" }, "Expected the name of a user"],
    ["a name with a line feed", { name: "a\nb" }, "Expected the name of a user"],
    ["a long name", { name: "a".repeat(129) }, "Expected the name of a user"],
    ["the name for everybody", { name: "*" }, "Expected the name of a user"],
    ["an expiry that has passed", { expires: NOW }, expiry],
    ["an expiry of never", { expires: Number.POSITIVE_INFINITY }, expiry],
    ["an expiry of nothing", { expires: Number.NaN }, expiry],
    ["an expiry in two years", { expires: NOW + 730 * DAY }, expiry],
    ["a group that no rule can name", { groups: ["a b"] }, "Expected at most 100 groups"],
    ["too many groups", { groups: Array.from({ length: 101 }, () => "a") }, "Expected at most 100 groups"],
  ];

  test.each(rows)("%s", (_, part, problem) => {
    const store = new TokenStore();

    const added = store.add(request(part), nobody, NOW);

    expect(added).toEqual({ ok: false, because: "invalid", problem: expect.stringContaining(problem) });
    expect(store.tokens).toEqual([]);
  });

  test("a name that somebody has", () => {
    const store = new TokenStore();
    store.add(request({ name: "ci" }), nobody, NOW);

    const taken = { ok: false, because: "taken" } as const;
    expect(store.add(request({ name: "ci" }), nobody, NOW)).toMatchObject(taken);
    expect(store.add(request({ name: "ann" }), (name) => name === "ann", NOW)).toMatchObject(taken);
  });

  test("more than there may be, until one is removed", () => {
    const store = new TokenStore(2);
    for (const name of ["a", "b"]) store.add(request({ name }), nobody, NOW);

    expect(store.add(request(), nobody, NOW)).toMatchObject({ ok: false, because: "full" });
    expect(store.remove("a")).toBe(true);
    expect(store.add(request(), nobody, NOW)).toMatchObject({ ok: true });
  });
});

describe("a token that has expired", () => {
  test("gives up its name", () => {
    const store = new TokenStore();
    store.add(request({ name: "ci", expires: NOW + HOUR }), nobody, NOW);

    expect(store.add(request({ name: "ci" }), nobody, NOW + HOUR - 1)).toMatchObject({ because: "taken" });
    expect(store.add(request({ name: "ci" }), nobody, NOW + HOUR)).toMatchObject({ ok: true });
    expect(store.tokens.length).toBe(1);
  });

  test("stays for a day", () => {
    const store = new TokenStore();
    store.add(request({ name: "old", expires: NOW + HOUR }), nobody, NOW);

    store.add(request({ name: "a" }), nobody, NOW + HOUR + DAY - 1);
    expect(namesIn(store)).toEqual(["old", "a"]);
    store.add(request({ name: "b" }), nobody, NOW + HOUR + DAY);
    expect(namesIn(store)).toEqual(["a", "b"]);
  });

  test("makes room at once when there is none", () => {
    const store = new TokenStore(2);
    store.add(request({ name: "short", expires: NOW + 1 }), nobody, NOW);
    store.add(request({ name: "long", expires: NOW + DAY }), nobody, NOW);

    expect(store.add(request({ name: "new" }), nobody, NOW + 1)).toMatchObject({ ok: true });
    expect(namesIn(store)).toEqual(["long", "new"]);
  });
});

test("what is not there can't be removed", () => {
  const store = new TokenStore();
  store.add(request({ name: "ci" }), nobody, NOW);

  expect([store.remove("CI"), store.remove("ci"), store.remove("ci")]).toEqual([false, true, false]);
});

function request(part: Partial<TokenRequest> = {}): TokenRequest {
  return { name: "ci", expires: undefined, groups: [], ...part };
}

function nobody(): boolean {
  return false;
}

function namesIn(store: TokenStore): string[] {
  return store.accounts.map(({ name }) => name);
}
