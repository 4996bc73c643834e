/** A proxy with a cache on disk in a folder of the test's, which outlives the proxy; and what lies in it. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { HttpClient } from "./http-client.ts";
import { type ProxySettings, type RunningProxy, startProxy } from "./proxy.ts";
import { until } from "./until.ts";

const SIZE = "64MiB";

/** Little memory, so that little is much. */
export function withDisk(
  path: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<RunningProxy> {
  const cache = { memory: "1MiB", disk: { path, size: SIZE } };
  return startProxy({ workers: 2, cache, ...settings } as ProxySettings);
}

/** Stored on disk so far, over the life of the proxy. */
export function storedOnDisk(proxy: RunningProxy): Promise<number> {
  return proxy.metric('headgate_cache_stored_total{tier="disk"}');
}

export async function untilStoredOnDisk(proxy: RunningProxy, count: number): Promise<void> {
  await until(`${count} are stored on disk`, async () => (await storedOnDisk(proxy)) >= count);
}

/** Fetches each, and resolves when all of them are on disk. */
export async function storeOnDisk(
  proxy: RunningProxy,
  authority: string,
  paths: readonly string[],
): Promise<void> {
  const before = await storedOnDisk(proxy);
  using client = await HttpClient.connect(proxy.port);
  for (const path of paths) await client.get(authority, path);
  await untilStoredOnDisk(proxy, before + paths.length);
}

/** As kill -9 does. */
export async function kill(proxy: RunningProxy): Promise<void> {
  proxy.signal("SIGKILL");
  await proxy.exited;
}

/** The file of the object that is stored under this key: `host:port/path`. */
export async function fileOf(path: string, key: string): Promise<string> {
  const names = await readdir(join(path, "objects"), { recursive: true });
  for (const name of names) {
    const file = join(path, "objects", name);
    if (!(await stat(file)).isFile()) continue;
    const head = Buffer.from(await Bun.file(file).slice(0, 4096).arrayBuffer());
    if (head.includes(key)) return file;
  }
  throw new Error(`Cannot find the file of ${key}`);
}

/** Bytes of all files below a path; those that go meanwhile count nothing. */
export async function bytesBelow(path: string): Promise<number> {
  const names = await readdir(path, { recursive: true });
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(path, name)).then(
        (facts) => (facts.isFile() ? facts.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
