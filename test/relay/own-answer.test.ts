import { describe, expect } from "bun:test";
import { head, statuses, transcript } from "../support/relay.ts";

const ALLOW = "Allow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE\r\n";
const OURS = "Via: 1.1 headgate";

describe("what we answer ourselves, and dial nobody for", () => {
  // Each row: what it shows | the request | the status | what the answer holds | whether the connection stays.
  const rows: readonly (readonly [string, string, number, string, boolean])[] = [
    [
      "origin-form is told how to use us",
      head("GET /index.html HTTP/1.1", "Host: proxy.example:8888"),
      400,
      "Point a client at it: curl -x http://proxy.example:8888 http://example.com/",
      false,
    ],
    ["OPTIONS *", head("OPTIONS * HTTP/1.1", "Host: a"), 200, ALLOW, true],
    [
      "OPTIONS * with a body, which is not read",
      head("OPTIONS * HTTP/1.1", "Host: a", "Content-Length: 1"),
      200,
      ALLOW,
      false,
    ],
    [
      "OPTIONS that may go no further",
      head("OPTIONS http://a.example/ HTTP/1.1", "Host: a.example", "Max-Forwards: 0"),
      200,
      ALLOW,
      true,
    ],
    [
      "TRACE that may go no further comes back as it came",
      head("TRACE http://a.example/x HTTP/1.1", "Host: a.example", "Max-Forwards: 0", "X-Kept: 1"),
      200,
      "\r\n\r\nTRACE http://a.example/x HTTP/1.1\r\nHost: a.example\r\nMax-Forwards: 0\r\nX-Kept: 1\r\n\r\n",
      true,
    ],
    [
      "TRACE in HTTP/1.0",
      head("TRACE http://a.example/ HTTP/1.0", "Max-Forwards: 0"),
      200,
      "Content-Type: message/http\r\n",
      false,
    ],
    [
      "a CONNECT with a body",
      head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443", "Content-Length: 1"),
      400,
      '; details="CONNECT has no body (RFC 9110, section 9.3)"\r\n',
      false,
    ],
    [
      "a request that has been here too often",
      head(
        "GET http://a.example/ HTTP/1.1",
        "Host: a.example",
        OURS,
        "Via: 1.1 x, 1.0 HEADGATE (us), HTTP/1.1 headgate",
      ),
      508,
      "error=proxy_loop_detected",
      true,
    ],
    [
      "a CONNECT that has been here too often",
      head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443", OURS, OURS, OURS),
      508,
      "error=proxy_loop_detected",
      false,
    ],
  ];

  for (const [name, request, status, part, stays] of rows) {
    transcript(name, (relay) => {
      const client = relay.client();
      client.says(request);

      expect(statuses(client)).toEqual([status]);
      expect(client.received).toContain(part);
      expect(client.received.includes("Connection: close\r\n")).toBe(!stays);
      expect(relay.told().slice(1)).toEqual(stays ? [] : ["client end"]);
      expect(relay.records.map(({ kind, bytesIn, bytesOut }) => [kind, bytesIn, bytesOut])).toEqual([
        ["own", request.length, client.receivedBytes],
      ]);
    });
  }

  transcript("TRACE tells no secrets", (relay) => {
    const client = relay.client();
    client.says(
      head(
        "TRACE http://a.example/ HTTP/1.1",
        "Host: a.example",
        "Max-Forwards: 0",
        "Authorization: Basic a",
        "Cookie: b",
        "Proxy-Authorization: Basic c",
      ),
    );

    expect(client.received).not.toMatch(/authorization|cookie/i);
  });
});

transcript("what follows a CONNECT that we refuse is not read as a request", (relay) => {
  const client = relay.client();
  client.says(
    head("CONNECT a.example:80 HTTP/1.1", "Host: a.example:80", OURS, OURS, OURS) +
      head("OPTIONS * HTTP/1.1", "Host: a"),
  );

  expect(statuses(client)).toEqual([508]);
  expect(client.received).toContain("Connection: close\r\n");
});

describe("what only looks like it goes on", () => {
  // Each row: what it shows | the request | a line that the upstream reads.
  const rows = [
    [
      "OPTIONS for a whole server",
      head("OPTIONS http://a.example HTTP/1.1", "Host: a.example"),
      "OPTIONS * HTTP/1.1\r\n",
    ],
    [
      "TRACE with hops left, one fewer",
      head("TRACE http://a.example/ HTTP/1.1", "Host: a.example", "Max-Forwards: 3"),
      "\r\nMax-Forwards: 2\r\n",
    ],
    [
      "GET with Max-Forwards, which is not for GET",
      head("GET http://a.example/ HTTP/1.1", "Host: a.example", "Max-Forwards: 0"),
      "\r\nMax-Forwards: 0\r\n",
    ],
    [
      "a request that has been here as often as it may",
      head("GET http://a.example/ HTTP/1.1", "Host: a.example", OURS, OURS),
      `${OURS}\r\n${OURS}\r\n${OURS}\r\n`,
    ],
    [
      "a Via with a name like ours",
      head(
        "GET http://a.example/ HTTP/1.1",
        "Host: a.example",
        "Via: 1.1 headgate2, 1.1 x (headgate), 1.1 headgate.example",
      ),
      "headgate2",
    ],
  ] as const;

  for (const [name, request, line] of rows) {
    transcript(name, (relay) => {
      const client = relay.client();
      client.says(request);
      const upstream = relay.upstream();

      expect(upstream.received).toContain(line);
      upstream.says(head("HTTP/1.1 204 No Content"));
    });
  }
});
