/** curl through the built executable: what people type first, and what scripts rely on. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { expectForwarded, expectTunnelled } from "../support/passage.ts";
import { unusedPort } from "../support/port.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { makeCertificate, type TestCertificate } from "../support/servers/certificate.ts";
import { LARGE_BODY, startEchoServer } from "../support/servers/echo.ts";
import { startExpectingServer } from "../support/servers/expecting.ts";
import type { WebServer } from "../support/servers/web.ts";
import {
  type Folder,
  makeFolder,
  missingOf,
  type RunOptions,
  run,
  runOk,
  testWith,
} from "../support/tools.ts";

const NEEDS = ["curl", "openssl"];
const resources = new AsyncDisposableStack();

let folder: Folder;
let certificate: TestCertificate;
let plain: WebServer;
let secure: WebServer;
let proxy: RunningProxy;

beforeAll(async () => {
  if (missingOf(NEEDS).length > 0) return;
  folder = resources.use(await makeFolder());
  certificate = await makeCertificate(folder.path);
  plain = resources.use(startEchoServer());
  secure = resources.use(startEchoServer(certificate));
  proxy = resources.use(await startProxy());
  await Bun.write(`${folder.path}/large`, LARGE_BODY);
});

afterAll(() => resources.disposeAsync());

// Each row: what it shows | path | options | what curl writes.
const exchanges: readonly (readonly [string, string, readonly string[], string])[] = [
  ["gets", "/hello", [], "hello\n"],
  ["gets with HTTP/1.0", "/hello", ["--http1.0"], "hello\n"],
  ["gets a chunked body", "/chunked", [], "one two three\n"],
  ["gets a chunked body with HTTP/1.0", "/chunked", ["--http1.0"], "one two three\n"],
  ["gets an empty answer", "/empty", ["-w", "%{http_code}"], "204"],
  ["asks for the head alone", "/large", ["-I", "-o", "/dev/null", "-w", "%{size_download}"], "0"],
  [
    "asks for a range",
    "/range",
    ["-r", "0-3", "-o", "/dev/null", "-w", "%{http_code} %{size_download}"],
    "206 4",
  ],
  ["follows a redirect", "/redirect", ["-L"], "hello\n"],
  ["posts a form", "/echo", ["-d", "a=1&b=2"], "a=1&b=2"],
  ["puts without a body", "/echo", ["-X", "PUT", "-w", "%{http_code}"], "200"],
  ["sees an answer of 404", "/missing", ["-o", "/dev/null", "-w", "%{http_code}"], "404"],
];

describe.each([
  ["in absolute-form", () => plain, () => []],
  ["with --proxytunnel", () => plain, () => ["--proxytunnel"]],
  ["over HTTPS", () => secure, () => ["--cacert", certificate.caFile]],
] as const)("curl, %s", (form, server, extra) => {
  for (const [name, path, options, written] of exchanges) {
    testWith(NEEDS, name, async () => {
      const { stdout } = await curl([...extra(), ...options, server().url + path]);

      expect(stdout).toBe(written);
      expectViaOnly(form === "in absolute-form", server());
    });
  }

  testWith(NEEDS, "downloads a large body whole", async () => {
    await curl([...extra(), "-o", "got", `${server().url}/large`], { cwd: folder.path });

    expect(await digest(`${folder.path}/got`)).toBe(Bun.hash(LARGE_BODY));
  });

  testWith(NEEDS, "uploads a large body, by length and chunked, and hears it back", async () => {
    const byLength = ["-T", "large", "-D", "head-1", "-o", "got-1"];
    const chunked = ["-T", "-", "-D", "head-2", "-o", "got-2"];
    const url = `${server().url}/echo`;

    await curl([...extra(), ...byLength, url], { cwd: folder.path });
    await curl([...extra(), ...chunked, url], { cwd: folder.path, input: LARGE_BODY });

    expect(await digest(`${folder.path}/got-1`)).toBe(Bun.hash(LARGE_BODY));
    expect(await digest(`${folder.path}/got-2`)).toBe(Bun.hash(LARGE_BODY));
    expect(await Bun.file(`${folder.path}/head-1`).text()).toContain(
      `x-request-length: ${LARGE_BODY.length}`,
    );
    expect(await Bun.file(`${folder.path}/head-2`).text()).toContain("x-request-coding: chunked");
  });

  testWith(NEEDS, "uses one connection for several requests", async () => {
    const urls = ["/hello", "/chunked", "/hello"].map((path) => server().url + path);

    const { stdout } = await curl([...extra(), "-w", "%{num_connects}\n", ...urls]);

    expect(stdout).toBe("hello\n1\none two three\n0\nhello\n0\n");
  });

  testWith(NEEDS, "keeps 30 requests apart that run side by side", async () => {
    const urls = Array.from({ length: 30 }, () => `${server().url}/chunked`);

    const { stdout } = await curl([...extra(), "--no-progress-meter", "-Z", ...urls]);

    expect(stdout.split("three\n").length - 1).toBe(30);
  });
});

describe("curl, finding its way", () => {
  testWith(NEEDS, "obeys http_proxy and https_proxy", async () => {
    using first = startEchoServer();
    using second = startEchoServer(certificate);
    const env = { http_proxy: proxy.url, https_proxy: proxy.url };
    const command = ["curl", "-sS", "--cacert", certificate.caFile];

    const { stdout } = await runOk([...command, `${first.url}/hello`, `${second.url}/hello`], { env });

    expect(stdout).toBe("hello\nhello\n");
    expectForwarded(first);
    await expectTunnelled(proxy, second);
  });

  testWith(NEEDS, "waits for 100 Continue before a large upload", async () => {
    using server = startExpectingServer("continue");
    const options = ["-H", "Expect: 100-continue", "--expect100-timeout", "60", "-T", "large"];

    const { stdout } = await curl([...options, server.url], { cwd: folder.path });

    expect(stdout).toBe(`${LARGE_BODY.length} bytes\n`);
    expect(server.bytesBeforeAnswer()).toBe(0);
  });

  testWith(NEEDS, "sends no body that the server refuses to wait for", async () => {
    using server = startExpectingServer("refuse");
    const options = ["-H", "Expect: 100-continue", "--expect100-timeout", "60", "-T", "large"];

    const { stdout } = await curl([...options, "-w", "%{http_code}", server.url], { cwd: folder.path });

    expect(stdout).toBe("too large\n413");
    expect(server.bytesBeforeAnswer()).toBe(0);
  });

  testWith(NEEDS, "is told when nobody listens", async () => {
    const url = `http://127.0.0.1:${unusedPort()}/`;

    const get = await curl(["-o", "/dev/null", "-w", "%{http_code}", url]);
    const connect = await run(["curl", "-sS", "-x", proxy.url, "-p", "-w", "%{http_connect}", url]);

    expect(get.stdout).toBe("502");
    expect(connect.code).not.toBe(0);
    expect(connect.stdout).toBe("502");
  });

  testWith(NEEDS, "is told what the port is when it forgets that this is a proxy", async () => {
    const outcome = await runOk(["curl", "-sS", "-w", "%{http_code}", `${proxy.url}/hello`]);

    expect(outcome.stdout).toEndWith("400");
    expect(outcome.stdout).toContain("proxy");
  });
});

function curl(args: readonly string[], options?: RunOptions) {
  return runOk(["curl", "-sS", "--max-time", "40", "-x", proxy.url, ...args], options);
}

/** A tunnel must not touch what it carries; a forwarded request must say that it was. */
function expectViaOnly(isForwarded: boolean, server: WebServer): void {
  const via = server.seen.at(-1)?.headers.get("via") ?? "";
  if (isForwarded) expect(via).toContain("headgate");
  else expect(via).toBe("");
}

async function digest(path: string): Promise<number | bigint> {
  return Bun.hash(await Bun.file(path).bytes());
}
