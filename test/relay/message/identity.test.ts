import { describe, expect, test } from "bun:test";
import type { Config } from "../../../src/config/schema.ts";
import { parseTarget } from "../../../src/http1/target.ts";
import { parseAddress } from "../../../src/policy/address.ts";
import { identityOf, introduce } from "../../../src/relay/message/identity.ts";

type Wishes = Pick<Config, "forwarded"> & {
  readonly mode?: Config["via"]["mode"];
  readonly pseudonym?: string;
  readonly anonymous?: boolean;
  readonly userAgent?: string;
};

const FROM_CLIENT = [
  "Accept: */*",
  "X-Forwarded-For: 192.0.2.1",
  "x-forwarded-proto: https",
  "X-Forwarded-Port: 443",
  "Forwarded: for=192.0.2.1",
  "Via: 1.1 other",
  "X-Real-IP: 192.0.2.1",
];

// What is wished | what the upstream is told.
const manners: readonly (readonly [Wishes["forwarded"], readonly string[]])[] = [
  ["pass", FROM_CLIENT],
  [
    "append",
    [
      "Accept: */*",
      "x-forwarded-proto: https",
      "X-Forwarded-Port: 443",
      "Via: 1.1 other",
      "X-Real-IP: 192.0.2.1",
      "X-Forwarded-For: 192.0.2.1, 198.51.100.7",
      "X-Forwarded-Host: a.test",
      "Forwarded: for=192.0.2.1, by=_headgate;for=198.51.100.7;host=a.test;proto=http",
    ],
  ],
  [
    "replace",
    [
      "Accept: */*",
      "Via: 1.1 other",
      "X-Real-IP: 192.0.2.1",
      "X-Forwarded-For: 198.51.100.7",
      "X-Forwarded-Host: a.test",
      "X-Forwarded-Proto: http",
      "Forwarded: by=_headgate;for=198.51.100.7;host=a.test;proto=http",
    ],
  ],
  ["hide", ["Accept: */*", "Via: 1.1 other", "X-Real-IP: 192.0.2.1"]],
];

test.each(manners)("%s makes of what a client says", (forwarded, expected) => {
  expect(told(FROM_CLIENT, { forwarded })).toEqual([...expected]);
});

// What the client says | the list that it becomes, of X-Forwarded-For | of Forwarded.
const OURS = "by=_headgate;for=198.51.100.7;host=a.test;proto=http";
const lists: readonly (readonly [readonly string[], string, string])[] = [
  [[], "198.51.100.7", OURS],
  [["X-Forwarded-For: a, b", "X-FORWARDED-FOR:c"], "a, b, c, 198.51.100.7", OURS],
  [["X-Forwarded-For:"], "198.51.100.7", OURS],
  [["Forwarded: for=a", "forwarded: for=b, for=c"], "198.51.100.7", `for=a, for=b, for=c, ${OURS}`],
  [['Forwarded: for="[::1]"; host="a\\"b,"'], "198.51.100.7", `for="[::1]"; host="a\\"b,", ${OURS}`],
  [['Forwarded: for="a', "Forwarded: for=b"], "198.51.100.7", `for=b, ${OURS}`],
  [['Forwarded: for="a\\"'], "198.51.100.7", OURS],
];

test.each(lists)("appended to %j, the client is the last of %s and of %s", (lines, addresses, hops) => {
  const told = introduced(lines, { forwarded: "append" });

  expect(told).toContain(`X-Forwarded-For: ${addresses}\r\n`);
  expect(told).toContain(`Forwarded: ${hops}\r\n`);
  expect(told.match(/^(?:x-)?forwarded(?:-for)?:/gim)).toHaveLength(2);
});

// The client | the target | X-Forwarded-For | Forwarded | X-Forwarded-Host.
const nodes = [
  ["198.51.100.7", "a.test:8080", "198.51.100.7", 'for=198.51.100.7;host="a.test:8080"', "a.test:8080"],
  ["2001:DB8::7", "a.test", "2001:db8::7", 'for="[2001:db8::7]";host=a.test', "a.test"],
  ["::ffff:198.51.100.7", "[::1]", "198.51.100.7", 'for=198.51.100.7;host="[::1]"', "[::1]"],
  ["::", "a.test", "unknown", "for=unknown;host=a.test", "a.test"],
] as const;

test.each(nodes)("the client %s of %s is called %s and %s", (client, authority, address, node, host) => {
  const told = introduced([], { forwarded: "replace" }, client, authority);

  expect(told).toBe(
    `X-Forwarded-For: ${address}\r\nX-Forwarded-Host: ${host}\r\nX-Forwarded-Proto: http\r\nForwarded: by=_headgate;${node};proto=http\r\n`,
  );
});

// The wish | what the upstream is told of fields in the spelling that CGI makes of them.
const underscored = [
  ["append", ["X_Forwarded_Port: 1", "X_Real_IP: 192.0.2.1"]],
  ["replace", ["X_Real_IP: 192.0.2.1"]],
  ["hide", ["X_Real_IP: 192.0.2.1"]],
] as const;

