import { describe, expect } from "bun:test";
import { head, transcript } from "../support/relay.ts";

const VIA = "Via: 1.1 headgate";

describe("a body that lasts until its connection closes", () => {
  // Each row: the version | what the client reads | whether it stays.
  const rows = [
    [
      1,
      `${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", VIA)}2\r\nhi\r\n4\r\n you\r\n0\r\n\r\n`,
      true,
    ],
    [0, `${head("HTTP/1.1 200 OK", VIA, "Connection: close")}hi you`, false],
  ] as const;

  for (const [minor, read, stays] of rows) {
    transcript(`reaches HTTP/1.${minor} whole`, (relay) => {
      const { client, upstream } = relay.exchange(asks(minor));
      upstream.says(`${head("HTTP/1.1 200 OK")}hi`);
      upstream.says(" you");
      upstream.ends();

      expect(client.received).toBe(read);
      expect(upstream.isClosed).toBe(true);
      expect(relay.log.includes("client end")).toBe(!stays);
      expect(relay.records.map(({ bytesOut }) => bytesOut)).toEqual([client.receivedBytes]);
    });
  }

  transcript("and is cut for the client when it was reset", (relay) => {
    const { client, upstream } = relay.exchange(asks(1));
    upstream.says(`${head("HTTP/1.1 200 OK")}hi`);
    upstream.resets();

    expect(relay.told().at(-1)).toBe("client destroy");
    expect(client.received).toEndWith("2\r\nhi\r\n");
    expect(relay.records.map(({ status, failure }) => [status, failure])).toEqual([
      [200, "http_response_incomplete"],
    ]);
  });
});

function asks(minor: 0 | 1): string {
  return head(`GET http://a.example/ HTTP/1.${minor}`, "Host: a.example");
}
