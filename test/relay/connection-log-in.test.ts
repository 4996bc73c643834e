import { describe, expect } from "bun:test";
import { head, transcript } from "../support/relay.ts";

describe("a connection that its client has logged in is never another client's", () => {
  // Each row: what it shows | the client's Authorization | the answer | whether the connection is kept.
  const rows = [
    ["an NTLM log-in that was accepted", "NTLM TlRMTVNTUAAD", "HTTP/1.1 204 No Content", false],
    ["one by Negotiate", "negotiate YIIC", "HTTP/1.1 204 No Content", false],
    ["accepted, and the request refused all the same", "NTLM TlRMTVNTUAAD", "HTTP/1.1 403 Forbidden", false],
    ["a step of one that has yet to be accepted", "NTLM TlRMTVNTUAAB", "HTTP/1.1 401 Unauthorized", true],
    ["a scheme that stands for one request", "Basic eDp5", "HTTP/1.1 204 No Content", true],
  ] as const;

  for (const [name, authorization, status, isKept] of rows) {
    transcript(`${name}: ${isKept ? "kept" : "closed"}`, (relay) => {
      const { upstream } = relay.exchange(
        head("GET http://a.example/ HTTP/1.1", "Host: a.example", `Authorization: ${authorization}`),
      );
      upstream.says(head(status, "Content-Length: 0"));

      expect(relay.pooled).toBe(isKept ? 1 : 0);
    });
  }
});
