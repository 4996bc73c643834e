/**
 * How a client that behaves fares while others flood the proxy from other
 * loopback addresses: each flood against a proxy of its own, with bans as they
 * are by default, but that nobody is exempt and who is slow has a second only.
 * Proxy, attackers, upstream and client share this machine, so the latencies
 * tell of the processors too; that nothing fails tells of the proxy.
 */
import { parseArgs } from "node:util";
import { basic } from "../test/support/ask.ts";
import { type FloodOptions, loopbackAddresses } from "../test/support/flood.ts";
import { answerEach } from "../test/support/http.ts";
import { startProxy } from "../test/support/proxy.ts";
import { type RawServer, startRawServer } from "../test/support/raw.ts";
import type { AttackerOrder, AttackerReport } from "./flood/attacker.ts";
import { type Measured, measure } from "./flood/client.ts";

const USAGE = `Usage: bun scripts/flood.ts [OPTIONS]     (builds nothing: run npm run build first)

  --seconds N    length of each flood (5)
  --help         print this
`;

const SECONDS_MAX = 60;

type Attackers = Pick<FloodOptions, "attack" | "addresses" | "lanes" | "pauseMs">;

const few = loopbackAddresses(9, 20);

/** A flood | its attackers. */
const floods: readonly (readonly [string, readonly Attackers[]])[] = [
  ["nobody floods", []],
  ["slow heads", [{ attack: "slow heads", addresses: few, lanes: 400, pauseMs: 20 }]],
  ["slow bodies", [{ attack: "slow bodies", addresses: few, lanes: 400, pauseMs: 20 }]],
  [
    "connections from one address",
    [{ attack: "idle connections", addresses: few.slice(0, 1), lanes: 1_000, pauseMs: 20 }],
  ],
  [
    "connections from a /24",
    [{ attack: "idle connections", addresses: loopbackAddresses(9, 250), lanes: 2_500, pauseMs: 20 }],
  ],
  ["no HTTP", [{ attack: "requests that are no HTTP", addresses: few, lanes: 100, pauseMs: 5 }]],
  [
    "guessed passwords",
    [{ attack: "guessed passwords", addresses: few.slice(0, 4), lanes: 100, pauseMs: 5 }],
  ],
  [
    "all of them",
    [
      { attack: "slow heads", addresses: loopbackAddresses(10, 20), lanes: 200, pauseMs: 20 },
      { attack: "slow bodies", addresses: loopbackAddresses(11, 20), lanes: 200, pauseMs: 20 },
      { attack: "idle connections", addresses: loopbackAddresses(12, 250), lanes: 2_500, pauseMs: 20 },
      { attack: "requests that are no HTTP", addresses: loopbackAddresses(13, 20), lanes: 50, pauseMs: 5 },
      { attack: "guessed passwords", addresses: loopbackAddresses(14, 4), lanes: 50, pauseMs: 5 },
    ],
  ],
];

interface Result {
  readonly flood: string;
  readonly client: Measured;
  readonly attackers: AttackerReport;
  /** Connections of the attackers that were refused, for whatever reason. */
  readonly refused: number;
  readonly bans: number;
}

const seconds = parseSeconds();
const results: Result[] = [];
for (const [flood, attackers] of floods) results.push(await run(flood, attackers));
print(results);
process.exit(results.every(({ client }) => client.failed === 0) ? 0 : 1);

async function run(flood: string, attackers: readonly Attackers[]): Promise<Result> {
  using upstream = startRawServer((peer) => answerEach(peer));
  using silent = startRawServer(() => {});
  await using proxy = await startProxy(await configOf());
  const worker = new Worker(new URL("./flood/attacker.ts", import.meta.url).href);
  const pace = paceOf(proxy.port, upstream);
  await measure(pace, 1_000);

  const aim = { port: proxy.port, authority: silent.authority };
  tell(worker, { order: "flood", floods: attackers.map((each) => ({ ...each, ...aim })) });
  const client = await measure(pace, seconds * 1_000);
  const { bans } = await proxy.status();
  const told = Promise.withResolvers<AttackerReport>();
  worker.addEventListener("message", ({ data }: MessageEvent<AttackerReport>) => told.resolve(data));
  tell(worker, { order: "stop" });
  const report = await told.promise;
  worker.terminate();
  const refusals = ["banned", "connections_per_client", "connections_per_prefix", "pace"];
  const counts = refusals.map((limit) =>
    proxy.metric(`headgate_connections_refused_total{limit="${limit}"}`),
  );
  const refused = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  return { flood, client, attackers: report, refused, bans: bans.active };
}

async function configOf() {
  const hash = await Bun.password.hash("unguessed", { algorithm: "bcrypt", cost: 10 });
  return {
    workers: 2,
    log: { access: "off" },
    authentication: {
      mode: "optional",
      users: [
        { name: "good", password: "behaves well" },
        { name: "ada", hash },
      ],
    },
    bans: { exempt: [] },
    limits: { minRateGrace: "1s" },
  };
}

function paceOf(port: number, { authority }: RawServer) {
  return {
    port,
    authority,
    from: "127.0.0.99",
    fields: basic("good", "behaves well"),
    lanes: 20,
    everyMs: 20,
  };
}

function tell(worker: Worker, order: AttackerOrder): void {
  worker.postMessage(order);
}

function print(results: readonly Result[]): void {
  const rows = results.map(({ flood, client, attackers, refused, bans }) => [
    flood,
    client.served.toLocaleString("en"),
    String(client.failed),
    client.p50Ms.toFixed(1),
    client.p99Ms.toFixed(1),
    attackers.connections.toLocaleString("en"),
    refused.toLocaleString("en"),
    String(bans),
  ]);
  console.log(`Each for ${seconds} s, the client asking 1,000 times a second:\n`);
  const header = [
    "flood",
    "served",
    "failed",
    "p50 ms",
    "p99 ms",
    "attackers' connections",
    "refused",
    "bans",
  ];
  for (const row of [header, header.map((_, at) => (at === 0 ? "---" : "---:")), ...rows]) {
    console.log(`| ${row.join(" | ")} |`);
  }
  for (const { flood, client } of results) {
    if (client.failed > 0) console.log(`\n${flood}: ${client.firstFailure}`);
  }
}

function parseSeconds(): number {
  const { values } = parseArgs({ options: { seconds: { type: "string" }, help: { type: "boolean" } } });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const seconds = Number(values.seconds ?? "5");
  if (seconds >= 1 && seconds <= SECONDS_MAX) return seconds;
  console.error(`--seconds: Expected a number from 1 to ${SECONDS_MAX}, found "${values.seconds}"`);
  process.exit(2);
}
