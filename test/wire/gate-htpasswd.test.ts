/** Users of an htpasswd file: those that it has, those that it gets and loses while the proxy runs, and what it may not hold. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { ask, askAnew, basic } from "../support/ask.ts";
import { answerEach, get } from "../support/http.ts";
import { EXECUTABLE, startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { type Folder, makeFolder, run } from "../support/tools.ts";
import { until } from "../support/until.ts";

const resources = new AsyncDisposableStack();
let upstream: RawServer;
let folder: Folder;

beforeAll(async () => {
  upstream = resources.use(startRawServer((peer) => answerEach(peer)));
  folder = resources.use(await makeFolder());
});

afterAll(() => resources.disposeAsync());

test("users with bcrypt and argon2 log in, as members of the config's groups", async () => {
  const file = await writeFile("both", [
    await bcrypt("ada", "one:two"),
    "",
    "# staff",
    await argon2("grace", "ö€x"),
  ]);
  const rules = [{ name: "staff", action: "allow", groups: ["staff"] }];
  await using proxy = await startProxy({
    workers: 2,
    authentication: { htpasswd: file, delay: "0s", groups: [{ name: "staff", members: ["grace"] }] },
    policy: { default: "deny", rules },
  });

  expect(await statusFor(proxy.port, "grace", "ö€x")).toBe(200);
  expect(await statusFor(proxy.port, "ada", "one:two")).toBe(403);
  expect(await statusFor(proxy.port, "ada", "one")).toBe(407);
  expect(await statusFor(proxy.port, "grace", "one:two")).toBe(407);
});

// They wait for looks at their files, and need not do so one after the other.
test.concurrent("users of a new file are let in, an old password is refused, on an open connection too", async () => {
  const ada = await bcrypt("ada", "first");
  const file = await writeFile("changing", [ada]);
  await using proxy = await startProxy({ workers: 2, authentication: { htpasswd: file, delay: "0s" } });
  using client = await RawPeer.connect(proxy.port);
  const request = get(upstream.authority, "/", basic("ada", "first"));
  expect((await ask(client, request)).status).toBe(200);

  await writeFile("changing", [await argon2("grace", "second"), await bcrypt("ada", "third")]);
  await until("the new one is let in", async () => (await statusFor(proxy.port, "grace", "second")) === 200);
  expect((await ask(client, request)).status).toBe(407);
  expect(await statusFor(proxy.port, "ada", "first")).toBe(407);
  expect(await statusFor(proxy.port, "ada", "third")).toBe(200);
});

test.concurrent("a file that breaks or vanishes leaves in force what it held, and stderr says so", async () => {
  const ada = await bcrypt("ada", "secret-of-ada");
  const file = await writeFile("breaking", [ada]);
  await using proxy = await startProxy({ authentication: { htpasswd: file, delay: "0s" } });

  await writeFile("breaking", ["grace:$apr1$abcdefgh$0123456789012345678901"]);
  await until("it is told", () => proxy.stderr().includes("$apr1$ (Apache's MD5) is not supported"));
  expect(await statusFor(proxy.port, "ada", "secret-of-ada")).toBe(200);
  await rm(file);
  await until("that is told", () => /breaking.*ENOENT|no such file/i.test(proxy.stderr()));
  expect(await statusFor(proxy.port, "ada", "secret-of-ada")).toBe(200);

  await writeFile("breaking", [await bcrypt("grace", "back")]);
  await until("it is well again", async () => (await statusFor(proxy.port, "grace", "back")) === 200);
  expect(await statusFor(proxy.port, "ada", "secret-of-ada")).toBe(407);
  expect(proxy.stderr()).not.toContain("0123456789012345678901");
  expect(proxy.stderr()).not.toContain("    at ");
});

describe("is a reason not to start, in words that help:", () => {
  // What | the lines | what is said.
  const rows = [
    [
      "MD5 of Apache",
      "ada:$apr1$abcdefgh$0123456789012345678901",
      /:1: \$apr1\$ \(Apache's MD5\).*htpasswd -B/,
    ],
    ["SHA-1", "# old\nada:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", /:2: \{SHA\} .*htpasswd -B/],
    ["crypt", "ada:rqXexS6ZhobKA", /:1: DES crypt, or plain text/],
    ["SHA-512", `ada:$6$saltsalt$${"x".repeat(86)}`, /:1: \$6\$ \(SHA-512\)/],
    ["plain text", "ada:correct horse", /:1: plain text/],
    ["no hash", "ada", /:1: Expected "name:hash", found no colon/],
    ["a name twice", `ada:$2b$04$${"x".repeat(53)}\nada:$2b$04$${"x".repeat(53)}`, /:2: The name is taken/],
  ] as const;

  test.each(rows)("%s", async (what, lines, says) => {
    const file = await writeFile(`wrong ${what}`, [lines]);
    const config = `${folder.path}/${what}.json`;
    await Bun.write(
      config,
      JSON.stringify({
        listeners: [{ address: "127.0.0.1:0" }],
        admin: { address: "off" },
        authentication: { htpasswd: file },
      }),
    );

    const { code, stderr } = await run([EXECUTABLE, "serve", "-c", config]);

    expect(code).toBe(1);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain(lines.split(":").at(-1) ?? "");
  });
});

test("a file that is not there is one, too; one that is empty lets nobody in", async () => {
  const start = startProxy({ authentication: { htpasswd: `${folder.path}/nowhere` } });
  expect(start).rejects.toThrow(/nowhere: .*no such file/i);

  const file = await writeFile("empty", []);
  await using proxy = await startProxy({ authentication: { htpasswd: file, delay: "0s" } });
  expect(await askAnew(proxy.port, get(upstream.authority))).toBe(407);
});

function statusFor(port: number, name: string, password: string): Promise<number> {
  return askAnew(port, get(upstream.authority, "/", basic(name, password)));
}

async function writeFile(name: string, lines: readonly string[]): Promise<string> {
  const path = `${folder.path}/${name}`;
  await Bun.write(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

async function bcrypt(name: string, password: string): Promise<string> {
  return `${name}:${await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 })}`;
}

async function argon2(name: string, password: string): Promise<string> {
  return `${name}:${await Bun.password.hash(password, { algorithm: "argon2id", memoryCost: 1024, timeCost: 1 })}`;
}
