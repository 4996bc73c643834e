import { afterEach, describe, expect, test } from "bun:test";
import { clearDeadWorkerFlights, Flights, flightsBuffer } from "../../../src/store/memory/flights.ts";
import type { FlightOrder, FlightReport, FlightSetup } from "./flight-worker.ts";

const SEED = 1;
const KEY = "http://origin.example/one";

afterEach(() => {
  for (const worker of workers.splice(0)) worker.terminate();
});

describe("a key", () => {
  test("is fetched by who begins first, until that is over", () => {
    const [one, other] = twoThreads();

    expect(one.begin(KEY)).toBe("mine");
    expect(other.begin(KEY)).toBe("theirs");
    expect(other.begin(`${KEY}/other`)).toBe("mine");
    one.end(KEY);
    expect(other.begin(KEY)).toBe("mine");
    expect(one.begin(KEY)).toBe("theirs");
  });

  test("that a thread fetches already is not waited for by itself", () => {
    const [one] = twoThreads();
    one.begin(KEY);

    expect(one.begin(KEY)).toBe("unknown");
  });

  test("that was given up is waited for by nobody until it is over", () => {
    const [one, other] = twoThreads();
    one.begin(KEY);
    one.giveUp(KEY);

    expect(other.begin(KEY)).toBe("unknown");
    one.end(KEY);
    expect(other.begin(KEY)).toBe("mine");
  });

  test("is ended by who began it alone", () => {
    const [one, other] = twoThreads();
    one.begin(KEY);
    other.end(KEY);
    other.giveUp(KEY);

    expect(other.begin(KEY)).toBe("theirs");
  });

  test("that finds no room goes on alone, and those that have some are not disturbed", () => {
    const [one, other] = twoThreads();
    const keys = Array.from({ length: 20_000 }, (_, index) => `${KEY}/${index}`);
    const flights = keys.map((key) => one.begin(key));

    const mine = keys.filter((_, index) => flights[index] === "mine");
    expect(new Set(flights)).toEqual(new Set(["mine", "unknown"]));
    expect(mine.length).toBeGreaterThan(8_000);
    for (const key of mine) expect(other.begin(key)).toBe("theirs");
    for (const key of keys) one.end(key);
    for (const key of mine) expect(other.begin(key)).toBe("mine");
  });
});

describe("waiting", () => {
  test("is over at once when nobody fetches the key", async () => {
    const [one] = twoThreads();
    expect(await one.wait(KEY, 10_000)).toBe("ended");
  });

  test("is over at once when it was given up", async () => {
    const [one, other] = twoThreads();
    one.begin(KEY);
    one.giveUp(KEY);
    expect(await other.wait(KEY, 10_000)).toBe("unshareable");
  });

  test("lasts as long as it may", async () => {
    const [one, other] = twoThreads();
    one.begin(KEY);
    expect(await other.wait(KEY, 5)).toBe("late");
    expect(other.begin(KEY)).toBe("theirs");
  });

  test.each([
    ["ended", "ended"],
    ["given up", "unshareable"],
    ["ended and begun anew", "ended"],
  ] as const)("of many ends when it is %s", async (how, said) => {
    const [one, other] = twoThreads();
    one.begin(KEY);
    const waits = Array.from({ length: 50 }, () => other.wait(KEY, 10_000));
    if (how === "given up") one.giveUp(KEY);
    else one.end(KEY);
    if (how === "ended and begun anew") one.begin(KEY);

    expect(new Set(await Promise.all(waits))).toEqual(new Set([said]));
  });
});

describe("threads", () => {
  test("hear from each other", async () => {
    const buffer = flightsBuffer();
    const [ask, askOther] = [thread(buffer, 1), thread(buffer, 2)];

    expect(await ask("begin", KEY)).toBe("mine");
    expect(await askOther("begin", KEY)).toBe("theirs");
    const waiting = askOther("wait", KEY);
    await ask("end", KEY);
    expect(await waiting).toBe("ended");
    expect(await askOther("begin", KEY)).toBe("mine");
    const unshared = ask("wait", KEY);
    await askOther("giveUp", KEY);
    expect(await unshared).toBe("unshareable");
  });

  test("that race for many keys each fetch some, and none waits for ever", async () => {
    const buffer = flightsBuffer();
    const asks = [1, 2, 3].map((number) => thread(buffer, number));
    const fetched = await Promise.all(asks.map((ask) => ask("race", KEY)));

    expect(fetched.every((count) => Number(count) > 0)).toBe(true);
    const left = new Flights(buffer, 9, SEED);
    for (let number = 0; number < 300; number++) expect(left.begin(`${KEY}/${number}`)).toBe("mine");
  });

  test("that died fetch nothing any more, and who waits for them hears it", async () => {
    const buffer = flightsBuffer();
    const [ask, askOther] = [thread(buffer, 1), thread(buffer, 2)];
    await ask("begin", KEY);
    await askOther("begin", `${KEY}/other`);
    const waiting = askOther("wait", KEY);
    workers[0]!.terminate();
    clearDeadWorkerFlights(buffer, 1);

    expect(await waiting).toBe("ended");
    expect(await askOther("begin", KEY)).toBe("mine");
    expect(new Flights(buffer, 1, SEED).begin(`${KEY}/other`)).toBe("theirs");
  });

  test("that died with a lock held have it taken from them", () => {
    const buffer = flightsBuffer();
    const cells = new Int32Array(buffer);
    for (let lock = 24; lock < cells.length; lock += 32) cells[lock] = 2;
    const living = new Flights(buffer, 2, SEED);

    expect(living.begin(KEY)).toBe("unknown");
    clearDeadWorkerFlights(buffer, 1);
    expect(living.begin(KEY)).toBe("mine");
  });
});

test("a process does not go on only because somebody waits", async () => {
  const flights = new URL("../../../src/store/memory/flights.ts", import.meta.url).pathname;
  const code = `
    import { Flights, flightsBuffer } from ${JSON.stringify(flights)};
    const buffer = flightsBuffer();
    new Flights(buffer, 1, 1).begin("a");
    void new Flights(buffer, 2, 1).wait("a", 60_000).then(() => console.log("waited"));
    console.log("begun");`;
  const ran = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stderr: "inherit" });

  expect(await new Response(ran.stdout).text()).toBe("begun\n");
  expect(await ran.exited).toBe(0);
});

const workers: Worker[] = [];
const WORKER = new URL("./flight-worker.ts", import.meta.url).href;

type Ask = (does: FlightOrder["does"], key: string) => Promise<FlightReport["said"]>;

function thread(buffer: SharedArrayBuffer, number: number): Ask {
  const worker = new Worker(WORKER);
  const answers = new Map<number, (said: FlightReport["said"]) => void>();
  workers.push(worker);
  worker.addEventListener("message", ({ data }: MessageEvent<FlightReport>) =>
    answers.get(data.id)?.(data.said),
  );
  worker.postMessage({ buffer, thread: number } satisfies FlightSetup);
  return (does, key) => {
    const { promise, resolve } = Promise.withResolvers<FlightReport["said"]>();
    const id = answers.size;
    answers.set(id, resolve);
    worker.postMessage({ id, does, key } satisfies FlightOrder);
    return promise;
  };
}

function twoThreads(): [Flights, Flights] {
  const buffer = flightsBuffer();
  return [new Flights(buffer, 1, SEED), new Flights(buffer, 2, SEED)];
}
