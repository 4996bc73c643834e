/** What is measured, with whom, and what must be reached. The goals are those the project has set itself. */
import { cacheRows } from "./cache-rows.ts";
import { rssBytes } from "./cpu.ts";
import { measureLists } from "./lists.ts";
import { measureBytes, measureGet, measureIdle, measureSetUp, type Sample } from "./load.ts";
import type { Peer, PeerName, UpstreamPorts } from "./peers.ts";

export type Goal = {
  readonly metric: string;
  readonly of: PeerName;
  /** The bound is a factor of this one's figure; without it, it is the figure itself. */
  readonly against?: PeerName;
} & ({ readonly atMost: number } | { readonly atLeast: number });

export interface Scale {
  readonly seconds: number;
  readonly tunnelBytes: number;
  readonly upstream: UpstreamPorts;
  /** The folder of the files that the web upstream serves. */
  readonly files: string;
}

export interface Row {
  readonly name: string;
  readonly title: string;
  readonly peers: readonly PeerName[];
  /** Part of `--quick`. */
  readonly isQuick: boolean;
  /** Every round has a process of its own, for what only a new one shows. */
  readonly isFresh: boolean;
  /** Programs that make the load or answer it. */
  readonly needs: readonly string[];
  readonly measure: (peer: Peer, scale: Scale) => Promise<Sample>;
  readonly goals: readonly Goal[];
}

const COST = "CPU µs/request";
const GET_NEEDS = ["wrk", "nginx"];
const TUNNEL_PEERS = ["headgate", "haproxy, tcp", "squid", "tinyproxy"] as const;

