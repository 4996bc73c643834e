/** Every setting: its default, what it takes up to its limits, what it refuses just beyond them. */
import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";
import { settingsOf } from "../../src/config/reference.ts";
import { configSchema } from "../../src/config/schema.ts";

const WAIT = {
  good: [
    ["10ms", 10],
    ["24h", 86_400_000],
  ],
  bad: ["9ms", "25h", "", 10, "10", true],
} as const;

interface Row {
  readonly fallback: unknown;
  /** As written | as kept. */
  readonly good: readonly (readonly [unknown, unknown])[];
  readonly bad: readonly unknown[];
}

const rows: Readonly<Record<string, Row>> = {
  "listeners[0].address": {
    fallback: { host: "127.0.0.1", port: 8888 },
    good: [
      ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
      ["127.8.0.1:65535", { host: "127.8.0.1", port: 65_535 }],
      ["localhost:80", { host: "127.0.0.1", port: 80 }],
      ["LOCALHOST:80", { host: "127.0.0.1", port: 80 }],
      ["[::1]:80", { host: "::1", port: 80 }],
      ["[0:0::0:1]:80", { host: "::1", port: 80 }],
      ["[::ffff:127.0.0.1]:80", { host: "127.0.0.1", port: 80 }],
    ],
    bad: [
      "127.0.0.1",
      "127.0.0.1:65536",
      ":80",
      "::1:80",
      "[127.0.0.1]:80",
      "[localhost]:80",
      "example.com:80",
      "127.0.0.1:80/",
      "127.0.0.1:-1",
      80,
      "",
      "[fe80::1%eth0]:80",
    ],
  },
  "listeners[0].mode": {
    fallback: "forward",
    good: [["forward", "forward"]],
    bad: ["reverse", "", "Forward", 1],
  },
  "listeners[0].clients": {
    fallback: [],
    good: [
      [[], []],
      [
        ["10.0.0.0/8", "::1", "fd00::/8"],
        ["10.0.0.0/8", "::1", "fd00::/8"],
      ],
    ],
    bad: ["10.0.0.0/8", ["10.0.0.1/8"], ["localhost"], [10], [null], new Array(1_001).fill("::1")],
  },
  "admin.address": {
    fallback: { host: "127.0.0.1", port: 8889 },
    good: [
      ["off", "off"],
      ["[::1]:0", { host: "::1", port: 0 }],
    ],
    bad: ["on", "", false, 8889, "8889"],
  },
  "admin.token": {
    fallback: undefined,
    good: [
      ["0123456789abcdef", "0123456789abcdef"],
      ["~".repeat(512), "~".repeat(512)],
    ],
    bad: [
      "0123456789abcde",
      "x".repeat(513),
      "0123456789 abcdef",
      "0123456789abcdéf",
      "",
      1234567890123456,
      ["0123456789abcdef"],
    ],
  },
  workers: {
    fallback: "auto",
    good: [
      ["auto", "auto"],
      [1, 1],
      [64, 64],
      ["2", 2],
    ],
    bad: [0, 65, 1.5, -1, "Auto", "", "2.0", "0x2", " 2", true, Number.NaN],
  },
  "timeouts.head": { fallback: 10_000, ...WAIT },
  "timeouts.connect": { fallback: 5_000, ...WAIT },
  "timeouts.firstByte": { fallback: 60_000, ...WAIT },
  "timeouts.idle": { fallback: 60_000, ...WAIT },
  "timeouts.body": { fallback: 30_000, ...WAIT },
  "timeouts.tunnelIdle": { fallback: 600_000, ...WAIT },
  "timeouts.drain": {
    fallback: 30_000,
    good: [
      ["0s", 0],
      ["24h", 86_400_000],
    ],
    bad: ["25h", 0, "-1s"],
  },
  "limits.connections": { fallback: 10_000, ...counts(1, 1_000_000) },
  "limits.connectionsPerClient": { fallback: 512, ...counts(1, 1_000_000) },
  "limits.headBytes": {
    fallback: 32_768,
    good: [
      ["1KiB", 1_024],
      ["1MiB", 1_048_576],
    ],
    bad: ["1023B", "1025KiB", 32_768, "32k"],
  },
  "limits.uriBytes": {
    fallback: 16_384,
    good: [
      ["256B", 256],
      ["1MiB", 1_048_576],
    ],
    bad: ["255B", "2MiB", 512],
  },
  "limits.headerCount": { fallback: 128, ...counts(1, 10_000) },
  "limits.pipelined": { fallback: 64, ...counts(1, 1_024) },
  "limits.dials": { fallback: 1_000, ...counts(1, 65_535) },
  "pool.perEndpoint": { fallback: 100, ...counts(0, 10_000) },
  "pool.idle": { fallback: 30_000, ...WAIT },
  "dns.ttlMin": {
    fallback: 1_000,
    good: [
      ["0s", 0],
      ["5m", 300_000],
    ],
    bad: ["61m", 1],
  },
  "dns.ttlMax": {
    fallback: 300_000,
    good: [
      ["1s", 1_000],
      ["24h", 86_400_000],
    ],
    bad: ["25h", 1],
  },
  "dns.failureTtl": {
    fallback: 1_000,
    good: [
      ["0s", 0],
      ["1h", 3_600_000],
    ],
    bad: ["61m", 1],
  },
  "dns.timeout": {
    fallback: 5_000,
    good: [
      ["10ms", 10],
      ["5m", 300_000],
    ],
    bad: ["9ms", "6m", 1],
  },
  "via.pseudonym": {
    fallback: "headgate",
    good: [
      ["a", "a"],
      ["edge-1.example_!#$%&'*+^`|~", "edge-1.example_!#$%&'*+^`|~"],
      ["x".repeat(64), "x".repeat(64)],
    ],
    bad: ["", "x".repeat(65), "two words", "a:1", "a/b", "a\r\nb", "é", 1],
  },
  "via.maxSeen": { fallback: 2, ...counts(0, 100) },
  "log.access": {
    fallback: "stdout",
    good: [
      ["stdout", "stdout"],
      ["off", "off"],
      ["./a.log", "./a.log"],
      ["/var/log/h", "/var/log/h"],
      ["C:\\h.log", "C:\\h.log"],
    ],
    bad: ["stdot", "", "access.log", false, "/a\0b", 1],
  },
  "log.format": {
    fallback: "auto",
    good: [
      ["auto", "auto"],
      ["json", "json"],
      ["common", "common"],
      ["pretty", "pretty"],
    ],
    bad: ["JSON", "off", "", true],
  },
  "log.query": {
    fallback: true,
    good: [
      [true, true],
      [false, false],
      ["true", true],
      ["false", false],
    ],
    bad: ["yes", 1, ""],
  },
  "log.bufferBytes": {
    fallback: 1_048_576,
    good: [
      ["64KiB", 65_536],
      ["256MiB", 268_435_456],
    ],
    bad: ["65535B", "257MiB", 65_536],
  },
};

