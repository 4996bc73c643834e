/**
 * The built file itself: what it says it is, and that it takes no orders from
 * the folder it is started in. On a CI runner that folder is a checkout.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import manifest from "../../package.json";
import { EXECUTABLE, startProxy } from "../support/proxy.ts";
import { startEchoServer } from "../support/servers/echo.ts";
import { type Folder, makeFolder, run, runOk } from "../support/tools.ts";

/** What a checkout could bring along. Each file would have Bun run `preload.ts`, or set NAME. */
const TRAPS = {
  "bunfig.toml": 'preload = ["./preload.ts"]\n',
  "preload.ts": 'await Bun.write("preload-ran", "");\n',
  "package.json": '{ "name": "trap", "type": "commonjs" }\n',
  "tsconfig.json": '{ "compilerOptions": { "paths": { "hono": ["./preload.ts"] } } }\n',
  ".env": "HEADGATE_TEST_NAME=trapped\n",
  ".env.local": "HEADGATE_TEST_NAME=trapped\n",
  ".env.production": "HEADGATE_TEST_NAME=trapped\n",
};

let folder: Folder;

beforeAll(async () => {
  folder = await makeFolder();
  for (const [name, content] of Object.entries(TRAPS)) await Bun.write(`${folder.path}/${name}`, content);
});

afterAll(() => folder[Symbol.asyncDispose]());

describe("a bunfig.toml and an .env in the working directory", () => {
  test("would do harm in Bun itself", async () => {
    await using copy = await makeFolder();
    for (const [name, content] of Object.entries(TRAPS)) await Bun.write(`${copy.path}/${name}`, content);
    const script = "console.log(process.env.HEADGATE_TEST_NAME)";

    const { stdout } = await runOk([process.execPath, "-e", script], { cwd: copy.path });

    expect(stdout).toBe("trapped\n");
    expect(existsSync(`${copy.path}/preload-ran`)).toBe(true);
  });

  test("have no effect on a command", async () => {
    await runOk([EXECUTABLE, "version"], { cwd: folder.path });

    expect(existsSync(`${folder.path}/preload-ran`)).toBe(false);
  });

  test("have no effect on a proxy and its workers", async () => {
    using server = startEchoServer();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the proxy fills it in
    const config = { workers: 2, via: { pseudonym: "${HEADGATE_TEST_NAME:-untouched}" } };
    await using proxy = await startProxy(config, { cwd: folder.path });

    await fetch(`${server.url}/hello`, { proxy: proxy.url });

    expect(server.seen.map(({ headers }) => headers.get("via"))).toEqual(["1.1 untouched"]);
    expect(existsSync(`${folder.path}/preload-ran`)).toBe(false);
  });
});

test("it knows the version and the commit it was built from", async () => {
  const commit = await run(["git", "rev-parse", "--short=12", "HEAD"]);

  const { stdout } = await runOk([EXECUTABLE, "version"]);

  expect(stdout).toContain(manifest.version);
  expect(stdout).toMatch(commit.code === 0 ? /\b[0-9a-f]{12}\b/ : /unknown/);
});

describe("npm run build", () => {
  test.each([
    ["with a flag it does not know ends with 2", ["--nope"], 2, "stderr"],
    ["with a word that it does not expect ends with 2", ["all"], 2, "stderr"],
    ["with --help says how it is used", ["--help"], 0, "stdout"],
  ] as const)("%s", async (_, args, code, stream) => {
    const outcome = await run([process.execPath, "scripts/build.ts", ...args]);

    expect(outcome.code).toBe(code);
    expect(outcome[stream]).toContain("Usage: npm run build");
  });
});
