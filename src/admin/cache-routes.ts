/**
 * `/cache`: what is stored, why it is or is not fresh, and what is to go. Where
 * there is no cache, GET /cache says so, and all else is refused with 409.
 */
import type { Context, Hono, MiddlewareHandler } from "hono";
import { flag } from "../config/kinds.ts";
import { describeFound, sentence } from "../config/problems.ts";
import { required, section } from "../config/setting.ts";
import { limitBody, readBody, refuse } from "./body.ts";
import type { CacheAdmin } from "./cache-admin.ts";
import { listStored } from "./cache-listing.ts";
import { purgeBody, storedUrl } from "./cache-purge.ts";
import { reportCache } from "./cache-report.ts";
import type { AdminDeps } from "./deps.ts";

/** A URL, and room for its escapes. */
const BODY_BYTES_MAX = 64 * 1024;

const SHOW = "show what is stored";
const PURGE = "purge";
const LIST_MISSING = "tell what is missing";
const SWITCH = "switch offline mode";

const offlineBody = section(
  { offline: required(flag, "Whether only stored answers are served.") },
  "Offline, or not.",
);

export function addCacheRoutes(app: Hono, deps: AdminDeps): void {
  app.get("/cache", (c) => {
    const { totals } = deps.snapshot();
    return c.json(reportCache(deps.cache(), (cell) => totals[cell] ?? 0, Date.now()));
  });
  app.get("/cache/entry", onlyWhereOn(deps, SHOW), (c) => showStored(c, deps.cache()));
  app.post("/cache/purge", onlyWhereOn(deps, PURGE), limitBody(BODY_BYTES_MAX, PURGE), async (c) => {
    const body = await readBody(c, PURGE, purgeBody);
    return body.ok ? c.json({ purged: await deps.cache().purge(body.value) }) : body.response;
  });
  app.get("/cache/offline", onlyWhereOn(deps, LIST_MISSING), (c) => tellOffline(c, deps.cache()));
  app.post("/cache/offline", onlyWhereOn(deps, SWITCH), limitBody(BODY_BYTES_MAX, SWITCH), async (c) => {
    const body = await readBody(c, SWITCH, offlineBody);
    if (!body.ok) return body.response;
    deps.cache().setOffline(body.value.offline);
    return tellOffline(c, deps.cache());
  });
}

function onlyWhereOn(deps: AdminDeps, verb: string): MiddlewareHandler {
  return async (c, next) => {
    if (!deps.cache().isOn) return c.json({ error: `Cannot ${verb}: there is no cache` }, 409);
    return next();
  };
}

async function showStored(c: Context, cache: CacheAdmin): Promise<Response> {
  const given = urlIn(c);
  const url = storedUrl.parse(given);
  if (url === undefined)
    return refuse(c, SHOW, [`url: ${sentence(storedUrl.expected, describeFound(given))}`]);
  const stored = await cache.find(url);
  return stored.length === 0
    ? c.json({ error: `Cannot ${SHOW}: nothing is stored for ${url}` }, 404)
    : c.json({ url, entries: listStored(stored, Date.now()) });
}

/** Who types a URL may not have escaped it: then all that follows is part of it. */
function urlIn(c: Context): string | undefined {
  const unescaped = /[?&]url=(https?:\/\/.*)$/i.exec(c.req.url)?.[1];
  return unescaped ?? c.req.query("url");
}

function tellOffline(c: Context, cache: CacheAdmin): Response {
  return c.json({ offline: cache.isOffline, missing: cache.missing() });
}
