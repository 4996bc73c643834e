/**
 * The rows about caching. Whoever takes part is asked in its natural mode: nginx,
 * varnish and squid stand before one upstream, and so do we; beside them squid and
 * we as forward proxies, which is what both are at home. The load is the same, but
 * that a forward proxy is sent the URL where the others are sent the path.
 */

import { measureArena, measureDisk, measureHits, measureMisses } from "./cache-load.ts";
import { measureRatio } from "./cache-ratio.ts";
import type { Row } from "./rows.ts";

const COST = "CPU µs/request";
const NEEDS = ["wrk", "nginx"];
const MEMORY_PEERS = [
  "headgate, cache",
  "headgate, forward cache",
  "nginx, cache",
  "nginx, cache, open files kept",
  "varnish",
  "squid, cache",
  "squid, forward cache",
] as const;
const DISK_PEERS = ["headgate, disk", "nginx, cache", "nginx, cache, open files kept"] as const;

const memoryGoals: Row["goals"] = [
  { metric: COST, of: "headgate, cache", atMost: 0.65, against: "nginx, cache" },
  { metric: COST, of: "headgate, cache", atMost: 0.5, against: "varnish" },
  { metric: COST, of: "headgate, cache", atMost: 0.45, against: "squid, cache" },
];
const diskGoals: Row["goals"] = [
  { metric: "GiB/s", of: "headgate, disk", atLeast: 1, against: "nginx, cache" },
];

export const cacheRows: readonly Row[] = [
  {
    name: "cache-66",
    title: "Answers from memory, 66-byte body, 50 connections, one request over and over",
    peers: MEMORY_PEERS,
    isQuick: true,
    isFresh: false,
    needs: NEEDS,
    measure: (peer, scale) => measureHits(peer, scale, "66"),
    goals: memoryGoals,
  },
  {
    name: "cache-10k",
    title: "The same with a 10 KB body",
    peers: MEMORY_PEERS,
    isQuick: false,
    isFresh: false,
    needs: NEEDS,
    measure: (peer, scale) => measureHits(peer, scale, "10k"),
    goals: memoryGoals,
  },
  {
    name: "cache-disk-1m",
    title: "Answers from the disk's page cache, 1 MB body, 16 connections",
    peers: DISK_PEERS,
    isQuick: false,
    isFresh: false,
    needs: ["nginx"],
    measure: (peer, scale) => measureDisk(peer, scale, "1m", 16),
    goals: diskGoals,
  },
  {
    name: "cache-disk-100m",
    title: "The same with a 100 MB body, 4 connections",
    peers: DISK_PEERS,
    isQuick: false,
    isFresh: false,
    needs: ["nginx"],
    measure: (peer, scale) => measureDisk(peer, scale, "100m", 4),
    goals: diskGoals,
  },
  {
    name: "cache-miss",
    title: "CPU per miss that is stored, against one that may not be; unique targets, 50 connections",
    peers: ["headgate, cache", "nginx, cache"],
    isQuick: false,
    isFresh: false,
    needs: NEEDS,
    measure: measureMisses,
    goals: [
      { metric: "66 B, ratio", of: "headgate, cache", atMost: 1.2 },
      { metric: "10 KB, ratio", of: "headgate, cache", atMost: 1.2 },
    ],
  },
  {
    name: "cache-rss",
    title: "Memory of a full arena of 64 MiB, against the same load with nothing stored",
    peers: ["headgate, cache"],
    isQuick: false,
    isFresh: true,
    needs: NEEDS,
    measure: measureArena,
    goals: [{ metric: "full − empty MiB", of: "headgate, cache", atMost: 64 }],
  },
  {
    name: "cache-ratio",
    title: "Hit ratio of an arena of 64 MiB, beside plain LRU of the same bytes; 300,000 requests",
    peers: ["headgate"],
    isQuick: false,
    isFresh: false,
    needs: [],
    measure: measureRatio,
    goals: [{ metric: "least gain over LRU", of: "headgate", atLeast: 0 }],
  },
];
