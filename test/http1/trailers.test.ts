import { expect, test } from "bun:test";
import { ProtocolError } from "../../src/http1/error.ts";
import { forwardedTrailers } from "../../src/http1/trailers.ts";

// Each row: what it shows | the section | what travels on of it.
const sections = [
  ["nothing", "", ""],
  ["a digest", "Digest: sha-256=abc\r\n", "Digest: sha-256=abc\r\n"],
  ["gRPC's status", "grpc-status: 0\r\ngrpc-message:\r\n", "grpc-status: 0\r\ngrpc-message:\r\n"],
  ["no length", "Content-Length: 5\r\nA: 1\r\n", "A: 1\r\n"],
  ["no coding, in any case", "A: 1\r\nTRANSFER-encoding: chunked\r\n", "A: 1\r\n"],
  ["no Host", "Host: evil.example\r\n", ""],
  ["no credentials", "Authorization: x\r\nCookie: y\r\nSet-Cookie: z\r\n", ""],
  [
    "nothing of one hop",
    "Connection: a\r\nKeep-Alive: 1\r\nTE: trailers\r\nUpgrade: x\r\nProxy-Connection: y\r\n",
    "",
  ],
  [
    "no field for another proxy",
    "Proxy-Authorization: x\r\nProxy-Authenticate: y\r\nProxy-Authentication-Info: z\r\n",
    "",
  ],
  [
    "but what a proxy has to say of itself",
    "Proxy-Status: a; error=dns_error\r\n",
    "Proxy-Status: a; error=dns_error\r\n",
  ],
  [
    "no conditions",
    "If-Match: a\r\nIf-None-Match: b\r\nIf-Modified-Since: c\r\nIf-Unmodified-Since: d\r\nIf-Range: e\r\n",
    "",
  ],
  [
    "no control data",
    "Cache-Control: no-store\r\nAge: 1\r\nExpires: x\r\nDate: y\r\nLocation: /\r\nRetry-After: 1\r\nVary: *\r\nPragma: z\r\n",
    "",
  ],
  ["no description of the body", "Content-Type: a\r\nContent-Encoding: b\r\nContent-Range: c\r\n", ""],
  ["no Via, which finds loops", "Via: 1.1 a\r\n", ""],
  [
    "names that only begin like one",
    "Hosts: a\r\nContent-Length-Hint: 5\r\n",
    "Hosts: a\r\nContent-Length-Hint: 5\r\n",
  ],
] as const;

test.each(sections)("of the trailers travels on: %s", (_, lines, forwarded) => {
  expect(forwardedTrailers(lines)).toBe(forwarded);
});

const refusals = [
  ["no colon", "A\r\n"],
  ["a space before the colon", "A : 1\r\n"],
  ["a folded line", "A: 1\r\n 2\r\n"],
  ["an empty name", ": 1\r\n"],
  ["NUL", "A: \0\r\n"],
  ["a request", "GET / HTTP/1.1\r\n"],
  ["a bare carriage return", "A: 1\rB: 2\r\n"],
] as const;

test.each(refusals)("trailers are refused with %s", (_, lines) => {
  expect(() => forwardedTrailers(lines)).toThrow(ProtocolError);
});
