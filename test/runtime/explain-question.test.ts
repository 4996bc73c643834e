import { describe, expect, test } from "bun:test";
import type { Account } from "../../src/credentials/account.ts";
import { parseAddress } from "../../src/policy/address.ts";
import { parseQuestion } from "../../src/runtime/explain-question.ts";
import { configOf } from "./configs.ts";

const NOW = Date.UTC(2026, 0, 1);

const config = configOf({
  listeners: [{ address: "127.0.0.1:8888" }, { address: "[::1]:3128" }],
});

const accounts: readonly Account[] = [
  { name: "alice", groups: ["dev"], expires: undefined, secret: { kind: "hash", text: "" } },
  { name: "old", groups: [], expires: NOW, secret: { kind: "hash", text: "" } },
];

// The URL as somebody writes it | what a client would send.
const urls = [
  ["http://example.com", "GET example.com:80 /"],
  ["HTTP://Example.com./a?b#c", "GET example.com:80 /a?b"],
  ["http://example.com:8080/", "GET example.com:8080 /"],
  ["http://[::FFFF:7f00:1]/", "GET 127.0.0.1:80 /"],
  ["http://bücher.example/ä", "GET xn--bcher-kva.example:80 /%C3%A4"],
  ["https://example.com/secret", "CONNECT example.com:443 "],
  ["https://example.com:8443", "CONNECT example.com:8443 "],
  ["https://[2001:db8::1]/", "CONNECT 2001:db8::1:443 "],
  ["https://example.com:/", "CONNECT example.com:443 "],
  ["example.com:22", "CONNECT example.com:22 "],
  ["[::1]:22", "CONNECT ::1:22 "],
] as const;

test.each(urls)("%s is %s", (url, sent) => {
  const parsed = parseQuestion({ url }, config, [], NOW);

  if (!parsed.ok) throw new Error(parsed.problems.join());
  const { kind, method, origin, path } = parsed.asked;
  expect(`${method} ${origin.host}:${origin.port} ${path}`).toBe(sent);
  expect(kind).toBe(method === "CONNECT" ? "tunnel" : "http");
});

// What is asked | what is wrong with it.
const mistakes: readonly (readonly [unknown, string])[] = [
  ["http://a/", "Expected an object with a url"],
  [null, "Expected an object with a url"],
  [{}, "url: Expected a URL"],
  [[], "url: Expected a URL"],
  [{ url: 1 }, "url: Expected a URL"],
  [{ url: "" }, "url: Expected a URL"],
  [{ url: `http://a/${"a".repeat(20_000)}` }, "url: Expected at most 16384 characters"],
  [{ url: "example.com" }, 'url: Expected "http://…", "https://…" or "host:port", found "example.com"'],
  [{ url: "/a" }, 'url: Expected "http://…", "https://…" or "host:port", found "/a"'],
  [{ url: "/a://b" }, 'url: Expected "http://…", "https://…" or "host:port", found "/a://b"'],
  [{ url: "ftp://a/" }, 'url: The proxy would answer 400 (Cannot read target: scheme "ftp" is not forwarded'],
  [{ url: "http://127.1/" }, "url: The proxy would answer 400 (Cannot read target: the host is malformed)"],
  [{ url: "2130706433:80" }, "url: The proxy would answer 400"],
  [{ url: "https://u:p@a/" }, "url: The proxy would answer 400 (Cannot read target: user information in it)"],
  [{ url: "http://a/", method: "CONNECT" }, 'method: A CONNECT is to "host:port", and has no URL'],
  [{ url: "http://a/", method: "G T" }, 'method: Expected a method such as "GET", found "G T"'],
  [{ url: "http://a/", method: 1 }, "method: Expected a method"],
  [{ url: "http://a/", client: "localhost" }, 'client: Expected an IP address, found "localhost"'],
  [
    { url: "http://a/", listener: "127.0.0.1:1" },
    "listener: Expected one of 127.0.0.1:8888, [::1]:3128, found",
  ],
  [{ url: "http://a/", listener: "first" }, "listener: Expected one of 127.0.0.1:8888, [::1]:3128, found"],
  [{ url: "http://a/", user: "bob" }, 'user: Nobody can log in as "bob"'],
  [{ url: "http://a/", headers: {} }, "headers: Unknown, expected url, method, client, user or listener"],
];

test.each(mistakes)("%j is refused: %s", (question, problem) => {
  const parsed = parseQuestion(question, config, accounts, NOW);

  if (parsed.ok) throw new Error("It was taken");
  expect(parsed.problems).toHaveLength(1);
  expect(parsed.problems[0]).toStartWith(problem);
});

test("every mistake is told at once", () => {
  const question = { url: "a", method: "", client: "b", listener: "c", user: "d" };
  const parsed = parseQuestion(question, config, accounts, NOW);

  if (parsed.ok) throw new Error("It was taken");
  const parts = parsed.problems.map((problem) => problem.split(":")[0]);
  expect(parts).toEqual(["url", "method", "client", "listener", "user"]);
});

describe("who asks", () => {
  const asked = (question: object, known = accounts) => {
    const parsed = parseQuestion({ url: "http://a/", ...question }, config, known, NOW);
    if (!parsed.ok) throw new Error(parsed.problems.join());
    return parsed.asked;
  };

  test("is somebody on this machine at the first listener, when nothing is said", () => {
    expect(asked({})).toMatchObject({ client: parseAddress("127.0.0.1"), listener: 0, user: undefined });
  });

  test("is whom the question names", () => {
    expect(asked({ client: "::ffff:10.0.0.1", listener: "[0::1]:3128", user: "alice" })).toMatchObject({
      client: parseAddress("10.0.0.1"),
      listener: 1,
      user: { name: "alice", groups: ["dev"] },
      hasExpired: false,
    });
  });

  test("may have had credentials that expired", () => {
    expect(asked({ user: "old" })).toMatchObject({ user: { name: "old" }, hasExpired: true });
  });

  test("may be anybody where nobody can log in", () => {
    expect(asked({ user: "bob" }, [])).toMatchObject({
      user: { name: "bob", groups: [] },
      hasExpired: false,
    });
  });
});
