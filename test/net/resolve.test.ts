import { describe, expect, test } from "bun:test";
import { type Lookup, Resolver } from "../../src/net/resolve.ts";
import { startDnsServer } from "../support/servers/dns.ts";

const SETTINGS = { servers: [], ttlMin: 1_000, ttlMax: 60_000, failureTtl: 500, timeout: 5_000 };

describe("how long an answer is remembered", () => {
  // Each row: what it shows | the records' times to live, in seconds | the milliseconds.
  test.each([
    ["as long as the record says", [30], 30_000],
    ["the shortest of several", [30, 20, 40], 20_000],
    ["no less than the floor", [0], 1_000],
    ["no longer than the ceiling", [86_400], 60_000],
  ])("%s", async (_, ttls, lastsMs) => {
    const asking = resolver(async () => ttls.map((ttl, index) => ({ address: `192.0.2.${index + 1}`, ttl })));
    await asking.resolver.resolve("a.example");

    asking.now += lastsMs - 1;
    expect(asking.resolver.resolve("a.example")).toMatchObject({ ok: true });
    expect(asking.asked).toEqual(["a.example"]);

    asking.now += 1;
    await asking.resolver.resolve("a.example");
    expect(asking.asked).toEqual(["a.example", "a.example"]);
  });

  test("a failure: briefly", async () => {
    const asking = resolver(() => Promise.reject(Object.assign(new Error("no"), { code: "DNS_ENOTFOUND" })));
    const failed = { ok: false, failure: "dns_error", detail: "ENOTFOUND" } as const;
    expect(await asking.resolver.resolve("a.example")).toEqual(failed);

    asking.now += 499;
    expect(asking.resolver.resolve("a.example")).toEqual(failed);
    asking.now += 1;
    expect(asking.resolver.resolve("a.example")).toBeInstanceOf(Promise);
    expect(asking.resolver.failures).toBe(1);
  });
});

test("every address once, in the order that they came", async () => {
  const { resolver: resolve } = resolver(async () => [
    { address: "192.0.2.2", ttl: 1 },
    { address: "2001:db8::1", ttl: 1 },
    { address: "192.0.2.2", ttl: 1 },
  ]);

  expect(await resolve.resolve("a.example")).toEqual({ ok: true, addresses: ["192.0.2.2", "2001:db8::1"] });
});

test("many askers are one look-up", async () => {
  const asking = resolver(async () => [{ address: "192.0.2.1", ttl: 1 }]);
  const answers = await Promise.all(Array.from({ length: 50 }, () => asking.resolver.resolve("a.example")));

  expect(asking.asked.length).toBe(1);
  expect(new Set(answers).size).toBe(1);
  expect([asking.resolver.lookups, asking.resolver.hits]).toEqual([1, 0]);

  asking.resolver.resolve("a.example");
  expect([asking.resolver.lookups, asking.resolver.hits]).toEqual([1, 1]);
});

describe("what fails is told, never thrown", () => {
  // Each row: what it shows | the look-up | the failure.
  const rows: readonly (readonly [string, Lookup, object])[] = [
    ["no address at all", async () => [], { failure: "dns_error", detail: "no address" }],
    [
      "a time-out of the system's own",
      () => Promise.reject(Object.assign(new Error(), { code: "DNS_ETIMEOUT" })),
      { failure: "dns_timeout", detail: "ETIMEOUT" },
    ],
    [
      "an error without a code",
      () => Promise.reject(new Error("?")),
      { failure: "dns_error", detail: "ERROR" },
    ],
    [
      "a look-up that throws at once",
      () => {
        throw new TypeError("not a name");
      },
      { failure: "dns_error", detail: "ERROR" },
    ],
    [
      "no answer in time",
      () => new Promise(() => {}),
      { failure: "dns_timeout", detail: "no answer in time" },
    ],
  ];

  test.each(rows)("%s", async (_, lookup, failure) => {
    const asking = resolver(lookup, { ...SETTINGS, timeout: 5 });

    expect(await asking.resolver.resolve("a.example")).toEqual({ ok: false, ...failure } as never);
  });

  test("a failure that comes after the time-out disturbs nobody", async () => {
    const late = Promise.withResolvers<never>();
    const asking = resolver(() => late.promise, { ...SETTINGS, timeout: 1 });
    await asking.resolver.resolve("a.example");
    late.reject(new Error("late"));
    await Promise.resolve();

    expect(asking.resolver.resolve("a.example")).toMatchObject({ failure: "dns_timeout" });
  });
});

