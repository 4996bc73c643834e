/** Who takes part in the rows about caching: how each is started, asked, and known to have answered from its cache. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { nginxCache, nginxOpenFiles, squidForward, squidReverse, varnish } from "./cache-configs.ts";
import type { Foreign, PeerName, UpstreamPorts } from "./peers.ts";

export interface Caching {
  /** It stands before the upstream and is asked by path; otherwise it is asked as a proxy, by URL. */
  readonly isReverse: boolean;
  /** What the field lines of an answer from its cache have; undefined: nothing, the upstream's count must do. */
  readonly hit: RegExp | undefined;
}

export interface OurCache {
  readonly caching: Caching;
  readonly settings: (upstream: UpstreamPorts, folder: string) => Promise<Readonly<Record<string, unknown>>>;
}

/** Less than one object of the rows about the disk takes. */
const MEMORY_MIN = "1MiB";

const ourHit = /^cache-status: [^\n]*; hit\b/im;
const nginx = {
  program: "nginx",
  args: (file: string) => ["-c", file],
  hasConnect: false,
  caching: { isReverse: true, hit: undefined },
};
const squid = { program: "squid", args: (file: string) => ["-N", "-f", file], hasConnect: true };
const squidHit = /^x-cache: HIT /im;

export const foreignCaches: Partial<Record<PeerName, Foreign>> = {
  "nginx, cache": { ...nginx, config: nginxCache },
  "nginx, cache, open files kept": { ...nginx, config: nginxOpenFiles },
  varnish: {
    program: "varnishd",
    args: (file, port, folder) => [
      ...["-F", "-f", file, "-a", `127.0.0.1:${port}`, "-n", join(folder, "varnish")],
      ...["-s", "malloc,256m", "-T", "none", "-p", "thread_pools=1"],
    ],
    config: varnish,
    hasConnect: false,
    // Two numbers: its own exchange, and the one that brought what is stored.
    caching: { isReverse: true, hit: /^x-varnish: \d+ \d+$/im },
  },
  "squid, cache": { ...squid, config: squidReverse, caching: { isReverse: true, hit: squidHit } },
  "squid, forward cache": { ...squid, config: squidForward, caching: { isReverse: false, hit: squidHit } },
};

export const ourCaches: Partial<Record<PeerName, OurCache>> = {
  "headgate, cache": {
    caching: { isReverse: true, hit: ourHit },
    settings: async (upstream) => ({ ...reverse(upstream), cache: { memory: "64MiB" } }),
  },
  "headgate, forward cache": {
    caching: { isReverse: false, hit: ourHit },
    settings: async () => ({ cache: { memory: "64MiB" } }),
  },
  "headgate, disk": {
    caching: { isReverse: true, hit: ourHit },
    settings: async (upstream, folder) => {
      const path = join(folder, "cache");
      await mkdir(path);
      return { ...reverse(upstream), cache: { memory: MEMORY_MIN, disk: { path, size: "2GiB" } } };
    },
  },
};

function reverse(upstream: UpstreamPorts) {
  return {
    listeners: [{ address: "127.0.0.1:0", mode: "reverse" }],
    upstreams: { web: { endpoints: [`127.0.0.1:${upstream.web}`] } },
    routes: [{ upstream: "web" }],
  };
}
