/**
 * The status port: a hono app over `AdminDeps`. Each request passes the guard
 * first. Answers are JSON (but for the index and the metrics), never cached, and
 * never have a stack.
 */
import { type Context, Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { redactConfig } from "../config/redact.ts";
import { EXPOSITION_CONTENT_TYPE, expose } from "../observe/exposition.ts";
import { readProcessFacts } from "../observe/process-facts.ts";
import { limitBody, readJson } from "./body.ts";
import { addCacheRoutes } from "./cache-routes.ts";
import type { AdminDeps, ApplyResult } from "./deps.ts";
import { addGateRoutes } from "./gate-routes.ts";
import { decideAccess } from "./guard.ts";
import { reportStatus } from "./status-report.ts";
import { addTokenRoutes } from "./tokens.ts";

const READ_CONFIG = "read the config";

/** A config of a thousand rules has some 100 KB. */
const CONFIG_BYTES_MAX = 1024 * 1024;

const INDEX = `Headgate status port

GET    /health                  200 while the process is alive
GET    /ready                   200 while it takes connections, 503 while it starts or drains
GET    /status                  what it is doing, as JSON
GET    /metrics                 the same for Prometheus
GET    /config                  the config in force, secrets redacted
PUT    /config                  a new config as JSON, applied whole or refused whole
POST   /reload                  read the config file again
POST   /explain                 what the policy says of a request, and why
GET    /lists                   the policy's lists, how large and how fresh
GET    /tokens                  who may log in with a token; never the secrets
POST   /tokens                  add a token: its secret is told this once
DELETE /tokens/:name            remove a token that was added here
GET    /bans                    clients that are shut out, and until when
DELETE /bans/:client            let one in again
GET    /cache                   what the cache has and was worth
GET    /cache/entry?url=URL     what is stored for a URL, and why it is fresh or stale
POST   /cache/purge             remove what is stored by URL, host, prefix or tag, or mark it stale
GET    /cache/offline           whether only stored answers are served, and what was missing
POST   /cache/offline           serve only stored answers, or fetch again
GET    /proxy.pac               the proxy, as browsers configure themselves
POST   /drain                   stop accepting, finish what is in flight, exit
POST   /workers/:index/restart  end one worker at once and start another
`;

export function createAdminApp(deps: AdminDeps): Hono {
  const app = new Hono();
  addRules(app, deps);

  app.get("/", (c) => c.text(INDEX));
  app.get("/health", (c) => c.json({ phase: deps.phase() }));
  app.get("/ready", (c) => c.json({ phase: deps.phase() }, deps.phase() === "ready" ? 200 : 503));
  app.get("/status", (c) => c.json(reportStatus(deps, Date.now())));
  app.get("/metrics", async (c) =>
    c.body(await exposeMetrics(deps), 200, { "Content-Type": EXPOSITION_CONTENT_TYPE }),
  );
  app.get("/config", (c) => c.json({ generation: deps.generation(), config: redactConfig(deps.config()) }));
  app.put("/config", limitBody(CONFIG_BYTES_MAX, READ_CONFIG), (c) => putConfig(c, deps));
  app.post("/reload", async (c) => {
    const result = await deps.reload();
    return result === "no_file"
      ? c.json({ error: "Cannot reload: there is no config file" }, 409)
      : answerApply(c, result);
  });
  addGateRoutes(app, deps);
  addTokenRoutes(app, deps);
  addCacheRoutes(app, deps);
  app.post("/drain", (c) => {
    deps.drain();
    return c.json({ phase: deps.phase() }, 202);
  });
  app.post("/workers/:index{[0-9]+}/restart", (c) => {
    const index = Number(c.req.param("index"));
    return deps.restartWorker(index)
      ? c.json({ restarting: index }, 202)
      : c.json({ error: `Cannot restart worker ${index}: there is no such worker` }, 404);
  });
  return app;
}

/** What holds for every path. */
function addRules(app: Hono, deps: AdminDeps): void {
  app.use(async (c, next) => {
    c.header("Cache-Control", "no-store");
    c.header("X-Content-Type-Options", "nosniff");
    const refused = guard(c, deps);
    if (refused !== undefined) return refused;
    await next();
    // hono answers HEAD by GET without its body, and its length would go with it.
    if (c.req.raw.method === "HEAD") {
      c.header("Content-Length", String((await c.res.clone().arrayBuffer()).byteLength));
    }
  });
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        c.json({ error: `Cannot ${c.req.method} ${c.req.path}` }, 405, { Allow: methods.join(", ") }),
    }),
  );
  app.notFound((c) => c.json({ error: `Cannot find ${c.req.path}` }, 404));
  app.onError((error, c) => {
    deps.report(error);
    return c.json({ error: "Internal error, see the log" }, 500);
  });
}

/** An answer when the request may not pass. */
function guard(c: Context, deps: AdminDeps): Response | undefined {
  const decision = decideAccess(
    {
      path: c.req.path,
      host: c.req.header("Host"),
      origin: c.req.header("Origin"),
      fetchSite: c.req.header("Sec-Fetch-Site"),
      authorization: c.req.header("Authorization"),
    },
    { address: deps.address(), token: deps.config().admin.token },
  );
  if (decision.verdict === "allow") return undefined;
  if (decision.status === 401) c.header("WWW-Authenticate", 'Bearer realm="headgate"');
  return c.json({ error: "Access refused", because: decision.because }, decision.status);
}

async function exposeMetrics(deps: AdminDeps): Promise<string> {
  const run = {
    version: deps.version,
    commit: deps.commit,
    bun: Bun.version,
    generation: deps.generation(),
    startedAt: deps.startedAt,
    listeners: deps.listeners(),
    names: deps.names(),
  };
  return expose(deps.snapshot(), run, await readProcessFacts());
}

async function putConfig(c: Context, deps: AdminDeps): Promise<Response> {
  const body = await readJson(c, READ_CONFIG);
  return body.ok ? answerApply(c, await deps.applyConfig(body.value)) : body.response;
}

function answerApply(c: Context, result: ApplyResult): Response {
  return result.ok
    ? c.json({ generation: result.generation })
    : c.json({ error: "Config refused, the old one stays", problems: result.problems }, 422);
}