export const rows: readonly Row[] = [
  {
    name: "get-small",
    title: "GET with keep-alive, 66-byte body, 50 connections, one request over and over",
    peers: ["headgate", "headgate, JSON log", "nginx", "haproxy", "squid", "tinyproxy"],
    isQuick: true,
    isFresh: false,
    needs: GET_NEEDS,
    measure: (peer, scale) => measureGet(peer, urlOf(scale, "66"), "same", scale.seconds),
    goals: [
      { metric: COST, of: "headgate", atMost: 1, against: "nginx" },
      { metric: COST, of: "headgate", atMost: 1, against: "haproxy" },
      { metric: COST, of: "headgate", atMost: 0.3, against: "squid" },
      { metric: "p99 ms", of: "headgate", atMost: 1, against: "haproxy" },
    ],
  },
  {
    name: "get-varied",
    title: "The same with varied targets and fields, about 600 bytes of head",
    peers: ["headgate", "headgate, JSON log", "nginx", "haproxy", "squid", "tinyproxy"],
    isQuick: false,
    isFresh: false,
    needs: GET_NEEDS,
    measure: (peer, scale) => measureGet(peer, urlOf(scale, "66"), "varied", scale.seconds),
    goals: [],
  },
  {
    name: "policy",
    title:
      "GET through a policy: 20 rules, a list of 100,000 hosts, log-in, for us a rate limit per client too",
    peers: ["headgate", "headgate, policy", "squid", "squid, the same ACLs"],
    isQuick: false,
    isFresh: false,
    needs: GET_NEEDS,
    // By a name, so that it has to be looked for in the list.
    measure: (peer, { upstream, seconds }) =>
      measureGet(peer, `http://localhost:${upstream.web}/66`, "log-in", seconds),
    goals: [
      { metric: COST, of: "headgate, policy", atMost: 1.15, against: "headgate" },
      { metric: COST, of: "headgate, policy", atMost: 0.35, against: "squid, the same ACLs" },
    ],
  },
  {
    name: "get-10k",
    title: "GET with keep-alive, 10 KB body, 50 connections",
    peers: ["headgate", "nginx", "nginx, large buffers", "haproxy", "squid"],
    isQuick: false,
    isFresh: false,
    needs: GET_NEEDS,
    measure: (peer, scale) => measureGet(peer, urlOf(scale, "10k"), "same", scale.seconds),
    goals: [{ metric: COST, of: "headgate", atMost: 1, against: "nginx" }],
  },
  {
    name: "get-1m",
    title: "GET with keep-alive, 1 MB body, 50 connections",
    peers: ["headgate", "nginx", "nginx, large buffers", "haproxy", "squid"],
    isQuick: false,
    isFresh: false,
    needs: GET_NEEDS,
    measure: (peer, scale) => measureGet(peer, urlOf(scale, "1m"), "same", scale.seconds),
    goals: [{ metric: COST, of: "headgate", atMost: 1, against: "nginx" }],
  },
  {
    name: "tunnel-down",
    title: "CONNECT, 1 GiB from the upstream to the client",
    peers: TUNNEL_PEERS,
    isQuick: true,
    isFresh: false,
    needs: [],
    measure: (peer, scale) => measureBytes(peer, scale.upstream, "down", scale.tunnelBytes),
    goals: [{ metric: "CPU s/GiB", of: "headgate", atMost: 0.55, against: "haproxy, tcp" }],
  },
  {
    name: "tunnel-up",
    title: "CONNECT, 1 GiB from the client to the upstream",
    peers: TUNNEL_PEERS,
    isQuick: true,
    isFresh: false,
    needs: [],
    measure: (peer, scale) => measureBytes(peer, scale.upstream, "up", scale.tunnelBytes),
    goals: [{ metric: "CPU s/GiB", of: "headgate", atMost: 0.55, against: "haproxy, tcp" }],
  },
  {
    name: "tunnel-setup",
    title: "CONNECT on a new connection each, one byte there and back, close; 50 side by side",
    peers: TUNNEL_PEERS,
    isQuick: true,
    isFresh: false,
    needs: [],
    measure: (peer, scale) => measureSetUp(peer, scale.upstream, scale.seconds),
    goals: [
      { metric: "CPU µs/tunnel", of: "headgate", atMost: 1.2, against: "haproxy, tcp" },
      { metric: "CPU µs/tunnel", of: "headgate", atMost: 0.5, against: "squid" },
    ],
  },
  {
    name: "tunnel-idle",
    title: "5,000 idle tunnels",
    peers: TUNNEL_PEERS,
    isQuick: false,
    isFresh: true,
    needs: [],
    measure: (peer, scale) => measureIdle(peer, scale.upstream),
    goals: [{ metric: "KB/tunnel", of: "headgate", atMost: 6 }],
  },
  {
    name: "workers",
    title: "Two workers against one: GET with keep-alive, 66-byte body, 50 connections",
    peers: ["headgate", "headgate, 2 workers"],
    isQuick: false,
    isFresh: false,
    needs: GET_NEEDS,
    measure: (peer, scale) => measureGet(peer, urlOf(scale, "66"), "same", scale.seconds),
    goals: [{ metric: COST, of: "headgate, 2 workers", atMost: 1.1, against: "headgate" }],
  },
  {
    name: "start",
    title: "Start to listening, and memory when idle",
    peers: ["headgate, 2 workers", "nginx", "haproxy", "squid", "tinyproxy"],
    isQuick: true,
    isFresh: true,
    needs: [],
    measure: measureStart,
    goals: [
      { metric: "start ms", of: "headgate, 2 workers", atMost: 60 },
      { metric: "idle RSS MB", of: "headgate, 2 workers", atMost: 60 },
    ],
  },
  {
    name: "lists",
    title: "A list of 1,000,000 domains: loading, memory, looking up 40,000 different hosts in turn",
    peers: ["headgate"],
    isQuick: false,
    isFresh: false,
    needs: [],
    measure: measureLists,
    goals: [
      { metric: "load s", of: "headgate", atMost: 5 },
      { metric: "bytes/domain", of: "headgate", atMost: 100 },
      { metric: "RSS bytes/domain", of: "headgate", atMost: 100 },
      { metric: "hit ns", of: "headgate", atMost: 1_000 },
      { metric: "miss ns", of: "headgate", atMost: 1_000 },
    ],
  },
  ...cacheRows,
];

async function measureStart(peer: Peer): Promise<Sample> {
  await Bun.sleep(500);
  return { "start ms": peer.startMs, "idle RSS MB": rssBytes(peer.pid) / 1e6 };
}

function urlOf(scale: Scale, file: string): string {
  return `http://127.0.0.1:${scale.upstream.web}/${file}`;
}
