/** The commands as a shell sees them: what goes where, and the exit code. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../package.json";

const MAIN = join(import.meta.dir, "../../src/main.ts");

const GATE = `
policy:
  default: deny
  lists: [{ name: hosts, file: hosts.txt }]
  rules: [{ name: list, action: allow, lists: [hosts] }, { name: lan, action: allow, addresses: [10.0.0.0/8] }]
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "headgate-cli-"));
  await Bun.write(join(folder, "good.yaml"), "workers: 2\n");
  await Bun.write(join(folder, "doubtful.yaml"), "policy: { mode: audit, tunnels: { sni: off } }\n");
  await Bun.write(join(folder, "gate.yaml"), GATE);
  await Bun.write(join(folder, "hosts.txt"), "listed.example\n");
  await Bun.write(join(folder, "listless.yaml"), GATE.replace("hosts.txt", "none.txt"));
  await Bun.write(join(folder, "bad.yaml"), "wrokers: 2\nadmin: { token: hush-hush }\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// The command line | exit code | stdout | stderr.
const runs = [
  [
    "version",
    0,
    `headgate ${manifest.version} (commit dev, bun ${Bun.version}, ${process.platform}-${process.arch})\n`,
    "",
  ],
  [
    "check -c good.yaml",
    0,
    "forward proxy on 127.0.0.1:8888, status on 127.0.0.1:8889, cache (64MiB of memory), 2 workers, access log (auto) to stdout\n",
    "",
  ],
  [
    "check --workers 1 --admin off --log off --cache off",
    0,
    "forward proxy on 127.0.0.1:8888, no status port, no cache, 1 worker, no access log\n",
    "",
  ],
  [
    "check -c bad.yaml",
    2,
    "",
    'headgate: wrokers: Unknown setting, did you mean "workers"?\nheadgate: admin.token: Expected 16 to 512 visible ASCII characters, found a text of 9 characters\n',
  ],
  ["check -c none.yaml", 2, "", "headgate: none.yaml: Cannot read the file: no such file\n"],
  [
    "check -c doubtful.yaml",
    0,
    "forward proxy on 127.0.0.1:8888, status on 127.0.0.1:8889, cache (64MiB of memory), a worker for each core, access log (auto) to stdout\n",
    "headgate: warning: policy.mode: An audit lets everything pass, and only reports what it would deny\n",
  ],
  [
    "cache stats --url http://127.0.0.1:1",
    1,
    "",
    "headgate: Cannot ask http://127.0.0.1:1 about its cache: nothing is listening there\n",
  ],
  [
    "cache show a.example",
    2,
    "",
    'headgate: cache show: Expected a URL such as "http://example.com/", found "a.example"\nheadgate: Try "headgate help cache"\n',
  ],
  ["chek", 2, "", 'headgate: Unknown command "chek", did you mean "check"?\nheadgate: Try "headgate help"\n'],
  [
    "--wrokers 2",
    2,
    "",
    'headgate: Unknown flag --wrokers, did you mean --workers?\nheadgate: Try "headgate help serve"\n',
  ],
] as const;

test.each(runs)("headgate %s", async (line, code, stdout, stderr) => {
  expect(await headgate(line.split(" "))).toEqual({ code, stdout, stderr });
});

describe("explain", () => {
  // The question | exit code | the line of the verdict.
  const rows = [
    ["http://10.1.2.3/", 0, 'allowed: rule "lan" allows it (private address, RFC 1918)'],
    [
      "https://listed.example",
      0,
      'allowed: rule "list" allows it (list "hosts"); listed.example does not resolve now',
    ],
    ["http://192.168.0.1/", 3, "denied: no rule decides, and the default denies it"],
    ["169.254.169.254:80", 3, "denied: no rule decides, and the default denies it"],
  ] as const;

  test.each(rows)("%s: %i", async (url, code, verdict) => {
    const explained = await headgate(["explain", url, "-c", "gate.yaml"]);

    expect([explained.code, explained.stderr]).toEqual([code, ""]);
    expect(explained.stdout.split("\n")[1]).toStartWith(verdict);
  });

  test("prints the same for programs", async () => {
    const { code, stdout } = await headgate(["explain", "http://10.1.2.3/", "--json", "-c", "gate.yaml"]);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: "allow",
      rule: "lan",
      addresses: [{ address: "10.1.2.3" }],
    });
  });

  test("names the flags of a wrong question", async () => {
    const { code, stderr } = await headgate(["explain", "127.1:80", "--client", "me", "-c", "gate.yaml"]);

    expect(code).toBe(2);
    expect(stderr.split("\n")).toEqual([
      "headgate: url: The proxy would answer 400 (Cannot read target: the host is malformed)",
      'headgate: --client: Expected an IP address, found "me"',
      'headgate: Try "headgate help explain"',
      "",
    ]);
  });

  test("says what is wrong with the configuration, or what it names", async () => {
    expect(await headgate(["explain", "a:1", "-c", "none.yaml"])).toMatchObject({
      code: 2,
      stderr: "headgate: none.yaml: Cannot read the file: no such file\n",
    });
    const { code, stderr } = await headgate(["explain", "a:1", "-c", "listless.yaml"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('list "hosts": ')]);
  });
});

test("help goes to stdout", async () => {
  const { code, stdout, stderr } = await headgate(["help", "serve"]);

  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toStartWith("Run the proxy.");
});

describe("a stdout", () => {
  const commands = ["help", "version", "check"];

  test.each(commands)("that closes early is no error of %s", async (command) => {
    const child = Bun.spawn([process.execPath, MAIN, command], { stdout: "pipe", stderr: "pipe" });

    await child.stdout.cancel();

    expect([await child.exited, await child.stderr.text()]).toEqual([0, ""]);
  });

  test.skipIf(!existsSync("/dev/full"))("that is full is one", async () => {
    const script = `"$1" "$2" version > /dev/full; echo "code $?"`;
    const child = Bun.spawn(["sh", "-c", script, "sh", process.execPath, MAIN], {
      stdout: "pipe",
      stderr: "pipe",
    });

    expect(await child.stdout.text()).toBe("code 1\n");
    expect(await child.stderr.text()).toBe("headgate: Cannot write to stdout: ENOSPC\n");
  });
});

describe("colour", () => {
  // What it shows | the environment | whether there is some.
  const rows = [
    ["comes on a terminal", {}, true],
    ["and with an empty NO_COLOR", { NO_COLOR: "" }, true],
    ["never with NO_COLOR", { NO_COLOR: "1" }, false],
    ["nor on a terminal that knows none", { TERM: "dumb" }, false],
  ] as const;

  test.skipIf(Bun.which("script") === null).each(rows)("%s", async (_, env, isColoured) => {
    const { TERM, NO_COLOR, ...rest } = process.env;
    const child = Bun.spawn(["script", "-qec", `${process.execPath} ${MAIN} help`, "/dev/null"], {
      env: { ...rest, TERM: "xterm", ...env },
      stdin: "ignore",
      stdout: "pipe",
    });

    expect((await child.stdout.text()).includes("\x1b[1m")).toBe(isColoured);
  });
});

async function headgate(args: readonly string[]) {
  const child = Bun.spawn([process.execPath, MAIN, ...args], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}
