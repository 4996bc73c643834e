/**
 * The configuration, whole. A setting gets its name, meaning, default and
 * limits here and nowhere else: `Config` is derived from this, and so are the
 * table in the README (`scripts/config-reference.ts`) and what GET /config
 * shows. This is the root; the larger parts are in `schema-*.ts`. What must hold
 * between settings is in `conflicts.ts`.
 */
import type * as v from "valibot";
import {
  adminAddress,
  choice,
  count,
  duration,
  flag,
  hostPort,
  logFormat,
  logTarget,
  size,
  workerCount,
} from "./kinds.ts";
import { fieldValue, pseudonym } from "./kinds-http.ts";
import { token } from "./kinds-identity.ts";
import { cidr, dnsServer } from "./kinds-network.ts";
import { authentication } from "./schema-authentication.ts";
import { cache } from "./schema-cache.ts";
import { bans, limits } from "./schema-limits.ts";
import { policy } from "./schema-policy.ts";
import { routes, upstreams } from "./schema-reverse.ts";
import { list, optional, required, section, setting } from "./setting.ts";

export type { HostPort } from "./host-port.ts";

/** A configuration already checked: defaults filled in, milliseconds, bytes. */
export type Config = v.InferOutput<typeof configSchema>;

/** Shorter than any round trip is a typo; longer than a day is never noticed. */
const wait = duration("10ms", "24h");

const listener = section(
  {
    address: required(hostPort, "Address and port to listen on; port 0 is any free one."),
    mode: setting(
      choice("forward", "reverse"),
      "forward",
      "What it is for. `forward`: absolute-form HTTP and CONNECT, for clients that know of a proxy. `reverse`: a server, whose requests go where `routes` say.",
    ),
    clients: list(
      required(cidr, "An address or a range."),
      { least: 0, most: 1_000 },
      [],
      "Who may connect, as addresses and ranges; others are cut off. Must be given when the address can be reached from other machines, unless whoever comes has to log in; empty lets everybody in. A `reverse` one is a server, and may go without.",
    ),
  },
  "Where clients connect.",
);

const admin = section(
  {
    address: setting(adminAddress, "127.0.0.1:8889", "Address and port of the status port, or `off`."),
    token: optional(
      token,
      "Bearer token that every call to the status port must carry. Must be given when its address can be reached from other machines.",
    ),
  },
  "The status port.",
);

const timeouts = section(
  {
    head: setting(wait, "10s", "From the first byte of a request's head (or from accept) to its end."),
    connect: setting(wait, "5s", "Dialling one upstream, all its addresses together."),
    firstByte: setting(wait, "60s", "From the request being sent to the first byte of the answer."),
    idle: setting(wait, "60s", "A kept-alive client connection between two requests."),
    body: setting(wait, "30s", "The longest that a body, either way, may stand still."),
    tunnelIdle: setting(wait, "10m", "A tunnel with no byte either way."),
    drain: setting(
      duration("0s", "24h"),
      "30s",
      "How long exchanges in flight may go on after SIGTERM, SIGINT or `POST /drain`.",
    ),
  },
  "How long anything may wait.",
);

const pool = section(
  {
    perEndpoint: setting(
      count(0, 10_000),
      100,
      "Idle upstream connections kept for one endpoint, each worker; 0 keeps none.",
    ),
    idle: setting(wait, "30s", "How long an idle upstream connection is kept."),
  },
  "Upstream connections kept for the next request.",
);

const dns = section(
  {
    servers: list(
      required(dnsServer, "The address and the port of a DNS server."),
      { least: 0, most: 8 },
      [],
      "DNS servers to ask in place of the system's resolver; the next one when one fails or lets us wait. Only they are asked: not `/etc/hosts`, and no search domains. `localhost` is this machine all the same.",
    ),
    ttlMin: setting(
      duration("0s", "1h"),
      "1s",
      "The least that a name's addresses are remembered, whatever its TTL.",
    ),
    ttlMax: setting(duration("0s", "24h"), "5m", "The most that they are remembered, whatever its TTL."),
    failureTtl: setting(duration("0s", "1h"), "1s", "How long it is remembered that a name has no address."),
    timeout: setting(duration("10ms", "5m"), "5s", "How long to wait for a resolver."),
  },
  "Names of upstreams.",
);

const via = section(
  {
    pseudonym: setting(pseudonym, "headgate", "Our name in `Via`. Give each proxy of a chain its own."),
    mode: setting(
      choice("on", "pseudonym", "off"),
      "pseudonym",
      "What we add to `Via`: the name of the machine (`on`), the pseudonym, or nothing (`off`), and then no loop is found.",
    ),
    maxSeen: setting(
      count(0, 100),
      2,
      "A request that carries our name more often than this is in a loop, and gets 508.",
    ),
  },
  "How loops are found.",
);

const anonymous = section(
  {
    enabled: setting(
      flag,
      false,
      "Whether whatever tells of the client is kept from upstreams: its address, `From`, `Referer` across sites. Implies `forwarded: hide` and `via.mode: off`.",
    ),
    userAgent: optional(
      fieldValue,
      "What stands in place of its `User-Agent`; without it, that is left as it came.",
    ),
  },
  "What upstreams learn of clients, all at once.",
);

const log = section(
  {
    access: setting(
      logTarget,
      "stdout",
      "Where the access log goes: `stdout`, `off` or a file's path, with a slash in it. SIGUSR1 opens the file anew.",
    ),
    format: setting(
      logFormat,
      "auto",
      "`json`, `common`, `pretty`, or `auto`: pretty on a terminal, JSON elsewhere.",
    ),
    query: setting(flag, true, "Whether query strings are logged; false cuts them."),
    bufferBytes: setting(
      size("64KiB", "256MiB"),
      "1MiB",
      "Log lines that may wait for a slow disk or pipe; more are dropped, and counted.",
    ),
  },
  "The access log.",
);

export const configSchema = section(
  {
    listeners: list(
      listener,
      { least: 1, most: 64 },
      [{ address: "127.0.0.1:8888" }],
      "Where clients connect.",
    ),
    admin,
    workers: setting(
      workerCount,
      "auto",
      "Threads that carry traffic; `auto` is one for each core on Linux, and one elsewhere.",
    ),
    authentication,
    policy,
    routes,
    upstreams,
    cache,
    timeouts,
    limits,
    bans,
    pool,
    dns,
    via,
    forwarded: setting(
      choice("pass", "append", "replace", "hide"),
      "pass",
      "`X-Forwarded-For`, `-Proto`, `-Host` and `Forwarded`: passed as they came, with the client appended, replaced by what we know, or removed.",
    ),
    anonymous,
    log,
  },
  "Everything.",
);
