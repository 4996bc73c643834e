/**
 * `/tokens`: who may log in for a while, such as one job of a CI runner. A secret
 * is told once, to whoever has asked for the token, and is in no other answer.
 */
import type { Context, Hono } from "hono";
import { duration } from "../config/kinds.ts";
import { name } from "../config/kinds-identity.ts";
import { instant } from "../config/kinds-time.ts";
import { list, optional, required, section } from "../config/setting.ts";
import type { TokenState } from "../credentials/keeper.ts";
import { limitBody, readBody, refuse } from "./body.ts";
import type { AdminDeps } from "./deps.ts";
import { proxyAddresses } from "./proxy-pac.ts";

/** A hundred groups and a name have some 7 KB. */
const TOKEN_BYTES_MAX = 16 * 1024;

const ADD = "add a token";

const newToken = section(
  {
    name: required(name, "The name to log in with."),
    expires: optional(instant, "When it is no longer taken, as in RFC 3339."),
    ttl: optional(duration("1s", "8784h"), "The same, from now on. Neither: until Headgate ends."),
    groups: list(required(name, "A group."), { least: 0, most: 100 }, [], "Groups, as rules name them."),
  },
  "A token to be added.",
);

export function addTokenRoutes(app: Hono, deps: AdminDeps): void {
  app.get("/tokens", (c) => c.json({ tokens: deps.tokens().map(shown) }));
  app.post("/tokens", limitBody(TOKEN_BYTES_MAX, ADD), (c) => addToken(c, deps));
  app.delete("/tokens/:name", (c) => removeToken(c, deps, c.req.param("name")));
}

async function addToken(c: Context, deps: AdminDeps): Promise<Response> {
  const body = await readBody(c, ADD, newToken);
  if (!body.ok) return body.response;
  const { name, groups, ttl } = body.value;
  if (ttl !== undefined && body.value.expires !== undefined) {
    return refuse(c, ADD, ["ttl: Expected either `expires` or `ttl`, found both"]);
  }
  const expires = ttl === undefined ? body.value.expires : Date.now() + ttl;
  const added = await deps.addToken({ name, expires, groups });
  if (!added.ok) {
    return added.because === "invalid"
      ? refuse(c, ADD, [added.problem])
      : c.json({ error: `Cannot ${ADD}: ${added.problem}` }, 409);
  }
  const { secret } = added;
  const [proxy] = proxyAddresses(deps.listeners(), c.req.header("Host"));
  const proxyUrl = proxy && `http://${encodeURIComponent(name)}:${encodeURIComponent(secret)}@${proxy}`;
  return c.json({ name, secret, expires: rfc3339(expires), groups, proxyUrl }, 201);
}

async function removeToken(c: Context, deps: AdminDeps, name: string): Promise<Response> {
  if (await deps.removeToken(name)) return c.body(null, 204);
  return deps.tokens().some((token) => token.name === name)
    ? c.json({ error: `Cannot remove token "${name}": it stands in the config` }, 409)
    : c.json({ error: `Cannot remove token "${name}": there is no such token` }, 404);
}

function shown({ name, groups, expires, hasExpired, isOfConfig, addedAt }: TokenState) {
  return {
    name,
    groups,
    expires: rfc3339(expires),
    hasExpired,
    from: isOfConfig ? "config" : "status port",
    addedAt: rfc3339(addedAt),
  };
}

function rfc3339(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
