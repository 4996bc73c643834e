/** `limits` and `bans`: how much anything may take, and what becomes of those who try for more. */
import { count, duration, either, size } from "./kinds.ts";
import { cidr } from "./kinds-network.ts";
import { byteRate } from "./kinds-time.ts";
import { list, required, section, setting } from "./setting.ts";

const connections = count(1, 1_000_000);
const strikes = count(0, 1_000_000);

export const limits = section(
  {
    connections: setting(connections, 10_000, "Client connections open at once, all workers together."),
    connectionsPerClient: setting(
      connections,
      512,
      "Client connections open at once from one address (of IPv6: one /64), all workers together.",
    ),
    connectionsPerPrefix: setting(
      connections,
      2_048,
      "Client connections open at once from one /24 (of IPv6: one /48), all workers together.",
    ),
    headBytes: setting(
      size("1KiB", "1MiB"),
      "32KiB",
      "Size of the head of a request or an answer, first line included.",
    ),
    uriBytes: setting(size("256B", "1MiB"), "16KiB", "Length of a request target."),
    headerCount: setting(count(1, 10_000), 128, "Header fields in one head."),
    pipelined: setting(count(1, 1_024), 64, "Requests that one client may send ahead of its answers."),
    dials: setting(count(1, 65_535), 1_000, "Upstream connections being opened at once, each worker."),
    minRate: setting(
      byteRate("0B", "1GiB"),
      "256B/s",
      "How fast heads and bodies of requests must come, once `minRateGrace` is over; `0B/s`: as slow as they like.",
    ),
    minRateGrace: setting(
      duration("0s", "1h"),
      "30s",
      "How long a head or a body may be slower than `minRate`.",
    ),
    memory: setting(
      either("auto", either("off", size("128MiB", "1000GiB"))),
      "auto",
      "Resident memory at which load is shed, new clients first, tunnels last; `auto` is 3/4 of what the machine or its cgroup has, `off` is never.",
    ),
    acceptLag: setting(
      duration("10ms", "10s"),
      "250ms",
      "How late a worker's event loop may be before it accepts connections more slowly.",
    ),
  },
  "How much anything may take.",
);

export const bans = section(
  {
    time: setting(duration("1s", "744h"), "10m", "How long a ban lasts."),
    window: setting(
      duration("1s", "1h"),
      "1m",
      "The while in which the next four are counted, for each client.",
    ),
    slow: setting(strikes, 20, "Heads and bodies slower than `limits.minRate` until a ban; 0: never."),
    connections: setting(strikes, 200, "Connections refused for their number until a ban; 0: never."),
    errors: setting(strikes, 200, "Requests that are no HTTP until a ban; 0: never."),
    credentials: setting(strikes, 10, "Wrong credentials until a ban; 0: never."),
    exempt: list(
      required(cidr, "An address or a range."),
      { least: 0, most: 1_000 },
      ["127.0.0.0/8", "::1"],
      "Clients that are never banned, as addresses and ranges.",
    ),
  },
  "When clients are shut out for a while.",
);
