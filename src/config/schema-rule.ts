/** `policy.rules[]`: what a rule matches, and what it does. What must hold between these is in `rule-conflicts.ts`. */
import type {
  ContentSpec,
  FieldChanges,
  HeaderMatcher,
  NameValue,
  RedirectSpec,
  RewriteSpec,
  RuleSpec,
  TimeSpan,
} from "../policy/spec.ts";
import { choice, type Kind, numberOf, size } from "./kinds.ts";
import {
  changeableField,
  changedValue,
  fieldName,
  mediaType,
  method,
  tellsSecret,
  valueGlob,
} from "./kinds-http.ts";
import { anyUser, name, ruleName } from "./kinds-identity.ts";
import { cidr, hostMaybePort, hostPattern, listenerName, portRange } from "./kinds-network.ts";
import {
  extension,
  parameterName,
  parameterValue,
  pathGlob,
  pathPrefix,
  pattern,
  redirectTarget,
  replacement,
} from "./kinds-target.ts";
import { timeOfDay, weekdays, zone } from "./kinds-time.ts";
import {
  list,
  optional,
  optionalSection,
  required,
  type Schema,
  section,
  setting,
  spreadList,
} from "./setting.ts";

/** A host is looked up by suffix, so many cost as much as one; what is tried one by one is kept few. */
const HOSTS_MAX = 100_000;
const RANGES_MAX = 10_000;
const TRIED_MAX = 1_000;

/** Each is run over the path by itself. */
const PATTERNS_MAX = 100;

const header: Schema<HeaderMatcher> = section(
  {
    name: required(fieldName, "The field."),
    value: optional(valueGlob, "Its value, `*` for any run of characters, in any case; without it, any."),
  },
  "A header field of the request.",
  hidesSecret,
);

const time: Schema<TimeSpan> = section(
  {
    days: spreadList(
      required(weekdays, "A day or a range of days."),
      { least: 0, most: 7 },
      "Days that it begins on, such as `mon` or `mon-fri`; empty is every day.",
    ),
    from: setting(timeOfDay("23:59"), "00:00", "When it begins."),
    to: setting(timeOfDay("24:00"), "24:00", "When it ends; before `from` is the next day."),
    zone: setting(zone, "UTC", "The time zone of these, by its IANA name."),
  },
  "A time of the day and the week.",
);

const redirect: Schema<RedirectSpec | undefined> = optionalSection(
  {
    to: required(
      redirectTarget,
      "Where to, for `redirect`; `{host}`, `{port}`, `{path}` (with the query) and `{url}` are those of the request.",
    ),
    status: setting(numberOf(301, 302, 303, 307, 308), 302, "The status of the answer."),
  },
  "What a redirect answers.",
);

const rewrite: Schema<RewriteSpec | undefined> = optionalSection(
  {
    host: optional(hostMaybePort, "For `rewrite`: the host, or host and port, to go to instead."),
    pathPrefix: optionalSection(
      {
        from: required(pathPrefix, "The beginning of the path that is replaced, in whole segments."),
        to: required(pathPrefix, "What it is replaced with."),
      },
      "A prefix and its replacement.",
    ),
    pattern: optionalSection(
      {
        from: required(pattern, "An RE2 expression; its first match in path and query is replaced."),
        to: required(
          replacement,
          "What it is replaced with; `$1` to `$9` are its groups, `$0` the match, `$$` a `$`.",
        ),
      },
      "A regular expression and its replacement.",
    ),
    query: optionalSection(
      {
        set: pairs("Parameters of the query that are set", parameterName, parameterValue),
        remove: texts(parameterName, TRIED_MAX, "Parameters of the query that are removed."),
      },
      "What becomes of the query.",
    ),
  },
  "What a rewrite changes, in this order.",
);

const content: Schema<ContentSpec | undefined> = optionalSection(
  {
    mediaTypes: texts(
      mediaType,
      TRIED_MAX,
      "For `content`: types of answers that are refused, such as `video/*`.",
    ),
    extensions: texts(extension, TRIED_MAX, "Extensions of paths that are refused, such as `exe`."),
    requestBytes: optional(
      size("0B", "1000GiB"),
      "The most that the body of a request may have; more gets 413.",
    ),
    answerBytes: optional(size("0B", "1000GiB"), "The most that the body of an answer may have."),
  },
  "What is refused by its kind or size, on plain HTTP.",
);

