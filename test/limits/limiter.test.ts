import { describe, expect, test } from "bun:test";
import { Grant } from "../../src/limits/grant.ts";
import type { LimitRefusal } from "../../src/limits/limit-refusal.ts";
import { Limiter } from "../../src/limits/limiter.ts";
import { clearWorker, limitsBuffers } from "../../src/limits/limits-memory.ts";
import type { LimitSpec, RuleSpec } from "../../src/policy/spec.ts";
import { limit, NO_CONNECTIONS, ruleWith } from "./limit-specs.ts";

const NOW = Date.UTC(2026, 10, 21);
const TWO_A_SECOND = { count: 2, per: 1_000 };
const HERE = "192.0.2.1";
const THERE = "198.51.100.1";

describe("requests in a while", () => {
  // Each row: by what | a request that counts with that of ann, from here to a.test | one that does not.
  test.each([
    ["client", { user: "bob", host: "b.test" }, { client: THERE }],
    ["user", { client: THERE, host: "b.test" }, { user: "bob" }],
    ["host", { client: THERE, user: "bob" }, { host: "b.test" }],
  ] as const)("by %s", (by, same, other) => {
    const { ask } = limiterWith([limit({ by, requests: TWO_A_SECOND })]);

    expect(ask({})).toBe("granted");
    expect(ask(same)).toBe("granted");
    expect(ask(same)).toBe("requests");
    expect(ask(other)).toBe("granted");
    expect(ask({}, NOW + 500)).toBe("granted");
  });

  test("of all together", () => {
    const { ask } = limiterWith([limit({ by: "all", requests: TWO_A_SECOND })]);

    expect(ask({})).toBe("granted");
    expect(ask({ client: THERE, user: "bob", host: "b.test" })).toBe("granted");
    expect(ask({ client: "203.0.113.1", user: "eve", host: "c.test" })).toBe("requests");
  });

  test("by user: who has not logged in is counted as a client", () => {
    const { ask } = limiterWith([limit({ by: "user", requests: TWO_A_SECOND })]);

    expect(ask({ user: undefined })).toBe("granted");
    expect(ask({ user: undefined })).toBe("granted");
    expect(ask({ user: undefined })).toBe("requests");
    expect(ask({ user: undefined, client: THERE })).toBe("granted");
    expect(ask({ user: HERE })).toBe("granted");
  });

  test("by client: of IPv6 a /64 is one", () => {
    const { ask } = limiterWith([limit({ requests: TWO_A_SECOND })]);

    expect(ask({ client: "2001:db8::1" })).toBe("granted");
    expect(ask({ client: "2001:db8::ffff:1" })).toBe("granted");
    expect(ask({ client: "2001:db8::2" })).toBe("requests");
    expect(ask({ client: "2001:db8:0:1::2" })).toBe("granted");
  });

  test("a refusal says how much there is, and when", () => {
    const { limiter } = limiterWith([limit({ name: "per-client", requests: TWO_A_SECOND, burst: 1 })]);
    limiter.admit(undefined, HERE, undefined, "a.test", NOW);

    const refusal = limiter.admit(undefined, HERE, undefined, "a.test", NOW + 100) as LimitRefusal;
    expect(refusal).toMatchObject({
      limit: "per-client",
      by: "client",
      what: "requests",
      quota: 2,
      windowMs: 1_000,
    });
    expect(refusal.retryMs).toBeCloseTo(400, -1);
  });
});

describe("a limit that a rule names", () => {
  const limits = [limit({ name: "slow", by: "rule", requests: TWO_A_SECOND })];
  const rules = [ruleWith("one", "slow"), ruleWith("other", "slow")];

  test("holds only where a rule puts it, and by rule for each apart", () => {
    const { ask } = limiterWith(limits, rules);

    for (let times = 0; times < 5; times++) expect(ask({})).toBe("granted");
    expect([1, 2, 3].map(() => ask({ rules: ["one"] }))).toEqual(["granted", "granted", "requests"]);
    expect(ask({ rules: ["other"], client: THERE })).toBe("granted");
  });

  test("counts once when two rules put it on a request", () => {
    const { ask } = limiterWith([limit({ name: "slow", requests: TWO_A_SECOND })], rules);

    expect(ask({ rules: ["one", "other"] })).toBe("granted");
    expect(ask({ rules: ["one", "other"] })).toBe("granted");
    expect(ask({ rules: ["one"] })).toBe("requests");
  });

  test("is none when there is none of that name", () => {
    const { ask } = limiterWith([], rules);

    expect(ask({ rules: ["one"] })).toBe("granted");
  });
});

