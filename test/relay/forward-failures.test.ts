import { describe, expect } from "bun:test";
import type { FailureWord } from "../../src/observe/failure-word.ts";
import { head, statuses, transcript } from "../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const OK = head("HTTP/1.1 200 OK", "Content-Length: 5");

describe("an answer that is none is a 502, and its connection is not used again", () => {
  // Each row: what it shows | what the upstream says | the word.
  const rows: readonly (readonly [string, string, FailureWord])[] = [
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "http_protocol_error"],
    ["another protocol, whose line never ends", "220 mail.example ESMTP", "http_protocol_error"],
    ["HTTP/2", "\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04", "http_protocol_error"],
    ["a version that we do not speak", head("HTTP/2.0 200 OK"), "http_protocol_error"],
    ["no status", head("HTTP/1.1 OK"), "http_protocol_error"],
    ["a bare line feed", "HTTP/1.1 200 OK\nX: 1\n\n", "http_protocol_error"],
    ["whitespace before a colon", head("HTTP/1.1 200 OK", "X : 1"), "http_protocol_error"],
    ["a folded line", head("HTTP/1.1 200 OK", "X: 1", " 2"), "http_protocol_error"],
    ["a control byte in a field", head("HTTP/1.1 200 OK", "X: \x00"), "http_protocol_error"],
    [
      "both framings",
      head("HTTP/1.1 200 OK", "Content-Length: 1", "Transfer-Encoding: chunked"),
      "http_protocol_error",
    ],
    [
      "lengths that differ",
      head("HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2"),
      "http_protocol_error",
    ],
    ["a length that is none", head("HTTP/1.1 200 OK", "Content-Length: 1, 1"), "http_protocol_error"],
    [
      "a coding that we can't take apart",
      head("HTTP/1.1 200 OK", "Transfer-Encoding: gzip"),
      "http_protocol_error",
    ],
    ["chunks in HTTP/1.0", head("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"), "http_protocol_error"],
    [
      "a head over the limit",
      head("HTTP/1.1 200 OK", `X: ${"x".repeat(40_000)}`),
      "http_response_header_section_size",
    ],
    [
      "too many fields",
      head("HTTP/1.1 200 OK", ...Array(200).fill("X: 1")),
      "http_response_header_section_size",
    ],
    [
      "a protocol switched unasked",
      head("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: x"),
      "http_upgrade_failed",
    ],
    ["an end within the head", "HTTP/1.1 200 OK\r\nX:", "http_response_incomplete"],
    ["an end after an interim answer", head("HTTP/1.1 100 Continue"), "http_response_incomplete"],
    ["an end before anything", "", "connection_terminated"],
  ];

  for (const [name, said, word] of rows) {
    for (const [delivery, pieces] of [
      ["in one piece", [said]],
      ["byte by byte", [...said]],
    ] as const) {
      transcript(`${name}, ${delivery}`, (relay) => {
        const { client, upstream } = relay.exchange(GET);
        for (const piece of pieces) if (!upstream.isClosed && piece !== "") upstream.says(piece);
        if (!upstream.isClosed) upstream.ends();

        expect(statuses(client).filter((status) => status >= 200)).toEqual([502]);
        expect(client.received).toContain(`error=${word};`);
        expect(upstream.isClosed).toBe(true);
        expect(relay.pooled).toBe(0);
        expect(relay.records.map(({ failure, status }) => [failure, status])).toEqual([[word, 502]]);

        client.says(head("OPTIONS * HTTP/1.1", HOST));
        expect(statuses(client).at(-1)).toBe(200);
      });
    }
  }
});

describe("an answer that breaks off after its head was passed on cuts the client", () => {
  // Each row: what it shows | what the upstream says first | how it goes on | the word.
  const rows = [
    ["an end within a length", `${OK}ab`, "ends", "http_response_incomplete"],
    ["a reset within a length", `${OK}ab`, "resets", "http_response_incomplete"],
    [
      "an end between chunks",
      `${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}2\r\nab\r\n`,
      "ends",
      "http_response_incomplete",
    ],
    [
      "a bad chunk",
      `${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}2\r\nab\r\n`,
      "zz\r\n",
      "http_protocol_error",
    ],
    [
      "a bad trailer",
      `${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}2\r\nab\r\n`,
      "0\r\nX : 1\r\n\r\n",
      "http_protocol_error",
    ],
  ] as const;

  for (const minor of [0, 1]) {
    for (const [name, first, then, word] of rows) {
      transcript(`${name}, to HTTP/1.${minor}`, (relay) => {
        const { client, upstream } = relay.exchange(head(`GET http://a.example/ HTTP/1.${minor}`, HOST));
        upstream.says(first);
        if (then === "ends") upstream.ends();
        else if (then === "resets") upstream.resets();
        else upstream.says(then);

        expect(relay.log).toContain("client destroy");
        expect(client.received).not.toContain("0\r\n\r\n");
        expect(upstream.isClosed).toBe(true);
        expect(relay.records.map(({ failure, status }) => [failure, status])).toEqual([[word, 200]]);
      });
    }
  }
});

transcript("a bad chunk that comes with its head is a 502 still", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  upstream.says(`${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}zz\r\n`);

  expect(statuses(client)).toEqual([502]);
  expect(upstream.isClosed).toBe(true);
});