export const rule: Schema<RuleSpec> = section(
  {
    name: required(ruleName, "What answers, logs and metrics call it."),
    action: required(
      choice("allow", "deny", "reset", "redirect", "rewrite", "headers", "limit", "tag", "content"),
      "What it does. `allow`, `deny`, `reset` (cut off) and `redirect` decide; after the others the next rule is looked at.",
    ),
    clients: texts(cidr, RANGES_MAX, "Clients, as addresses and ranges."),
    users: texts(anyUser, RANGES_MAX, "Names of users and tokens; `*` is whoever has logged in."),
    groups: texts(name, TRIED_MAX, "Groups of users and tokens."),
    listeners: texts(listenerName, 64, "Addresses of listeners, as they stand there."),
    schemes: list(
      required(choice("http", "https", "tunnel"), "A scheme."),
      { least: 0, most: 3 },
      [],
      "`http` is forwarded, `tunnel` any CONNECT, `https` a CONNECT to port 443.",
    ),
    hosts: texts(
      hostPattern,
      HOSTS_MAX,
      "Hosts: `example.com` itself, `*.example.com` what is below it, `.example.com` both; or addresses.",
    ),
    lists: texts(name, TRIED_MAX, "Names of `policy.lists`; a host in one of them or in `hosts` will do."),
    ports: list(
      required(portRange, "A port or a range."),
      { least: 0, most: TRIED_MAX },
      [],
      "Ports and ranges such as `8000-8999`.",
    ),
    methods: texts(method, TRIED_MAX, "Methods; that of a tunnel is CONNECT."),
    paths: texts(
      pathGlob,
      TRIED_MAX,
      "Paths without their query, `*` for any run of characters. Never match a tunnel.",
    ),
    patterns: texts(
      pattern,
      PATTERNS_MAX,
      "Regular expressions (RE2), searched in the path with its query. Never match a tunnel.",
    ),
    headers: list(header, { least: 0, most: 100 }, [], "Header fields, one of which will do."),
    times: list(time, { least: 0, most: 100 }, [], "When it holds; empty is always."),
    addresses: texts(
      cidr,
      RANGES_MAX,
      "What the host resolves to, as addresses and ranges. For allow, deny and reset.",
    ),
    redirect,
    rewrite,
    request: fieldChanges("of the request on its way to the upstream"),
    response: fieldChanges("of the answer on its way to the client"),
    limit: optional(name, "For `limit`: the name of one of `policy.limits`."),
    tags: texts(name, 32, "For `tag`: words that logs and metrics carry."),
    content,
  },
  "What is matched, all of it, and what is done.",
);

function fieldChanges(whose: string): Schema<FieldChanges | undefined> {
  return optionalSection(
    {
      remove: texts(
        changeableField,
        100,
        `For \`headers\`: fields ${whose} that are removed, before all else.`,
      ),
      set: pairs(
        `Fields ${whose} that are set, in place of all with their name`,
        changeableField,
        changedValue,
      ),
      add: pairs(`Fields ${whose} that are added`, changeableField, changedValue),
    },
    `Changes to the header fields ${whose}.`,
  );
}

function hidesSecret({ name }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof name === "string" && tellsSecret(name) ? "value" : undefined;
}

function pairs(meaning: string, nameKind: Kind<string>, value: Kind<string>): Schema<readonly NameValue[]> {
  const pair = section(
    { name: required(nameKind, "Its name."), value: required(value, "Its value.") },
    "A name and a value.",
    hidesSecret,
  );
  return list(pair, { least: 0, most: 100 }, [], `${meaning}, each a \`name\` and a \`value\`.`);
}

function texts(kind: Kind<string>, most: number, meaning: string): Schema<readonly string[]> {
  return list(required(kind, "One of them."), { least: 0, most }, [], meaning);
}
