/** What the status port tells of the gate and may order it to do, tokens left out (`tokens.ts`). */
import type { Context, Hono } from "hono";
import { limitBody, readJson, refuse } from "./body.ts";
import type { AdminDeps } from "./deps.ts";
import { reportBan, reportLists } from "./gate-report.ts";

/** A question has a URL and a few fields. */
const QUESTION_BYTES_MAX = 64 * 1024;

const EXPLAIN = "explain";

/** As browsers have known it since Netscape 2.0. */
const PAC_CONTENT_TYPE = "application/x-ns-proxy-autoconfig";

export function addGateRoutes(app: Hono, deps: AdminDeps): void {
  app.post("/explain", limitBody(QUESTION_BYTES_MAX, EXPLAIN), (c) => explain(c, deps));
  app.get("/lists", (c) => {
    const { totals } = deps.snapshot();
    return c.json({ lists: reportLists(deps, (cell) => totals[cell] ?? 0) });
  });
  app.get("/bans", (c) => c.json({ bans: deps.bans().map(reportBan) }));
  // A network has a slash, and who writes it into a URL may not have escaped it.
  app.delete("/bans/:client{.+}", (c) => {
    const client = c.req.param("client");
    return deps.liftBan(client)
      ? c.body(null, 204)
      : c.json({ error: `Cannot lift a ban of ${client}: there is none` }, 404);
  });
  app.get("/proxy.pac", (c) =>
    c.body(deps.proxyPac(c.req.header("Host")), 200, { "Content-Type": PAC_CONTENT_TYPE }),
  );
}

async function explain(c: Context, deps: AdminDeps): Promise<Response> {
  const body = await readJson(c, EXPLAIN);
  if (!body.ok) return body.response;
  const explained = await deps.explain(body.value);
  return explained.ok ? c.json(explained.explanation as object) : refuse(c, EXPLAIN, explained.problems);
}
