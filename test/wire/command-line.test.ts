/** The executable as a shell sees it when something is wrong: one clear line, the exit code, and never a stack. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { unusedPort } from "../support/port.ts";
import { EXECUTABLE, startProxy } from "../support/proxy.ts";
import { startRawServer } from "../support/raw.ts";
import { type Folder, makeFolder, type Outcome, run, testWith } from "../support/tools.ts";

const FREE = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

let folder: Folder;
beforeAll(async () => {
  folder = await makeFolder();
  await Bun.write(`${folder.path}/broken.yaml`, "limits: { connections: [\n");
  await Bun.write(`${folder.path}/wrong.yaml`, "limits: { connections: lots }\ntimeouts: { haed: 3s }\n");
  await Bun.write(`${folder.path}/open.yaml`, "listeners: [{ address: 0.0.0.0:3128 }]\n");
  await Bun.write(`${folder.path}/secret.yaml`, "workers: 1\n");
  await chmod(`${folder.path}/secret.yaml`, 0);
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("serve ends at once, with one line for each problem, when", () => {
  // What is wrong | the arguments | the exit code | what stderr says.
  const rows = [
    [
      "an address is not ours",
      ["--listen", "127.0.0.1:0", "--admin", "192.0.2.1:80"],
      2,
      "other machines can reach 192.0.2.1:80",
    ],
    ["the config file is not there", ["-c", "none.yaml"], 2, "none.yaml: Cannot read the file: no such file"],
    ["the config file is a folder", ["-c", "."], 2, ".: Expected a name that ends in"],
    ["the config is no YAML", ["-c", "broken.yaml"], 2, "broken.yaml:1:25: Cannot read YAML"],
    ["the config is wrong", ["-c", "wrong.yaml"], 2, 'timeouts.haed: Unknown setting, did you mean "head"?'],
    [
      "it would be an open proxy",
      ["-c", "open.yaml"],
      2,
      "listeners[0].clients: Expected at least one range",
    ],
    ["it would be one by a flag", ["--listen", "0.0.0.0:3128"], 2, "0.0.0.0:3128"],
    ["a flag is unknown", ["--wrokers", "1"], 2, "Unknown flag --wrokers, did you mean --workers?"],
    ["a flag has no value", ["--workers"], 2, "--workers"],
    ["a flag's value is wrong", ["--workers", "many"], 2, "--workers"],
    ["a word is too much", ["now"], 2, "serve: Expected no more words"],
    [
      "the access log can't be opened",
      ["--log", "json", "-c", "log.yaml", ...FREE],
      1,
      "Cannot open the access log /nowhere/at/all.log: no such file",
    ],
  ] as const;

  test.each(rows)("%s", async (_, args, code, text) => {
    await Bun.write(`${folder.path}/log.yaml`, "workers: 1\nlog: { access: /nowhere/at/all.log }\n");

    expectPlain(await serve(args), code, text);
  });

  // Root may read everything until it has dropped what lets it.
  const obeying =
    process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [];
  testWith(obeying.slice(0, 1), "the config file can't be read", async () => {
    const outcome = await run([...obeying, EXECUTABLE, "serve", "-c", "secret.yaml"], { cwd: folder.path });

    expectPlain(outcome, 2, "secret.yaml: Cannot read the file: permission denied");
  });

  test("a listener's address is not ours", async () => {
    const config = {
      listeners: [{ address: "192.0.2.1:3128", clients: ["10.0.0.0/8"] }],
      admin: { address: "off" },
    };
    await Bun.write(`${folder.path}/foreign.json`, JSON.stringify(config));

    expectPlain(
      await serve(["-c", "foreign.json"]),
      1,
      "Cannot listen on 192.0.2.1:3128: the address is not one of this machine",
    );
  });

  test("a port is in use, by a stranger or by another of us", async () => {
    using stranger = startRawServer(() => {});
    await using another = await startProxy({ workers: 2 });

    for (const port of [stranger.port, another.port]) {
      const outcome = await serve(["--listen", `127.0.0.1:${port}`, "--admin", "off"]);
      expectPlain(outcome, 1, `Cannot listen on 127.0.0.1:${port}: the port is in use`);
    }
    const taken = await serve(["--listen", "127.0.0.1:0", "--admin", `127.0.0.1:${stranger.port}`]);
    expectPlain(taken, 1, `Status port: Cannot listen on 127.0.0.1:${stranger.port}: the port is in use`);
  });
});

test("every problem of a config is told at once", async () => {
  const { stderr } = await run([EXECUTABLE, "check", "-c", "wrong.yaml"], { cwd: folder.path });

  expect(stderr.trim().split("\n").length).toBe(2);
  expect(stderr).toContain("limits.connections: Expected a whole number");
});

describe("headgate status", () => {
  const rows = [
    ["where nobody listens", () => `http://127.0.0.1:${unusedPort()}`, "nothing is listening there"],
    ["with what is no URL", () => "not a url", "--url"],
  ] as const;

  test.each(rows)("%s says so in one line", async (_, url, text) => {
    const outcome = await run([EXECUTABLE, "status", "--url", url()]);

    expectPlain(outcome, url() === "not a url" ? 2 : 1, text);
  });

  test("at a port that is no status port says so", async () => {
    using stranger = startRawServer((peer) => peer.say("SSH-2.0-x\r\n").finish());

    const outcome = await run([EXECUTABLE, "status", "--url", `http://127.0.0.1:${stranger.port}`]);

    expectPlain(outcome, 1, "Cannot read the status from");
  });
});

describe("a reader that leaves early is no error of", () => {
  const commands = ["help", "help serve", "version", "check"];

  test.each(commands)("headgate %s", async (command) => {
    expect(await intoHead(`${EXECUTABLE} ${command}`)).toEqual({ code: 0, stderr: "" });
  });

  test.each(["status", "status --json"])("headgate %s", async (command) => {
    await using proxy = await startProxy({ workers: 1 });

    expect(await intoHead(`${EXECUTABLE} ${command} --url ${proxy.admin}`)).toEqual({ code: 0, stderr: "" });
  });
});

test("flags win over the file", async () => {
  await Bun.write(`${folder.path}/flags.yaml`, "workers: 3\nlog: { format: common }\n");

  const { stdout } = await run([EXECUTABLE, "check", "-c", "flags.yaml", "--workers", "2", "--log", "off"], {
    cwd: folder.path,
  });

  expect(stdout).toContain("2 workers, no access log");
});

function serve(args: readonly string[]): Promise<Outcome> {
  return run([EXECUTABLE, "serve", ...args], { cwd: folder.path });
}

/** The code of the command itself, whose output nobody reads. */
async function intoHead(command: string): Promise<{ code: number; stderr: string }> {
  const script = `{ ${command}; echo $? >&3; } 3>"$1" | true`;
  const file = `${folder.path}/code`;
  const { stderr } = await run(["sh", "-c", script, "sh", file]);
  return { code: Number(await Bun.file(file).text()), stderr };
}

function expectPlain({ code, stdout, stderr }: Outcome, expected: number, text: string): void {
  expect(stderr).toContain(text);
  expect(stderr).not.toMatch(/^ +at |\/\$bunfs|Error:/m);
  for (const line of stderr.trim().split("\n")) expect(line).toStartWith("headgate: ");
  expect([code, stdout]).toEqual([expected, ""]);
}
