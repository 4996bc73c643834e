/** Every setting: its default, what it takes up to its limits, what it refuses just beyond them. */
import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";
import { settingsOf } from "../../src/config/reference.ts";
import { configSchema } from "../../src/config/schema.ts";
import { type Rows, treeWith, valueIn } from "./rows.ts";
import { authenticationRows } from "./rows-authentication.ts";
import { cacheRows } from "./rows-cache.ts";
import { coreRows } from "./rows-core.ts";
import { effectRows } from "./rows-effect.ts";
import { limitRows } from "./rows-limits.ts";
import { policyRows } from "./rows-policy.ts";
import { reverseRows } from "./rows-reverse.ts";
import { ruleRows } from "./rows-rule.ts";

const DENY = { policy: { rules: [{ name: "a", action: "deny" }] } };

const rows: Rows = {
  ...coreRows,
  ...limitRows,
  ...authenticationRows,
  ...policyRows,
  ...cacheRows,
  ...reverseRows,
  ...Object.fromEntries(
    Object.entries({ ...ruleRows, ...effectRows }).map(([key, row]) => [
      `policy.rules[0].${key}`,
      { beside: DENY, ...row },
    ]),
  ),
};

test("every setting of the schema has a row", () => {
  const paths = settingsOf(configSchema).map(({ path }) => path.replaceAll("[]", "[0]"));
  const isOfMany = (path: string): boolean =>
    paths.some((other) => other.startsWith(`${path}[0]`) || other.startsWith(`${path}.NAME`));
  const single = paths.filter((path) => !isOfMany(path));

  expect(Object.keys(rows).sort()).toEqual(single.sort());
});

for (const [path, { good, bad, beside, without = beside, ...row }] of Object.entries(rows)) {
  describe(path, () => {
    if ("fallback" in row) {
      test("has its default, also when nothing stands behind its name", () => {
        expect(kept(path, without ?? {})).toEqual(row.fallback as never);
        expect(kept(path, treeWith(path, null, without))).toEqual(row.fallback as never);
      });
    } else {
      test("must be given", () => {
        const parsed = parseConfig(treeWith(path, null, beside), {});

        expect(parsed.ok ? [] : parsed.problems).toEqual([expect.stringMatching(startOf(path))]);
      });
    }

    test.each(good.map((pair) => [short(pair[0]), ...pair] as const))("takes %s", (_, given, value) => {
      expect(kept(path, treeWith(path, given, beside))).toEqual(value as never);
    });

    test.each(bad.map((given) => [short(given), given] as const))("refuses %s", (_, given) => {
      const parsed = parseConfig(treeWith(path, given, beside), {});

      expect(parsed.ok ? [] : parsed.problems).toEqual([expect.stringMatching(startOf(path))]);
    });
  });
}

/** As a test's name. */
function short(given: unknown): string {
  return (JSON.stringify(given) ?? "nothing").slice(0, 60);
}

function kept(path: string, input: unknown): unknown {
  const parsed = parseConfig(input, {});
  if (!parsed.ok) throw new Error(parsed.problems.join("\n"));
  return valueIn(parsed.config, path);
}

/** The problem is the setting's own, or lies in it. */
function startOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.[\]]/g, "\\$&")}(\\[\\d+\\])?: .+$`);
}