test("who is refused by the third limit has not drained the first two", () => {
  const { ask } = limiterWith([
    limit({ name: "first", by: "all", requests: { count: 10, per: 3_600_000 }, burst: 10 }),
    limit({ name: "second", by: "all", exchanges: 10 }),
    limit({ name: "third", by: "client", requests: { count: 1, per: 3_600_000 } }),
  ]);

  for (let times = 0; times < 50; times++) ask({});
  const others = Array.from({ length: 12 }, (_, index) => ask({ client: `10.0.0.${index}` }));
  expect(others).toEqual([...Array(9).fill("granted"), ...Array(3).fill("requests")]);
});

test("a budget that is used up stays so, however many hosts are asked for", () => {
  const hour = 3_600_000;
  const { ask, limiter } = limiterWith([
    limit({ name: "budget", budget: { bytes: 1_000, window: hour } }),
    limit({ name: "hosts", by: "host", requests: { count: 1, per: hour } }),
    limit({ name: "of-hosts", by: "host", budget: { bytes: 1_000, window: hour } }),
  ]);
  const askAs = (client: string, host: string, nowMs: number) =>
    (limiter.admit(undefined, client, undefined, host, nowMs) as Grant).charge("down", 10, nowMs);
  (limiter.admit(undefined, HERE, undefined, "a.test", NOW) as Grant).charge("down", 1_000, NOW);

  for (let host = 0; host < 150_000; host++) askAs(THERE + (host % 3_000), `${host}.test`, NOW + host * 10);
  expect(ask({ host: "z.test" }, NOW + 1_500_000)).toBe("budget");
});

describe("exchanges at once", () => {
  test("are limited over all workers, and one that ends makes room", () => {
    const memory = limitsBuffers(2);
    const policy = { limits: [limit({ exchanges: 2 })], rules: [] };
    const [first, second] = [
      new Limiter(memory, 0, 1, NO_CONNECTIONS),
      new Limiter(memory, 1, 1, NO_CONNECTIONS),
    ];
    first.policy = policy;
    second.policy = policy;
    const admit = (limiter: Limiter) => limiter.admit(undefined, HERE, undefined, "a.test", NOW);

    const grant = admit(first);
    expect(admit(second)).toBeInstanceOf(Grant);
    expect(admit(first)).toMatchObject({ what: "exchanges", quota: 2, windowMs: 0 });
    (grant as Grant).release();
    expect(admit(second)).toBeInstanceOf(Grant);

    clearWorker(memory, 1);
    expect(admit(first)).toBeInstanceOf(Grant);
  });

  test("a grant is released once", () => {
    const { limiter } = limiterWith([limit({ exchanges: 2 })]);
    const grant = limiter.admit(undefined, HERE, undefined, "a.test", NOW) as Grant;
    grant.release();

    expect(() => grant.release()).toThrow("released already");
  });
});

test("without limits nothing is granted and nothing refused", () => {
  const { limiter } = limiterWith([]);

  expect(limiter.admit(undefined, HERE, undefined, "a.test", NOW)).toBeUndefined();
  expect(limiter.admit([], HERE, undefined, "a.test", NOW)).toBeUndefined();
});

describe("after a reload", () => {
  test("a limit that stays keeps its tokens, and one that changes is new", () => {
    const { limiter, ask } = limiterWith([limit({ requests: TWO_A_SECOND })]);
    ask({});
    ask({});
    limiter.policy = {
      limits: [limit({ requests: TWO_A_SECOND }), limit({ name: "new", by: "all" })],
      rules: [],
    };
    expect(ask({})).toBe("requests");

    limiter.policy = { limits: [limit({ requests: { count: 3, per: 1_000 } })], rules: [] };
    expect(ask({})).toBe("granted");
  });
});

interface Asked {
  readonly client?: string;
  readonly user?: string | undefined;
  readonly host?: string;
  /** Those that put the limit "slow" on it. */
  readonly rules?: readonly string[];
}

function limiterWith(limits: readonly LimitSpec[], rules: readonly RuleSpec[] = []) {
  const limiter = new Limiter(limitsBuffers(1), 0, 42, NO_CONNECTIONS);
  limiter.policy = { limits, rules };
  /** What a request was refused for, or that it was granted. */
  const ask = (asked: Asked, nowMs = NOW): string => {
    const user = "user" in asked ? asked.user : "ann";
    const names = asked.rules?.map((rule) => ({ limit: "slow", rule }));
    const answer = limiter.admit(names, asked.client ?? HERE, user, asked.host ?? "a.test", nowMs);
    return answer === undefined || answer instanceof Grant ? "granted" : answer.what;
  };
  return { limiter, ask };
}
