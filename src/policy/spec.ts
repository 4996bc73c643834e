/**
 * A policy as the configuration gives it: checked, in milliseconds and bytes, not
 * yet compiled. The schema's output has this shape; whatever compiles, explains
 * or warns about a policy reads it.
 *
 * An empty list, or undefined, matches everything. All matchers that a rule has
 * must match; of each list one entry is enough.
 */

export interface PolicySpec {
  /** What holds for a request that no rule allows, denies, resets or redirects. */
  readonly default: "allow" | "deny";
  /** `audit` decides and reports, and lets pass. */
  readonly mode: "enforce" | "audit";
  readonly rules: readonly RuleSpec[];
  readonly lists: readonly ListSpec[];
  readonly limits: readonly LimitSpec[];
  readonly tunnels: TunnelSpec;
}

/** The first four decide, and nothing after them is looked at; the rest holds for the rest of the request. */
export type Action =
  | "allow"
  | "deny"
  | "reset"
  | "redirect"
  | "rewrite"
  | "headers"
  | "limit"
  | "tag"
  | "content";

export interface RuleSpec {
  readonly name: string;
  readonly action: Action;

  /** Addresses and ranges. */
  readonly clients: readonly string[];
  /** Names of users and tokens; `*` is whoever has logged in. */
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** As in the configuration: `127.0.0.1:8888`. */
  readonly listeners: readonly string[];
  /** `http`: forwarded; `tunnel`: any CONNECT; `https`: a CONNECT to port 443. */
  readonly schemes: readonly ("http" | "https" | "tunnel")[];
  /** `example.com` itself, `*.example.com` what is below it, `.example.com` both; ASCII, lower case, no dot at the end; or an address without brackets. */
  readonly hosts: readonly string[];
  /** Names of `lists`. With `hosts` they are one matcher: either will do. */
  readonly lists: readonly string[];
  readonly ports: readonly PortRange[];
  /** Compared without case. */
  readonly methods: readonly string[];
  /** Globs over the path without its query: `*` is any run of characters. Never match a tunnel. */
  readonly paths: readonly string[];
  /** Regular expressions (RE2) searched in the path with its query. Never match a tunnel. */
  readonly patterns: readonly string[];
  readonly headers: readonly HeaderMatcher[];
  readonly times: readonly TimeSpan[];
  /** What the host resolved to. Only for allow, deny and reset. */
  readonly addresses: readonly string[];

  /** What the action wants to know; undefined for other actions. */
  readonly redirect: RedirectSpec | undefined;
  readonly rewrite: RewriteSpec | undefined;
  readonly request: FieldChanges | undefined;
  readonly response: FieldChanges | undefined;
  /** The name of one of `limits`. */
  readonly limit: string | undefined;
  readonly tags: readonly string[];
  readonly content: ContentSpec | undefined;
}

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface HeaderMatcher {
  readonly name: string;
  /** A glob over the value, case-insensitive; undefined: that the field is there. */
  readonly value: string | undefined;
}

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

export interface TimeSpan {
  /** Empty: every day. The day that the span begins on. */
  readonly days: readonly Weekday[];
  /** Minutes since midnight; `to` before `from` means the next day. Equal: the whole day. */
  readonly from: number;
  readonly to: number;
  /** IANA name: `Europe/Berlin`. */
  readonly zone: string;
}

export interface RedirectSpec {
  /** `{host}`, `{port}`, `{path}` (with query) and `{url}` stand for those of the request. */
  readonly to: string;
  readonly status: 301 | 302 | 303 | 307 | 308;
}

/** Each part that is given is done, in this order. The result is judged again. */
export interface RewriteSpec {
  /** `host` or `host:port`. */
  readonly host: string | undefined;
  readonly pathPrefix: { readonly from: string; readonly to: string } | undefined;
  /** RE2 over the path with its query; `$1` to `$9` in `to` are its groups. */
  readonly pattern: { readonly from: string; readonly to: string } | undefined;
  /** Set after removing. */
  readonly query: { readonly set: readonly NameValue[]; readonly remove: readonly string[] } | undefined;
}

export interface NameValue {
  readonly name: string;
  readonly value: string;
}

/** Removed, then set (in place of all with that name), then added. */
export interface FieldChanges {
  readonly remove: readonly string[];
  readonly set: readonly NameValue[];
  readonly add: readonly NameValue[];
}

/** Of plain HTTP. What is refused gets 403, what is too large 413, or a cut when it turns out so on the way. */
export interface ContentSpec {
  /** Of an answer that is refused: `video/*`, `application/zip`. */
  readonly mediaTypes: readonly string[];
  /** Of a path that is refused, without the dot: `exe`. */
  readonly extensions: readonly string[];
  /** Bytes; undefined: any. */
  readonly requestBytes: number | undefined;
  readonly answerBytes: number | undefined;
}

export interface ListSpec {
  readonly name: string;
  /** One of the two. */
  readonly file: string | undefined;
  readonly url: string | undefined;
  /** Milliseconds between two looks at `url`. A file is looked at every second. */
  readonly interval: number;
  /** Missing at the start it is empty, and no reason not to start. */
  readonly optional: boolean;
}

export interface LimitSpec {
  readonly name: string;
  /** Whose use is counted together. `rule`: all that the rule which names it matched. */
  readonly by: "client" | "user" | "host" | "rule" | "all";
  readonly requests: Rate | undefined;
  /** New connections of clients. Only by client and all, and not from a rule: no request is known yet. */
  readonly connections: Rate | undefined;
  /** Requests, and connections, that may come at once; undefined: one second's worth, at least one. */
  readonly burst: number | undefined;
  /** Bytes per second, to and from the client. */
  readonly download: number | undefined;
  readonly upload: number | undefined;
  /** Bytes both ways in a window of milliseconds. */
  readonly budget: { readonly bytes: number; readonly window: number } | undefined;
  /** Exchanges at once, tunnels too. */
  readonly exchanges: number | undefined;
  /** Connections at once: of a client, of a user, or to a host. */
  readonly open: number | undefined;
}

/** `count` in `per` milliseconds. */
export interface Rate {
  readonly count: number;
  readonly per: number;
}

/** What a tunnel must show of itself. */
export interface TunnelSpec {
  /** Whether the name in the TLS ClientHello must be the host of the CONNECT. */
  readonly sni: "enforce" | "log" | "off";
  /** A ClientHello without a name. A CONNECT to an address has none to show, and is not asked. */
  readonly noSni: "allow" | "deny";
  /** What is not TLS. */
  readonly notTls: "allow" | "deny";
  /** Where it is looked for. */
  readonly ports: readonly PortRange[];
}
