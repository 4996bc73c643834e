import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const CONNECT = head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443");

function content(spec: object, mode = "enforce"): { policy: object } {
  return { policy: { mode, rules: [{ name: "kinds", action: "content", content: spec }] } };
}

const SMALL = { requestBytes: "4B", answerBytes: "4B" };

describe("a request is refused by what its head says, before anything is dialled", () => {
  // Each row: what it shows | the rule | the request | status | reason | whether the client may ask again.
  const rows = [
    [
      "an extension",
      { extensions: ["exe"] },
      head("GET http://a.example/x/setup.EXE?v=1 HTTP/1.1", HOST),
      403,
      "content_extension",
      true,
    ],
    [
      "one that is spelled otherwise",
      { extensions: ["exe"] },
      head("GET http://a.example/setup%2Eexe HTTP/1.1", HOST),
      403,
      "content_extension",
      true,
    ],
    [
      "a body that says it is too large",
      SMALL,
      `${head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 5")}abcde`,
      413,
      "content_size",
      false,
    ],
    [
      "one that asks first",
      SMALL,
      head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 5", "Expect: 100-continue"),
      413,
      "content_size",
      false,
    ],
  ] as const;

  for (const [name, spec, request, status, reason, mayAskAgain] of rows) {
    transcript(name, (relay) => {
      relay.configure(content(spec));
      const client = relay.client();
      client.says(request);

      expect(statuses(client)).toEqual([status]);
      expect(client.received).toContain('by rule \\"kinds\\": ');
      expect(relay.dials).toBe(0);
      expect(relay.told().includes("client end")).toBe(!mayAskAgain);
      expect(relay.records).toMatchObject([
        { status, reason, rule: "kinds", failure: "http_request_denied" },
      ]);
      expect(relay.read(cells.refusals[reason])).toBe(1);
    });
  }

  transcript("of a tunnel nothing is known, and nothing refused", (relay) => {
    relay.configure(content({ extensions: ["example"], requestBytes: "0B", answerBytes: "0B" }));
    const { client, upstream } = relay.exchange(CONNECT);
    client.says("hello");
    upstream.says("hello");

    expect(upstream.received).toBe("hello");
    expect(client.received).toEndWith("hello");
  });
});

describe("an answer is refused by what its head says, and another is told in its place", () => {
  // Each row: what it shows | the rule | the answer's fields | status | reason.
  const rows = [
    [
      "a media type",
      { mediaTypes: ["video/*"] },
      ["Content-Type: Video/mp4; x=y", "Content-Length: 9"],
      403,
      "content_type",
    ],
    [
      "the name that it is saved as",
      { extensions: ["exe"] },
      ['Content-Disposition: attachment; filename="a.exe"', "Content-Length: 9"],
      403,
      "content_extension",
    ],
    ["a size that it declares", SMALL, ["Content-Length: 5"], 413, "content_size"],
    [
      "the size of the whole that it is a part of",
      SMALL,
      ["Content-Range: bytes 0-1/5", "Content-Length: 2"],
      413,
      "content_size",
    ],
  ] as const;

  for (const [name, spec, fields, status, reason] of rows) {
    transcript(name, (relay) => {
      relay.configure(content(spec));
      const { client, upstream } = relay.exchange(GET);
      upstream.says(`${head("HTTP/1.1 103 Early Hints")}${head("HTTP/1.1 200 OK", ...fields)}abc`);

      expect(statuses(client)).toEqual([103, status]);
      expect(client.received).not.toContain("abc");
      expect(upstream.isClosed).toBe(true);
      expect(relay.pooled).toBe(0);
      expect(relay.records).toMatchObject([
        { status, reason, rule: "kinds", failure: "http_request_denied" },
      ]);
      client.says(head("OPTIONS * HTTP/1.1", HOST));
      expect(statuses(client)).toEqual([103, status, 200]);
    });
  }

  transcript("a request that is still being sent is no reason to wait", (relay) => {
    relay.configure(content({ mediaTypes: ["video/*"] }));
    const { client, upstream } = relay.exchange(
      head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 9"),
    );
    upstream.says(head("HTTP/1.1 200 OK", "Content-Type: video/mp4", "Content-Length: 5"));

    expect(statuses(client)).toEqual([403]);
    expect(relay.told().at(-1)).toBe("client end");
  });
});

