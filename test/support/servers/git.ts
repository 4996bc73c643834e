/**
 * A bare repository behind git's own CGI program, smart protocol and all, so
 * that clone and push look on the wire as they do with the large hosts.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../tools.ts";
import type { TestCertificate } from "./certificate.ts";
import { startWebServer, type WebServer } from "./web.ts";

/** Who commits, and no configuration of this machine's user. */
export const GIT_ENV = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "test",
  GIT_AUTHOR_EMAIL: "test@localhost",
  GIT_COMMITTER_NAME: "test",
  GIT_COMMITTER_EMAIL: "test@localhost",
};

/** Makes `FOLDER/repo.git` with one commit of these files, and lets anyone push to it. */
export async function makeRepository(
  folder: string,
  files: Record<string, Uint8Array | string>,
): Promise<void> {
  const work = join(folder, "work");
  await mkdir(work);
  const git = (...args: string[]) => runOk(["git", ...args], { cwd: work, env: GIT_ENV });

  await git("init", "--quiet", "--initial-branch=main");
  for (const [name, content] of Object.entries(files)) await Bun.write(join(work, name), content);
  await git("add", ".");
  await git("commit", "--quiet", "--message=first");
  await git("clone", "--quiet", "--bare", ".", "../repo.git");
  await git("--git-dir=../repo.git", "config", "http.receivepack", "true");
}

export function startGitServer(folder: string, certificate?: TestCertificate): WebServer {
  return startWebServer((request) => answer(request, folder), certificate);
}

async function answer(request: Request, folder: string): Promise<Response> {
  const url = new URL(request.url);
  const body = await request.bytes();
  const child = Bun.spawn(["git", "http-backend"], {
    env: {
      PATH: process.env["PATH"] ?? "",
      ...GIT_ENV,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
      HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers.get("content-type") ?? "",
      CONTENT_LENGTH: String(body.length),
      REMOTE_ADDR: "127.0.0.1",
    },
    stdin: body,
    stdout: "pipe",
    stderr: "ignore",
  });
  return parseCgi(new Uint8Array(await new Response(child.stdout).arrayBuffer()));
}

/** RFC 3875 §6: fields, an empty line, the body. */
function parseCgi(output: Uint8Array): Response {
  const bytes = Buffer.from(output);
  const end = bytes.indexOf("\r\n\r\n");
  const headers = new Headers();
  for (const line of bytes.toString("latin1", 0, end).split("\r\n")) {
    const [, name = "", value = ""] = /^([^:]+): *(.*)$/.exec(line) ?? [];
    headers.set(name, value);
  }
  const status = Number.parseInt(headers.get("status") ?? "200", 10);
  headers.delete("status");
  return new Response(output.subarray(end + 4), { status, headers });
}
