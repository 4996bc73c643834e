/**
 * argv → command → exit code. Only the command that was asked for is loaded:
 * `serve` starts without the text of `help`, and `version` without a schema.
 */
import { type Invocation, parseArgs } from "./cli/args.ts";
import { complain } from "./cli/output.ts";

/** Resolved here, because in the executable all files but the two entry points are one. */
const WORKER = new URL("./worker.ts", import.meta.url).href;

process.exit(await run(parseArgs(process.argv.slice(2), process.env)));

async function run(invocation: Invocation): Promise<number> {
  switch (invocation.command) {
    case "serve": {
      const { runServe } = await import("./cli/serve.ts");
      return runServe(invocation.options, WORKER);
    }
    case "check": {
      const { runCheck } = await import("./cli/check.ts");
      return runCheck(invocation.options);
    }
    case "explain": {
      const { runExplain } = await import("./cli/explain.ts");
      return runExplain(invocation.options);
    }
    case "status": {
      const { runStatus } = await import("./cli/status.ts");
      return runStatus(invocation.options);
    }
    case "cache": {
      const { runCache } = await import("./cli/cache.ts");
      return runCache(invocation.options);
    }
    case "version": {
      const { runVersion } = await import("./cli/version.ts");
      return runVersion();
    }
    case "help": {
      const { runHelp } = await import("./cli/help.ts");
      return runHelp(invocation.topic);
    }
    case "none":
      await complain(...invocation.mistakes, `Try "${invocation.advice}"`);
      return 2;
  }
}