test("it remembers ten thousand names, and forgets the oldest answer first", async () => {
  const asking = resolver(async () => [{ address: "192.0.2.1", ttl: 60 }]);
  for (let index = 0; index <= 10_000; index++) await asking.resolver.resolve(`n${index}.example`);

  expect(asking.resolver.resolve("n1.example")).toMatchObject({ ok: true });
  expect(asking.resolver.resolve("n10000.example")).toMatchObject({ ok: true });
  expect(asking.resolver.resolve("n0.example")).toBeInstanceOf(Promise);
});

test("of a name with thousands of addresses the first sixteen count", async () => {
  const records = Array.from({ length: 4_000 }, (_, index) => ({
    address: `10.0.${index >> 8}.${index & 255}`,
    ttl: 1,
  }));
  const resolution = await resolver(async () => records).resolver.resolve("a.example");

  expect(resolution).toMatchObject({ ok: true, addresses: { length: 16, 15: "10.0.0.15" } });
});

test("beyond 256 look-ups at once an unknown name fails, also when nobody waits for them any more", async () => {
  const answer = Promise.withResolvers<[]>();
  const stalled: Lookup = (host) => (host === "known.example" ? found() : answer.promise);
  const { resolver: asking } = resolver(stalled, { ...SETTINGS, timeout: 1 });
  await asking.resolve("known.example");
  await Promise.all(Array.from({ length: 256 }, (_, index) => asking.resolve(`n${index}.example`)));

  expect(asking.resolve("one.more.example")).toEqual({
    ok: false,
    failure: "dns_error",
    detail: "too many look-ups at once",
  });
  expect(asking.resolve("known.example")).toMatchObject({ ok: true });

  answer.resolve([]);
  await Bun.sleep(0);
  expect(asking.resolve("one.more.example")).toBeInstanceOf(Promise);

  async function found() {
    return [{ address: "192.0.2.1", ttl: 60 }];
  }
});

test("localhost by the system's own rules", async () => {
  const resolver = new Resolver(SETTINGS);

  expect(await resolver.resolve("localhost")).toMatchObject({ ok: true });
});

describe("other servers", () => {
  const FIRST = { ...SETTINGS, servers: ["192.0.2.53:53"] };
  const SECOND = { ...SETTINGS, servers: ["192.0.2.54:53"] };

  test("what the others have said is forgotten, and what they say too late does not count", async () => {
    const late = Promise.withResolvers<{ address: string; ttl: number }[]>();
    const asking = new Resolver(FIRST, ([server]) => async (host) => {
      if (server === "192.0.2.54:53") return [{ address: "192.0.2.2", ttl: 60 }];
      return host === "late.example" ? late.promise : [{ address: "192.0.2.1", ttl: 60 }];
    });
    await asking.resolve("a.example");
    const asked = asking.resolve("late.example");
    asking.settings = SECOND;
    const now = await Promise.all([asking.resolve("a.example"), asking.resolve("late.example")]);
    late.resolve([{ address: "192.0.2.1", ttl: 60 }]);

    expect(now).toEqual([found("192.0.2.2"), found("192.0.2.2")]);
    expect(await asked).toEqual(found("192.0.2.1"));
    expect(asking.resolve("late.example")).toEqual(found("192.0.2.2"));
  });

  test("with the same servers in a new config everything is remembered", async () => {
    const asking = new Resolver(FIRST, () => async () => [{ address: "192.0.2.1", ttl: 60 }]);
    await asking.resolve("a.example");
    asking.settings = { ...FIRST, servers: [...FIRST.servers], ttlMax: 30_000 };

    expect(asking.resolve("a.example")).toEqual(found("192.0.2.1"));
  });

  test("they are asked as long as the config says", async () => {
    using server = await startDnsServer(() => undefined);
    const asking = new Resolver({ ...SETTINGS, servers: [server.authority], timeout: 100 });

    expect(await asking.resolve("a.example")).toMatchObject({ ok: false, failure: "dns_timeout" });
  });

  function found(address: string) {
    return { ok: true, addresses: [address] } as const;
  }
});

interface Asking {
  now: number;
  readonly asked: string[];
  readonly resolver: Resolver;
}

function resolver(lookup: Lookup, settings = SETTINGS): Asking {
  const asked: string[] = [];
  const noted: Lookup = (host, timeoutMs) => {
    asked.push(host);
    return lookup(host, timeoutMs);
  };
  const asking: Asking = {
    now: 0,
    asked,
    resolver: new Resolver(
      settings,
      () => noted,
      () => asking.now,
    ),
  };
  return asking;
}
