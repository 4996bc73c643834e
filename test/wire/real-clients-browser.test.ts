/**
 * Headless Chromium with `--proxy-server`. A page with a style sheet, a script
 * and an image makes it open several connections at once, as pages do.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { expectForwarded, expectTunnelled } from "../support/passage.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { makeCertificate, type TestCertificate } from "../support/servers/certificate.ts";
import { startWebServer } from "../support/servers/web.ts";
import { type Folder, makeFolder, missingOf, runOk, testWith } from "../support/tools.ts";

const PAGE = `<!doctype html><title>page</title><link rel="stylesheet" href="/style.css">
<body><img src="/dot.svg"><p id="said">nothing</p><script src="/script.js"></script>`;

/** Shows that what was fetched arrived and was understood: the page is written out after it ran. */
const SCRIPT = `fetch("/answer", { method: "POST", body: "question" }).then((r) => r.text()).then((text) => {
  document.getElementById("said").textContent = text + " " + getComputedStyle(document.body).color;
});`;

const files: Record<string, readonly [type: string, content: string]> = {
  "/": ["text/html", PAGE],
  "/style.css": ["text/css", "body { color: rgb(1, 2, 3) }"],
  "/script.js": ["text/javascript", SCRIPT],
  "/dot.svg": ["image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"/>'],
};

/** It calls nobody but the page, and goes through the proxy for loopback too. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--proxy-bypass-list=<-loopback>",
  "--virtual-time-budget=5000",
  "--dump-dom",
];

const NEEDS = ["chromium", "openssl"];
const resources = new AsyncDisposableStack();

let folder: Folder;
let certificate: TestCertificate;
let proxy: RunningProxy;

beforeAll(async () => {
  if (missingOf(NEEDS).length > 0) return;
  folder = resources.use(await makeFolder());
  certificate = await makeCertificate(folder.path);
  proxy = resources.use(await startProxy());
});

afterAll(() => resources.disposeAsync());

describe.each(["HTTP", "HTTPS"] as const)("Chromium over %s", (scheme) => {
  testWith(NEEDS, "loads a page with all that belongs to it", async () => {
    using server = startWebServer(answer, scheme === "HTTPS" ? certificate : undefined);
    const own = [
      `--proxy-server=${proxy.url}`,
      `--user-data-dir=${folder.path}/${scheme}`,
      `--ignore-certificate-errors-spki-list=${certificate.spki}`,
    ];

    const { stdout } = await runOk(["chromium", ...FLAGS, ...own, `${server.url}/`]);

    expect(stdout).toContain('<p id="said">you asked: question rgb(1, 2, 3)</p>');
    expect(server.seen.map(({ path }) => path)).toEqual(
      expect.arrayContaining([...Object.keys(files), "/answer"]),
    );
    if (scheme === "HTTP") expectForwarded(server);
    else await expectTunnelled(proxy, server);
  });
});

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/answer") return new Response(`you asked: ${await request.text()}`);
  const [type, content] = files[pathname] ?? [];
  if (type === undefined) return new Response("no such file\n", { status: 404 });
  return new Response(content, { headers: { "content-type": type } });
}
