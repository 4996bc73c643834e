/**
 * `policy`: rules, lists, limits and what tunnels must show. Its output is the
 * `PolicySpec` that everything else is compiled from; the types say so here.
 */
import type { LimitSpec, ListSpec, PolicySpec, TunnelSpec } from "../policy/spec.ts";
import { choice, count, duration, filePath, flag } from "./kinds.ts";
import { name } from "./kinds-identity.ts";
import { httpUrl, portRange } from "./kinds-network.ts";
import { budget, byteRate, rate } from "./kinds-time.ts";
import { rule } from "./schema-rule.ts";
import { list, optional, required, type Schema, section, setting } from "./setting.ts";

/** A rule is a bit in every mask of the compiled policy, so that this many are 512 bytes a host. */
const RULES_MAX = 4_096;

const listSpec: Schema<ListSpec> = section(
  {
    name: required(name, "What rules call it."),
    file: optional(filePath, "A file to read it from; looked at every second. Either this or `url`."),
    url: optional(httpUrl, "Where to fetch it from, over http or https. Either this or `file`."),
    interval: setting(duration("10s", "744h"), "24h", "How long until `url` is fetched again."),
    optional: setting(
      flag,
      false,
      "Whether to start with an empty list when it can't be loaded; else it is a reason not to start.",
    ),
  },
  "A list of hosts and addresses.",
);

const limitSpec: Schema<LimitSpec> = section(
  {
    name: required(name, "What rules, logs and metrics call it."),
    by: setting(
      choice("client", "user", "host", "rule", "all"),
      "client",
      "Whose use is counted together: that of a `client`, a `user`, a destination `host`, of the `rule` that names it, or of `all`.",
    ),
    requests: optional(rate, "Requests, such as `100/s`, `30/m`, `1000/h` or `5000/d`; more get 429."),
    connections: optional(
      rate,
      "New connections of clients, such as `20/s`; more are cut off. By client or all, and not named by a rule.",
    ),
    burst: optional(
      count(1, 1_000_000),
      "Requests, and connections, that may come at once; without it, one second's worth.",
    ),
    download: optional(
      byteRate("1KiB", "1000GiB"),
      "Bytes to the client, such as `1MiB/s`; what is faster is held back.",
    ),
    upload: optional(
      byteRate("1KiB", "1000GiB"),
      "Bytes from the client, such as `1MiB/s`; what is faster is held back.",
    ),
    budget: optional(
      budget,
      "Bytes both ways in a while, such as `10GiB/24h`; then 429, and tunnels are cut.",
    ),
    exchanges: optional(count(1, 1_000_000), "Requests and tunnels at once; more get 429."),
    open: optional(
      count(1, 1_000_000),
      "Connections at once: of a `client` or a `user`, and not named by a rule then, or to a `host`.",
    ),
  },
  "How much somebody may take. One that no rule names holds for every request.",
);

const tunnels: Schema<TunnelSpec> = section(
  {
    sni: setting(
      choice("enforce", "log", "off"),
      "log",
      "Whether the name in a tunnel's TLS ClientHello must be the host of its CONNECT: `enforce` cuts a tunnel to another, `log` reports it.",
    ),
    noSni: setting(
      choice("allow", "deny"),
      "deny",
      "Whether a ClientHello may be without a name; one to an address has none to show, and always may.",
    ),
    notTls: setting(choice("allow", "deny"), "deny", "Whether a tunnel may carry something else than TLS."),
    ports: list(
      required(portRange, "A port or a range."),
      { least: 0, most: 1_000 },
      [443],
      "Ports where tunnels are looked into.",
    ),
  },
  "What a tunnel must show of itself.",
);

export const policy: Schema<PolicySpec> = section(
  {
    default: setting(
      choice("allow", "deny"),
      "allow",
      "What holds for a request that no rule allows, denies, resets or redirects.",
    ),
    mode: setting(
      choice("enforce", "audit"),
      "enforce",
      "`audit` decides and reports what it would deny, and lets it pass.",
    ),
    rules: list(rule, { least: 0, most: RULES_MAX }, [], "Rules, in order; the first that decides ends it."),
    lists: list(listSpec, { least: 0, most: 1_000 }, [], "Lists of hosts and addresses from files and URLs."),
    limits: list(limitSpec, { least: 0, most: 1_000 }, [], "Rates, budgets and numbers at once."),
    tunnels,
  },
  "Who may go where.",
);
