/** `headgate serve`: config in, a running proxy until it is told to stop, an exit code out. */
import { createAdminApp } from "../admin/app.ts";
import { commit, version } from "../build-info.ts";
import { formatHostPort, type HostPort } from "../config/host-port.ts";
import { loadConfig, parseConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { warningsOf } from "../config/warnings.ts";
import { gateDeps } from "../runtime/gate-admin.ts";
import { describeListenError } from "../runtime/listen-error.ts";
import { Supervisor } from "../runtime/supervisor.ts";
import type { ServeOptions } from "./args.ts";
import { announce, complain } from "./output.ts";

/** How long a client of the status port may be silent, in seconds: while it asks, and before it asks again. */
const STATUS_IDLE_S = 30;

/** Bun's most. */
const STATUS_IDLE_S_MAX = 255;

/** `workerEntry` is the URL of the file that a worker runs. */
export async function runServe(
  { configPath, overrides }: ServeOptions,
  workerEntry: string,
): Promise<number> {
  const startedAt = Date.now();
  const loaded = await loadConfig(configPath, process.env, overrides);
  if (!loaded.ok) {
    await complain(...loaded.problems);
    return 2;
  }
  await complain(...warningsOf(loaded.config).map((warning) => `warning: ${warning}`));
  const report = (message: string): void => void complain(message);
  const statusPort = openStatusPort(loaded.config);
  if (!statusPort.ok) {
    await complain(statusPort.problem);
    return 1;
  }
  const { server, address } = statusPort;
  const supervisor = new Supervisor(workerEntry, loaded.config, address, report);

  const reload = async () => {
    if (configPath === undefined) return "no_file" as const;
    const reloaded = await loadConfig(configPath, process.env, overrides);
    const applied = reloaded.ok
      ? await supervisor.apply(reloaded.config)
      : supervisor.refuse(reloaded.problems);
    if (applied.ok) await announce(`${configPath} is in force (generation ${applied.generation})`);
    else await complain(`Cannot reload ${configPath}, the old config stays:`, ...applied.problems);
    return applied;
  };
  const app = createAdminApp({
    version,
    commit,
    startedAt,
    address: () => address ?? { host: "127.0.0.1", port: 0 },
    phase: () => supervisor.phase,
    snapshot: () => supervisor.snapshot(),
    workers: () => supervisor.workers,
    listeners: () => supervisor.listeners,
    config: () => supervisor.config,
    generation: () => supervisor.generation,
    // No environment: a value that came over the network must not read out ours.
    applyConfig: async (input) => {
      const parsed = parseConfig(input, {});
      const applied = parsed.ok ? await supervisor.apply(parsed.config) : supervisor.refuse(parsed.problems);
      if (applied.ok) await announce(`PUT /config is in force (generation ${applied.generation})`);
      return applied;
    },
    reload,
    ...gateDeps(supervisor),
    drain: () => drain(supervisor, "POST /drain"),
    restartWorker: (index) => supervisor.restartWorker(index),
    report: (error) => report(error.stack ?? error.message),
  });
  server?.reload({ fetch: (request, server) => answerInTime(request, server, app.fetch) });

  const started = await supervisor.start();
  if (!started.ok) {
    await complain(...started.problems);
    return 1;
  }
  for (const listener of supervisor.listeners) {
    await announce(`listening on http://${listener.address} (${listener.mode})`);
  }
  if (address !== undefined) await announce(`status on http://${formatHostPort(address)}`);

  obeySignals(
    supervisor,
    () =>
      void reload().then(
        (result) => result === "no_file" && report("Nothing to reload: there is no config file"),
      ),
  );
  await supervisor.drained;
  await supervisor.close();
  await server?.stop(true);
  return 0;
}

type StatusPort =
  | {
      readonly ok: true;
      readonly server: Bun.Server<undefined> | undefined;
      readonly address: HostPort | undefined;
    }
  | { readonly ok: false; readonly problem: string };

/** Answers 503 until the app is there: whoever asks early learns that we are starting. */
function openStatusPort({ admin }: Config): StatusPort {
  if (admin.address === "off") return { ok: true, server: undefined, address: undefined };
  const { host, port } = admin.address;
  try {
    const server = Bun.serve({
      hostname: host,
      port,
      idleTimeout: STATUS_IDLE_S,
      fetch: () => new Response(null, { status: 503 }),
    });
    return { ok: true, server, address: { host, port: server.port ?? port } };
  } catch (error) {
    return { ok: false, problem: `Status port: ${describeListenError(admin.address, error)}` };
  }
}

/**
 * A reload takes as long as its lists take to load, and whoever waits for that is
 * silent with good reason. Whose body may still have to come is not waited for
 * without end.
 */
async function answerInTime(
  request: Request,
  server: Bun.Server<undefined>,
  answer: (request: Request) => Response | Promise<Response>,
): Promise<Response> {
  server.timeout(request, request.body === null ? 0 : STATUS_IDLE_S_MAX);
  const response = await answer(request);
  // It would hold for the connection as long as that is kept.
  server.timeout(request, STATUS_IDLE_S);
  return response;
}

function drain(supervisor: Supervisor, cause: string, hint = ""): void {
  const seconds = supervisor.config.timeouts.drain / 1000;
  void announce(`${cause}: draining, up to ${seconds} s${hint}`);
  supervisor.drain();
}

function obeySignals(supervisor: Supervisor, reload: () => void): void {
  let stops = 0;
  const stop = (signal: string): void => {
    stops += 1;
    // The second one means now; the first after POST /drain still waits.
    if (stops > 1) process.exit(1);
    drain(supervisor, signal, "; once more to exit at once");
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("SIGHUP", reload);
  process.on("SIGUSR1", () => supervisor.reopenLog());
}
