/**
 * A package mirror, as the README has it: apt and npm fill the cache, and get all of it once more,
 * with nothing left of their own, when the server is gone and nothing may be fetched.
 */
import { describe, expect } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expectForwarded } from "../support/passage.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { addRelease, makeAptConfig, makeArchive } from "../support/servers/apt.ts";
import { makePackages, startRegistry } from "../support/servers/npm.ts";
import { startFileServer, type WebServer } from "../support/servers/web.ts";
import { type Folder, makeFolder, runOk, testWith } from "../support/tools.ts";

const FORWARD = { address: "127.0.0.1:0", mode: "forward" };
const REVERSE = { address: "127.0.0.1:0", mode: "reverse" };

/** What never changes under its name is fresh for long, whatever the server says; the rest for a while. */
const aptRules = [
  { paths: ["*.deb", "*/by-hash/*"], ttl: "30d", ttlMin: "30d" },
  { paths: ["*Release*"], ttl: "5m" },
];
const npmRules = [{ paths: ["*.tgz"], ttl: "30d", ttlMin: "30d" }];

describe("apt", () => {
  const names = ["headgate-one", "headgate-two", "headgate-three"];

  testWith(["apt-get", "dpkg-deb"], "updates and downloads with the archive gone", async () => {
    await using folder = await makeFolder();
    const archive = await makeArchive(folder.path, names);
    await addRelease(archive);
    using server = startFileServer(archive);
    const cache = { disk: diskIn(folder), rules: aptRules };
    await using proxy = await startProxy({ listeners: [FORWARD], cache });

    await expectDownloads(await clientFolder(folder, "first"), server, proxy);
    expectForwarded(server);
    await cutOff(server, proxy);

    await expectDownloads(await clientFolder(folder, "second"), server, proxy);
    expect(await missingOf(proxy)).toEqual([]);
  });

  testWith(["apt-get", "dpkg-deb"], "and from the disk alone, of a proxy that begins offline", async () => {
    await using folder = await makeFolder();
    const archive = await makeArchive(folder.path, names);
    await addRelease(archive);
    using server = startFileServer(archive);
    const cache = { disk: diskIn(folder), rules: aptRules };
    await using filled = await startProxy({ listeners: [FORWARD], cache });
    await expectDownloads(await clientFolder(folder, "first"), server, filled);
    await filled.stop();
    server[Symbol.dispose]();

    await using proxy = await startProxy({ listeners: [FORWARD], cache: { ...cache, offline: true } });

    await expectDownloads(await clientFolder(folder, "second"), server, proxy);
    expect(await missingOf(proxy)).toEqual([]);
  });

  async function expectDownloads(folder: string, server: WebServer, proxy: RunningProxy): Promise<void> {
    const config = await makeAptConfig(folder, `${server.url}/`, proxy.url);
    const apt = (...args: string[]) =>
      runOk(["apt-get", "-q", ...args], { cwd: folder, env: { APT_CONFIG: config } });
    await apt("update", "--error-on=any");
    await apt("download", ...names);
    for (const name of names) {
      const file = `${name}_1.0_all.deb`;
      const got = await Bun.file(join(folder, file)).bytes();
      expect(got).toEqual(await Bun.file(join(folder, "../archive", file)).bytes());
    }
  }
});

describe("npm", () => {
  const names = ["first", "second", "third", "fourth"];

  testWith(["npm", "tar"], "installs through a reverse route with the registry gone", async () => {
    await using folder = await makeFolder();
    await makePackages(folder.path, names);
    using server = startRegistry(folder.path, names);
    await using proxy = await startProxy({
      listeners: [REVERSE],
      upstreams: { npm: { endpoints: [server.authority] } },
      routes: [{ upstream: "npm" }],
      cache: { rules: npmRules },
    });

    await expectInstalls(folder, "first-run", { registry: `${proxy.url}/` });
    expectForwarded(server);
    await cutOff(server, proxy);

    await expectInstalls(folder, "second-run", { registry: `${proxy.url}/` });
    expect(await missingOf(proxy)).toEqual([]);
  });

  testWith(["npm", "tar"], "installs through a forward proxy with the registry gone", async () => {
    await using folder = await makeFolder();
    await makePackages(folder.path, names);
    using server = startRegistry(folder.path, names);
    await using proxy = await startProxy({ listeners: [FORWARD], cache: { rules: npmRules } });
    const settings = { registry: `${server.url}/`, proxy: proxy.url };

    await expectInstalls(folder, "first-run", settings);
    expectForwarded(server);
    await cutOff(server, proxy);

    await expectInstalls(folder, "second-run", settings);
    expect(await missingOf(proxy)).toEqual([]);
  });

  async function expectInstalls(
    folder: Folder,
    run: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<void> {
    const project = await clientFolder(folder, run);
    await Bun.write(join(project, "package.json"), "{}");
    const all = {
      ...settings,
      cache: join(project, "npm-cache"),
      userconfig: join(project, "no-user-config"),
      globalconfig: join(project, "no-global-config"),
      audit: "false",
      fund: "false",
      "fetch-retries": "0",
      "update-notifier": "false",
    };
    const options = Object.entries(all).map(([name, value]) => `--${name}=${value}`);
    await runOk(["npm", "install", "first", ...options], { cwd: project, env: { HOME: project } });
    for (const name of names) {
      const got = await Bun.file(join(project, "node_modules", name, "index.js")).text();
      expect(got).toBe(await Bun.file(join(folder.path, name, "package/index.js")).text());
    }
  }
});

function diskIn(folder: Folder): { path: string; size: string } {
  return { path: join(folder.path, "disk"), size: "64MiB" };
}

/** A client that has never asked for anything. */
async function clientFolder(folder: Folder, name: string): Promise<string> {
  const path = join(folder.path, name);
  await mkdir(path);
  return path;
}

async function cutOff(server: WebServer, proxy: RunningProxy): Promise<void> {
  server[Symbol.dispose]();
  await fetch(`${proxy.admin}/cache/offline`, { method: "POST", body: '{"offline":true}', proxy: false });
}

async function missingOf(proxy: RunningProxy): Promise<unknown> {
  const answer = await fetch(`${proxy.admin}/cache/offline`, { proxy: false });
  return ((await answer.json()) as { missing: unknown }).missing;
}
