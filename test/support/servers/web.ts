/**
 * An HTTP or HTTPS server on a free loopback port that notes what it was
 * asked, so that a test can tell whether a request came through the proxy.
 */
import type { TestCertificate } from "./certificate.ts";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
}

export interface WebServer extends Disposable {
  /** Without a slash at its end. */
  readonly url: string;
  /** `127.0.0.1:PORT` */
  readonly authority: string;
  readonly seen: readonly SeenRequest[];
}

export type Handler = (request: Request) => Response | Promise<Response>;

export function startWebServer(handler: Handler, certificate?: TestCertificate): WebServer {
  const seen: SeenRequest[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    // A clone of a large repository, or a client that waits, takes longer than the default of 10 s.
    idleTimeout: 60,
    ...(certificate && { tls: certificate.tls }),
    fetch: (request) => {
      const { pathname, search } = new URL(request.url);
      seen.push({ method: request.method, path: pathname + search, headers: request.headers });
      return handler(request);
    },
  });
  return {
    url: server.url.origin,
    authority: `127.0.0.1:${server.port}`,
    seen,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** Serves the files below a folder, ranges too, and 404 for the rest. */
export function startFileServer(folder: string, certificate?: TestCertificate): WebServer {
  return startWebServer(async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    const file = Bun.file(`${folder}${path}`);
    return (await file.exists()) ? new Response(file) : new Response("no such file\n", { status: 404 });
  }, certificate);
}
