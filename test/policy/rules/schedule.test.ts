import { describe, expect, test } from "bun:test";
import { describeSpan, isTimeZone, Schedule } from "../../../src/policy/rules/schedule.ts";
import type { TimeSpan } from "../../../src/policy/spec.ts";

const WEEK: Partial<TimeSpan> = { days: ["mon", "tue", "wed", "thu", "fri"] };

// 2026-03-06 is a Friday.
const instants = [
  ["at the first minute", { ...WEEK, from: 480, to: 1080 }, "2026-03-06T08:00:00Z", true],
  ["a second before it", { ...WEEK, from: 480, to: 1080 }, "2026-03-06T07:59:59Z", false],
  ["at the last second", { ...WEEK, from: 480, to: 1080 }, "2026-03-06T17:59:59Z", true],
  ["at its end", { ...WEEK, from: 480, to: 1080 }, "2026-03-06T18:00:00Z", false],
  ["on another day", { ...WEEK, from: 480, to: 1080 }, "2026-03-07T12:00:00Z", false],
  ["on any day, when none is named", { from: 480, to: 1080 }, "2026-03-07T12:00:00Z", true],
  ["until midnight", { from: 480, to: 1440 }, "2026-03-06T23:59:59Z", true],
  ["in the evening of a night", { days: ["fri"], from: 1320, to: 360 }, "2026-03-06T23:00:00Z", true],
  ["in the morning after it", { days: ["fri"], from: 1320, to: 360 }, "2026-03-07T05:59:59Z", true],
  [
    "at the end of the morning after it",
    { days: ["fri"], from: 1320, to: 360 },
    "2026-03-07T06:00:00Z",
    false,
  ],
  [
    "in the morning of the day it begins on",
    { days: ["fri"], from: 1320, to: 360 },
    "2026-03-06T05:00:00Z",
    false,
  ],
  ["from Saturday into Sunday", { days: ["sat"], from: 1320, to: 360 }, "2026-03-08T01:00:00Z", true],
  ["from Sunday into Monday", { days: ["sun"], from: 1320, to: 360 }, "2026-03-09T01:00:00Z", true],
  ["all of a day", { days: ["fri"], from: 0, to: 0 }, "2026-03-06T23:59:59Z", true],
  ["not the day after it", { days: ["fri"], from: 0, to: 0 }, "2026-03-07T00:00:00Z", false],
  ["24 hours from a time on", { days: ["fri"], from: 480, to: 480 }, "2026-03-07T07:59:00Z", true],
  ["by the clock of the zone", { from: 480, to: 540, zone: "Europe/Berlin" }, "2026-03-06T07:30:00Z", true],
  [
    "by the day of the zone",
    { days: ["sat"], from: 0, to: 60, zone: "Asia/Tokyo" },
    "2026-03-06T15:30:00Z",
    true,
  ],
  ["by half an hour of a zone", { from: 0, to: 1, zone: "Asia/Kolkata" }, "2026-03-06T18:30:00Z", true],
  // Berlin: 02:00 becomes 03:00 on 29 March 2026, 03:00 becomes 02:00 on 25 October.
  ["before summer time", { from: 60, to: 120, zone: "Europe/Berlin" }, "2026-03-29T00:59:59Z", true],
  [
    "never in the hour that is skipped",
    { from: 120, to: 180, zone: "Europe/Berlin" },
    "2026-03-29T01:00:00Z",
    false,
  ],
  [
    "after the hour that is skipped",
    { from: 180, to: 240, zone: "Europe/Berlin" },
    "2026-03-29T01:00:00Z",
    true,
  ],
  ["in summer", { from: 480, to: 540, zone: "Europe/Berlin" }, "2026-07-03T06:30:00Z", true],
  [
    "in the hour that comes twice",
    { from: 120, to: 180, zone: "Europe/Berlin" },
    "2026-10-25T00:30:00Z",
    true,
  ],
  ["and once more", { from: 120, to: 180, zone: "Europe/Berlin" }, "2026-10-25T01:30:00Z", true],
  ["and not a third time", { from: 120, to: 180, zone: "Europe/Berlin" }, "2026-10-25T02:30:00Z", false],
] as const;

test.each(instants)("a span holds, or not, %s", (_, parts, at, holds) => {
  const schedule = new Schedule([span(parts)]);

  expect(schedule.holdsAt(Date.parse(at))).toBe(holds);
});

test("one span of several is enough, and spanAt tells which", () => {
  const morning = span({ from: 480, to: 540 });
  const evening = span({ from: 1080, to: 1140 });
  const schedule = new Schedule([morning, evening]);

  expect(schedule.spanAt(Date.parse("2026-03-06T08:30:00Z"))).toBe(morning);
  expect(schedule.spanAt(Date.parse("2026-03-06T18:30:00Z"))).toBe(evening);
  expect(schedule.spanAt(Date.parse("2026-03-06T12:00:00Z"))).toBeUndefined();
});

describe("what is remembered for a minute is right for every minute of a week", () => {
  test.each(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"])("%s", (zone) => {
    const spans = [
      span({ days: ["mon", "sat"], from: 1380, to: 30, zone }),
      span({ from: 600, to: 601, zone }),
    ];
    const schedule = new Schedule(spans);
    const clock = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
    });
    const start = Date.parse("2026-10-01T00:00:00Z");
    for (let minute = 0; minute < 7 * 1440; minute += 7) {
      const now = start + minute * 60_000;
      const [day = "", time = ""] = clock.format(now).split(/,? /);
      const late = time >= "23:00" && (day === "Mon" || day === "Sat");
      const early = time < "00:30" && (day === "Tue" || day === "Sun");
      expect([time, day, schedule.holdsAt(now)]).toEqual([time, day, late || early || time === "10:00"]);
    }
  });
});

test("a span is described as it is written", () => {
  expect(describeSpan(span({ days: ["mon", "sun"], from: 485, to: 1440, zone: "Europe/Berlin" }))).toBe(
    "mon, sun 08:05-24:00 Europe/Berlin",
  );
  expect(describeSpan(span({ from: 0, to: 0 }))).toBe("00:00-00:00 UTC");
});

test("knows the zones of IANA, and no others", () => {
  expect(isTimeZone("Europe/Berlin")).toBe(true);
  expect(isTimeZone("UTC")).toBe(true);
  expect(isTimeZone("Europe/Bielefeld")).toBe(false);
  expect(isTimeZone("")).toBe(false);
});

function span(parts: Partial<TimeSpan>): TimeSpan {
  return { days: [], from: 0, to: 0, zone: "UTC", ...parts };
}
