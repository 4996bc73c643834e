import { describe, expect, test } from "bun:test";
import { silentAnswer } from "../../src/cache/control.ts";
import { parseTargetedControl } from "../../src/cache/targeted.ts";

// Each row: what it shows | the field | what it says beyond nothing.
const fields = [
  ["a time (RFC 9213 §2.1)", "max-age=60", { maxAgeMs: 60_000 }],
  [
    "several members",
    "max-age=60, must-revalidate,no-cache",
    { maxAgeMs: 60_000, mustRevalidate: true, noCache: true },
  ],
  ["what is not known beside it", "foobar, max-age=60, b=?0, c=1.5, d=:YQ==:, e=t/k", { maxAgeMs: 60_000 }],
  [
    "parameters, which mean nothing",
    'max-age=60;x;y="a";z=1, no-store;a',
    { maxAgeMs: 60_000, noStore: true },
  ],
  ["an inner list", 'x=(1 "a" b;c=1 ) , max-age=60', { maxAgeMs: 60_000 }],
  ["the last of two (RFC 8941 §3.2)", "max-age=60, max-age=5", { maxAgeMs: 5_000 }],
  ["true", "no-store=?1", { noStore: true }],
  ["false", "no-store=?0, max-age=1", { maxAgeMs: 1_000 }],
  ["names of fields", 'private="Set-Cookie, X"', { withheldFields: ["set-cookie", "x"] }],
  ["a restriction of the wrong type, which restricts", "private=1", { isPrivate: true }],
  ["more than 2^31 seconds", "max-age=99999999999", { maxAgeMs: 2_147_483_648_000 }],
  ["15 digits", "max-age=999999999999999", { maxAgeMs: 2_147_483_648_000 }],
  ["members that all are unknown", "foo", {}],
] as const;

test.each(fields)("reads %s", (_, field, says) => {
  expect(parseTargetedControl(field)).toEqual({ ...silentAnswer, ...says });
});

describe("is as if it were not there (RFC 9213 §2.1) with", () => {
  test.each([
    ["nothing in it", ""],
    ["what is no member", "max-age=60, &&&&&"],
    ["a text for a time", 'max-age="60"'],
    ["a fraction for a time", "max-age=60.5"],
    ["a negative time", "max-age=-60"],
    ["no value for a time", "max-age"],
    ["16 digits", "max-age=1000000000000000"],
    ["a blank before =", "max-age =60"],
    ["a blank after =", "max-age= 60"],
    ["a name in upper case", "MaX-aGe=60"],
    ["a comma at the end", "max-age=60,"],
    ["a comma in front", ", max-age=60"],
    ["two commas", "max-age=60,, no-store"],
    ["no comma", "max-age=60 no-store"],
    ["a quote that never closes", 'max-age=60, private="a'],
    ["single quotes", "max-age='60'"],
  ])("%s", (_, field) => {
    expect(parseTargetedControl(field)).toBeUndefined();
  });
});