describe("a body that turns out larger", () => {
  const CHUNKED = head("POST http://a.example/ HTTP/1.1", HOST, "Transfer-Encoding: chunked");

  transcript("on its way there is told, and the upstream never has it whole", (relay) => {
    relay.configure(content(SMALL));
    const { client, upstream } = relay.exchange(CHUNKED);
    client.says("3\r\nabc\r\n");
    expect(upstream.received).toEndWith("3\r\nabc\r\n");
    client.says("2\r\nde\r\n0\r\n\r\n");

    expect(statuses(client)).toEqual([413]);
    expect(upstream.received).toEndWith("3\r\nabc\r\n");
    expect(upstream.isClosed).toBe(true);
    expect(relay.told().at(-1)).toBe("client end");
    expect(relay.records).toMatchObject([{ status: 413, reason: "content_size", rule: "kinds" }]);
  });

  transcript("and waited for its connection never reaches that", (relay) => {
    relay.configure(content(SMALL));
    const client = relay.client();
    client.says(`${CHUNKED}5\r\nabcde\r\n0\r\n\r\n${GET}`);
    const upstream = relay.upstream();

    expect(statuses(client)).toEqual([413]);
    expect(upstream.received).toBe("");
    expect(upstream.isClosed).toBe(true);
    expect(client.received).toContain("Connection: close");
  });

  transcript("on its way back is cut, for its head is told already", (relay) => {
    relay.configure(content(SMALL));
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}3\r\nabc\r\n`);
    expect(client.received).toEndWith("3\r\nabc\r\n");
    upstream.says("2\r\nde\r\n0\r\n\r\n");

    expect(client.received).toEndWith("3\r\nabc\r\n");
    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.told()).toContain("client destroy");
    expect(relay.records).toMatchObject([
      { status: 200, reason: "content_size", failure: "http_request_denied" },
    ]);
  });

  transcript("in the very piece that has its head is told", (relay) => {
    relay.configure(content(SMALL));
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK")}abcdefgh`);

    expect(statuses(client)).toEqual([413]);
    expect(upstream.isClosed).toBe(true);
  });

  transcript("than no byte is not an empty one", (relay) => {
    relay.configure(content({ answerBytes: "0B" }));
    const { client, upstream } = relay.exchange(GET);
    upstream.says(head("HTTP/1.1 200 OK", "Content-Length: 0"));

    expect(statuses(client)).toEqual([200]);
  });

  transcript("of all rules the least is what counts, and is named", (relay) => {
    relay.configure({
      policy: {
        rules: [
          { name: "eight", action: "content", content: { answerBytes: "8B" } },
          { name: "four", action: "content", content: { answerBytes: "4B" } },
        ],
      },
    });
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK")}abcdef`);

    expect(statuses(client)).toEqual([413]);
    expect(relay.records).toMatchObject([{ rule: "four" }]);
  });
});

describe("an audit tells, and lets pass", () => {
  // Each row: what it shows | the rule | the request | the answer | the reason.
  const POST = `${head("POST http://a.example/ HTTP/1.1", HOST, "Transfer-Encoding: chunked")}5\r\nabcde\r\n0\r\n\r\n`;
  const rows = [
    [
      "an extension",
      { extensions: ["exe"] },
      head("GET http://a.example/a.exe HTTP/1.1", HOST),
      head("HTTP/1.1 204 No Content"),
      "content_extension",
    ],
    [
      "a media type",
      { mediaTypes: ["video/*"] },
      GET,
      head("HTTP/1.1 200 OK", "Content-Type: video/mp4", "Content-Length: 0"),
      "content_type",
    ],
    ["a declared size", SMALL, GET, `${head("HTTP/1.1 200 OK", "Content-Length: 5")}abcde`, "content_size"],
    ["a real size, there", SMALL, POST, head("HTTP/1.1 204 No Content"), "content_size"],
    [
      "a real size, back",
      SMALL,
      GET,
      `${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}5\r\nabcde\r\n0\r\n\r\n`,
      "content_size",
    ],
  ] as const;

  for (const [name, spec, request, answer, reason] of rows) {
    transcript(name, (relay) => {
      relay.configure(content(spec, "audit"));
      const client = relay.client();
      client.says(request);
      const upstream = relay.upstream();
      upstream.says(answer);

      expect(upstream.received.includes("abcde")).toBe(request === POST);
      expect(client.received.includes("abcde")).toBe(answer.includes("abcde"));
      expect(relay.records).toMatchObject([{ failure: undefined, rule: "kinds", reason, wouldDeny: true }]);
      expect(relay.read(cells.refusals[reason])).toBe(1);
      expect(relay.pooled).toBe(1);
    });
  }
});
