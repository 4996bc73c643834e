/** Limits as a configuration gives them, of which a test says only what it is about. */
import type { OpenConnections } from "../../src/limits/open-limits.ts";
import type { LimitSpec, RuleSpec } from "../../src/policy/spec.ts";

const NOTHING: LimitSpec = {
  name: "limit",
  by: "client",
  requests: undefined,
  connections: undefined,
  burst: undefined,
  download: undefined,
  upload: undefined,
  budget: undefined,
  exchanges: undefined,
  open: undefined,
};

export function limit(parts: Partial<LimitSpec>): LimitSpec {
  return { ...NOTHING, ...parts };
}

/** A rule that puts requests on a limit; whom it matches is of no interest here. */
export function ruleWith(name: string, limitName: string): RuleSpec {
  return {
    name,
    action: "limit",
    clients: [],
    users: [],
    groups: [],
    listeners: [],
    schemes: [],
    hosts: [],
    lists: [],
    ports: [],
    methods: [],
    paths: [],
    patterns: [],
    headers: [],
    times: [],
    addresses: [],
    redirect: undefined,
    rewrite: undefined,
    request: undefined,
    response: undefined,
    limit: limitName,
    tags: [],
    content: undefined,
  };
}

/** For limits that are not on connections. */
export const NO_CONNECTIONS: OpenConnections = { total: 0, openOf: () => 0 };