test("every setting of the schema has a row", () => {
  const paths = settingsOf(configSchema).map(({ path }) => path.replace("[]", "[0]"));

  expect(Object.keys(rows)).toEqual(paths.filter((path) => path !== "listeners"));
});

for (const [path, { fallback, good, bad }] of Object.entries(rows)) {
  describe(path, () => {
    test("has its default, also when nothing stands behind its name", () => {
      expect(valueAt(path, undefined)).toEqual(fallback as never);
      if (!path.endsWith("].address")) expect(valueAt(path, treeWith(path, null))).toEqual(fallback as never);
    });

    test.each(good.map((pair) => [short(pair[0]), ...pair] as const))("takes %s", (_, given, kept) => {
      expect(valueAt(path, treeWith(path, given))).toEqual(kept as never);
    });

    test.each(bad.map((given) => [short(given), given] as const))("refuses %s", (_, given) => {
      const parsed = parseConfig(treeWith(path, given), {});

      expect(parsed.ok ? [] : parsed.problems).toEqual([expect.stringMatching(startOf(path))]);
    });
  });
}

test("a section with nothing in it is all defaults", () => {
  const sections = {
    listeners: null,
    admin: null,
    timeouts: null,
    limits: null,
    pool: null,
    dns: null,
    via: null,
    log: null,
  };

  expect(parseConfig(sections, {})).toEqual(parseConfig({}, {}));
  expect(parseConfig(null, {})).toEqual(parseConfig({}, {}));
});

/** As a test's name. */
function short(given: unknown): string {
  return (JSON.stringify(given) ?? "nothing").slice(0, 60);
}

function counts(least: number, most: number): Pick<Row, "good" | "bad"> {
  return {
    good: [
      [least, least],
      [most, most],
      [String(most), most],
    ],
    bad: [least - 1, most + 1, least + 0.5, "", "many", true, [least], { value: least }],
  };
}

/** `timeouts.head` and a value → a tree with only that in it; a listener gets the address it must have. */
function treeWith(path: string, value: unknown): unknown {
  const keys = path.replace("[0]", ".0").split(".");
  const tree = keys.reduceRight<unknown>((inner, key) => (key === "0" ? [inner] : { [key]: inner }), value);
  if (!path.startsWith("listeners") || path.endsWith(".address")) return tree;
  const [listener] = (tree as { listeners: [object] }).listeners;
  return { listeners: [{ address: "127.0.0.1:8888", ...listener }] };
}

function valueAt(path: string, input: unknown): unknown {
  const parsed = parseConfig(input, {});
  if (!parsed.ok) throw new Error(parsed.problems.join("\n"));
  const keys = path.replace("[0]", ".0").split(".");
  return keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], parsed.config);
}

/** The problem is the setting's own, or lies in it. */
function startOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.[\]]/g, "\\$&")}(\\[\\d+\\])?: Expected .+, found .+$`);
}
