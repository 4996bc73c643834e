/** wget, git, npm and apt through the built executable, each with a server of its own kind. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { expectForwarded, expectTunnelled } from "../support/passage.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { makeAptConfig, makeArchive } from "../support/servers/apt.ts";
import { makeCertificate, type TestCertificate } from "../support/servers/certificate.ts";
import { LARGE_BODY, startEchoServer } from "../support/servers/echo.ts";
import { GIT_ENV, makeRepository, startGitServer } from "../support/servers/git.ts";
import { makePackages, startRegistry } from "../support/servers/npm.ts";
import { startFileServer } from "../support/servers/web.ts";
import { makeFolder, missingOf, runOk, testWith } from "../support/tools.ts";

const resources = new AsyncDisposableStack();

let certificate: TestCertificate;
let proxy: RunningProxy;

beforeAll(async () => {
  if (missingOf(["openssl"]).length > 0) return;
  const folder = resources.use(await makeFolder());
  certificate = await makeCertificate(folder.path);
  proxy = resources.use(await startProxy());
});

afterAll(() => resources.disposeAsync());

describe("wget", () => {
  testWith(["openssl", "wget"], "downloads over HTTP", async () => {
    await using folder = await makeFolder();
    using server = startEchoServer();
    const env = { http_proxy: proxy.url };

    await runOk(["wget", "-q", "-O", "got", `${server.url}/large`], { cwd: folder.path, env });

    expect(await Bun.file(`${folder.path}/got`).bytes()).toEqual(LARGE_BODY);
    expectForwarded(server);
  });

  testWith(["openssl", "wget"], "downloads over HTTPS", async () => {
    await using folder = await makeFolder();
    using server = startEchoServer(certificate);
    const command = ["wget", "-q", `--ca-certificate=${certificate.caFile}`, "-O", "got"];

    await runOk([...command, `${server.url}/large`], { cwd: folder.path, env: { https_proxy: proxy.url } });

    expect(await Bun.file(`${folder.path}/got`).bytes()).toEqual(LARGE_BODY);
    await expectTunnelled(proxy, server);
  });
});

describe.each(["HTTP", "HTTPS"] as const)("git over %s", (scheme) => {
  testWith(["openssl", "git"], "clones, commits and pushes", async () => {
    await using folder = await makeFolder();
    await makeRepository(folder.path, { "small.txt": "hello\n", "large.bin": randomBytes(2 << 20) });
    using server = startGitServer(folder.path, scheme === "HTTPS" ? certificate : undefined);
    const settings = ["-c", `http.proxy=${proxy.url}`, "-c", `http.sslCAInfo=${certificate.caFile}`];
    const git = (cwd: string, ...args: string[]) =>
      runOk(["git", ...settings, ...args], { cwd, env: GIT_ENV });
    const clone = `${folder.path}/clone`;

    await git(folder.path, "clone", "--quiet", `${server.url}/repo.git`, "clone");
    await Bun.write(`${clone}/more.bin`, randomBytes(2 << 20));
    await git(clone, "add", ".");
    await git(clone, "commit", "--quiet", "--message=second");
    await git(clone, "push", "--quiet", "origin", "main");

    const log = await git(folder.path, "--git-dir=repo.git", "log", "--format=%s", "main");
    expect(log.stdout).toBe("second\nfirst\n");
    if (scheme === "HTTP") expectForwarded(server);
    else await expectTunnelled(proxy, server);
  });
});

describe.each(["HTTP", "HTTPS"] as const)("npm over %s", (scheme) => {
  testWith(["openssl", "npm", "tar"], "installs a package and what it depends on", async () => {
    await using folder = await makeFolder();
    const names = ["first", "second", "third", "fourth"];
    await makePackages(folder.path, names);
    using server = startRegistry(folder.path, names, scheme === "HTTPS" ? certificate : undefined);
    const project = `${folder.path}/project`;
    await mkdir(project);
    await Bun.write(`${project}/package.json`, "{}");
    const settings = {
      registry: `${server.url}/`,
      [scheme === "HTTP" ? "proxy" : "https-proxy"]: proxy.url,
      cafile: certificate.caFile,
      cache: `${folder.path}/cache`,
      userconfig: `${folder.path}/no-user-config`,
      globalconfig: `${folder.path}/no-global-config`,
      audit: "false",
      fund: "false",
      "update-notifier": "false",
    };
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);

    await runOk(["npm", "install", "first", ...options], { cwd: project, env: { HOME: folder.path } });

    for (const name of names) {
      expect(await Bun.file(`${project}/node_modules/${name}/index.js`).text()).toContain(name);
    }
    if (scheme === "HTTP") expectForwarded(server);
    else await expectTunnelled(proxy, server);
  });
});

describe("apt", () => {
  testWith(["openssl", "apt-get", "dpkg-deb"], "updates its index and downloads packages", async () => {
    await using folder = await makeFolder();
    const names = ["headgate-one", "headgate-two", "headgate-three"];
    using server = startFileServer(await makeArchive(folder.path, names));
    const config = await makeAptConfig(folder.path, `${server.url}/`, proxy.url);
    const apt = (...args: string[]) =>
      runOk(["apt-get", "-q", ...args], { cwd: folder.path, env: { APT_CONFIG: config } });

    await apt("update");
    await apt("download", ...names);

    for (const name of names) {
      const got = await Bun.file(`${folder.path}/${name}_1.0_all.deb`).bytes();
      expect(got).toEqual(await Bun.file(`${folder.path}/archive/${name}_1.0_all.deb`).bytes());
    }
    expectForwarded(server);
  });
});
