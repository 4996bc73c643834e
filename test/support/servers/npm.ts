/**
 * A package registry of a few small packages: their descriptions as JSON, and their tarballs. As
 * registries do, it names tarballs below the host that it was asked for.
 */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../tools.ts";
import type { TestCertificate } from "./certificate.ts";
import { startWebServer, type WebServer } from "./web.ts";

const VERSION = "1.0.0";

/** Packs a package for each name; each depends on the one after it. */
export async function makePackages(folder: string, names: readonly string[]): Promise<void> {
  for (const [at, name] of names.entries()) {
    const next = names[at + 1];
    const root = join(folder, name, "package");
    await mkdir(root, { recursive: true });
    await Bun.write(join(root, "package.json"), JSON.stringify(manifestOf(name, next)));
    await Bun.write(join(root, "index.js"), `module.exports = ${JSON.stringify(name.repeat(5_000))};\n`);
    await runOk(["tar", "-czf", join(folder, `${name}.tgz`), "package"], { cwd: join(folder, name) });
  }
}

export function startRegistry(
  folder: string,
  names: readonly string[],
  certificate?: TestCertificate,
): WebServer {
  const server = startWebServer(async (request) => {
    const { origin, pathname } = new URL(request.url);
    const path = pathname.slice(1);
    if (path.endsWith(".tgz")) return new Response(Bun.file(join(folder, path)));
    const at = names.indexOf(path);
    if (at < 0) return new Response("{}", { status: 404 });
    return Response.json(await describe(origin, path, names[at + 1]), { headers: { etag: '"1"' } });
  }, certificate);

  async function describe(origin: string, name: string, next: string | undefined) {
    const tarball = await Bun.file(join(folder, `${name}.tgz`)).bytes();
    const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
    const dist = { tarball: `${origin}/${name}.tgz`, integrity };
    const versions = { [VERSION]: { ...manifestOf(name, next), dist } };
    return { name, "dist-tags": { latest: VERSION }, versions };
  }

  return server;
}

function manifestOf(name: string, next: string | undefined) {
  return { name, version: VERSION, dependencies: next === undefined ? {} : { [next]: VERSION } };
}