test.each(underscored)("%s takes names with underscores for what they are", (forwarded, expected) => {
  const lines = ["X_Forwarded_For: 192.0.2.1", "X_Forwarded_Port: 1", "X_Real_IP: 192.0.2.1"];

  const [left, ours] = [told(lines, { forwarded }), told([], { forwarded })];

  expect(left).toEqual([...expected, ...ours]);
});

test("a pseudonym is made to fit where names must be plain", () => {
  expect(introduced([], { forwarded: "replace", pseudonym: "gate~1.a" })).toContain("by=_gate_1.a;");
});

describe("an anonymous client", () => {
  const lines = [
    "Accept: */*",
    "User-Agent: me/1",
    "From: me@a.test",
    "Referer: http://b.test/secret",
    "Cookie: a=b",
    "X_Forwarded_For: 192.0.2.1",
    "x_client-ip: 192.0.2.1",
    ...FROM_CLIENT.slice(1),
  ];

  test("is not told of by anything", () => {
    expect(told(lines, { forwarded: "append", anonymous: true })).toEqual([
      "Accept: */*",
      "User-Agent: me/1",
      "Cookie: a=b",
    ]);
  });

  test("keeps the Referer of the very site that it asks", () => {
    const referer = "Referer: \thttps://A.test/x ";

    expect(told([referer], { forwarded: "pass", anonymous: true })).toEqual([referer]);
  });

  test("is given another user agent if so wished, though it had none", () => {
    const wishes = { forwarded: "pass", anonymous: true, userAgent: "us/2" } as const;

    expect(told(["User-Agent: me/1", "A: 1"], wishes)).toEqual(["User-Agent: us/2", "A: 1"]);
    expect(told(["A: 1"], wishes)).toEqual(["A: 1", "User-Agent: us/2"]);
  });

  test("is given one in place of all that tell of the other", () => {
    const lines = [
      "User_Agent: me",
      'Sec-CH-UA: "me";v="1"',
      "sec-ch-ua-platform: x",
      "Sec-Fetch-Mode: cors",
    ];

    expect(told(lines, { forwarded: "pass", anonymous: true })).toEqual(lines);
    expect(told(lines, { forwarded: "pass", anonymous: true, userAgent: "us/2" })).toEqual([
      "Sec-Fetch-Mode: cors",
      "User-Agent: us/2",
    ]);
  });

  test("is given none while it is not anonymous", () => {
    expect(told(["A: 1"], { forwarded: "hide", userAgent: "us/2" })).toEqual(["A: 1"]);
  });
});

// What is wished | our line in Via | the name by which loops are found.
const vias: readonly (readonly [Omit<Wishes, "forwarded">, string, string])[] = [
  [{}, "Via: 1.1 headgate\r\n", "headgate"],
  [{ mode: "pseudonym", pseudonym: "us" }, "Via: 1.1 us\r\n", "us"],
  [{ mode: "on" }, "Via: 1.1 vm-1.local\r\n", "vm-1.local"],
  [{ mode: "off" }, "", "headgate"],
  [{ mode: "on", anonymous: true }, "", "vm-1.local"],
];

test.each(vias)("the wish %j adds %j, and we are %s", (wishes, line, name) => {
  const identity = identityFor({ forwarded: "pass", ...wishes });

  expect(identity.viaLines).toEqual([line.replace("1.1", "1.0"), line]);
  expect(identity.viaName).toBe(name);
});

// What a machine calls itself | what we call it.
const machines = [
  ["vm 1\r\nX: y", "vm_1__X__y"],
  ["", "headgate"],
] as const;

test.each(machines)("a machine that calls itself %j is %s in Via", (hostName, name) => {
  expect(identityFor({ forwarded: "pass", mode: "on" }, hostName).viaName).toBe(name);
});

function told(lines: readonly string[], wishes: Wishes): string[] {
  return introduced(lines, wishes).split("\r\n").slice(0, -1);
}

function introduced(
  lines: readonly string[],
  wishes: Wishes,
  client = "198.51.100.7",
  authority = "a.test",
): string {
  const target = parseTarget("GET", `http://${authority}/`);
  const address = parseAddress(client);
  if (target.form !== "absolute" || address === undefined) throw new Error("Cannot read the test");
  const text = lines.map((line) => `${line}\r\n`).join("");
  return introduce(identityFor(wishes), text, address, target.origin);
}

function identityFor(wishes: Wishes, hostName = "vm-1.local") {
  const { forwarded, mode = "pseudonym", pseudonym = "headgate", anonymous = false, userAgent } = wishes;
  return identityOf(
    { forwarded, via: { mode, pseudonym, maxSeen: 2 }, anonymous: { enabled: anonymous, userAgent } },
    hostName,
  );
}
