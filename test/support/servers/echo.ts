/** What the tests with curl and wget talk to: one path for each way of answering. */
import type { TestCertificate } from "./certificate.ts";
import { startWebServer, type WebServer } from "./web.ts";

/** Every byte value in turn, so that a lost or doubled byte shows. */
export const LARGE_BODY = Uint8Array.from({ length: 8 << 20 }, (_, at) => (at * 31) >> 3);

export function startEchoServer(certificate?: TestCertificate): WebServer {
  return startWebServer(answer, certificate);
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/hello":
      return new Response("hello\n");
    case "/large":
      return new Response(LARGE_BODY);
    case "/chunked":
      return new Response(inPieces());
    case "/empty":
      return new Response(null, { status: 204 });
    case "/range":
      return rangeOf(request);
    case "/redirect":
      return new Response(null, { status: 302, headers: { location: "/hello" } });
    case "/echo":
      return new Response(request.body, { headers: echoed(request) });
    default:
      return new Response("no such path\n", { status: 404 });
  }
}

async function* inPieces(): AsyncGenerator<Uint8Array> {
  for (const piece of ["one ", "two ", "three\n"]) {
    yield new TextEncoder().encode(piece);
    await Bun.sleep(1);
  }
}

/** Only the one form that the tests ask for: `bytes=FIRST-LAST`. */
function rangeOf(request: Request): Response {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
  if (first === undefined || last === undefined) return new Response(LARGE_BODY);
  return new Response(LARGE_BODY.subarray(Number(first), Number(last) + 1), {
    status: 206,
    headers: { "content-range": `bytes ${first}-${last}/${LARGE_BODY.length}` },
  });
}

function echoed(request: Request): Record<string, string> {
  const length = request.headers.get("content-length") ?? "none";
  const coding = request.headers.get("transfer-encoding") ?? "none";
  return { "x-request-length": length, "x-request-coding": coding };
}
