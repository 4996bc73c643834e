/** Kinds of value that tell of time: of the day, of the week, instants, and how much in a while. */
import { isTimeZone } from "../policy/rules/schedule.ts";
import type { LimitSpec, Rate, Weekday } from "../policy/spec.ts";
import { groupsOf, type Kind, size } from "./kinds.ts";
import { formatDuration, formatInstant, formatSize, parseDuration, parseSize } from "./units.ts";

const WEEKDAYS: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const RATE_MAX = 1_000_000_000;

/** RFC 3339 §5.6, with the `T` and the zone that it asks for. A leap second has no place in milliseconds. */
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/** Minutes since midnight, up to `last`. */
export function timeOfDay(last: "23:59" | "24:00"): Kind<number> {
  return {
    expected: `a time from "00:00" to "${last}"`,
    parse: (given) => {
      // TOML has times of its own, and they have seconds.
      const [, hours, minutes] = groupsOf(/^(\d\d):([0-5]\d)(?::00)?$/, given) ?? [];
      const time = Number(hours) * 60 + Number(minutes);
      return time < 1_440 || (time === 1_440 && last === "24:00") ? time : undefined;
    },
    format: (time) => `${pad(Math.floor(time / 60))}:${pad(time % 60)}`,
  };
}

/** `mon`, or `mon-fri`; a range may go round the end of the week. */
export const weekdays: Kind<readonly Weekday[]> = {
  expected: 'a day from "mon" to "sun", or a range such as "mon-fri"',
  parse: (given) => {
    const [, first, last = first] = groupsOf(/^([a-z]{3})(?:-([a-z]{3}))?$/, given) ?? [];
    const from = WEEKDAYS.indexOf(first as Weekday);
    const to = WEEKDAYS.indexOf(last as Weekday);
    if (from < 0 || to < 0) return undefined;
    return from <= to
      ? WEEKDAYS.slice(from, to + 1)
      : [...WEEKDAYS.slice(from), ...WEEKDAYS.slice(0, to + 1)];
  },
  format: (days) => days.join(),
};

export const zone: Kind<string> = {
  expected: 'the name of a time zone such as "Europe/Berlin" or "UTC"',
  // Offsets are refused: `+01:00` is right for half of the year.
  parse: (given) =>
    typeof given === "string" && /^[A-Za-z][\w+/-]{0,63}$/.test(given) && isTimeZone(given)
      ? given
      : undefined,
  format: (value) => value,
};

/** Milliseconds since the epoch. */
export const instant: Kind<number> = {
  expected: 'a time as in RFC 3339, such as "2030-01-31T12:00:00Z"',
  parse: (given) => {
    const [text = "", year, month, day] = groupsOf(INSTANT, given) ?? [];
    const ms = Date.parse(text.toUpperCase());
    // The platform takes the 31st of February for the 3rd of March.
    const isDay =
      new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
    return isDay && !Number.isNaN(ms) ? ms : undefined;
  },
  format: formatInstant,
};

export const rate: Kind<Rate> = {
  expected: `a rate such as "100/s", "30/m", "1000/h" or "5000/d", from 1 to ${RATE_MAX}`,
  parse: (given) => {
    const [, digits, unit = ""] = groupsOf(/^(\d{1,10})\/([smhd])$/, given) ?? [];
    const count = Number(digits);
    const per = UNIT_MS[unit];
    return per !== undefined && count >= 1 && count <= RATE_MAX ? { count, per } : undefined;
  },
  format: ({ count, per }) => `${count}/${Object.keys(UNIT_MS).find((unit) => UNIT_MS[unit] === per) ?? ""}`,
};

/** Bytes per second; both limits are included. */
export function byteRate(least: string, most: string): Kind<number> {
  const amount = size(least, most);
  return {
    expected: `bytes per second such as "512KiB/s" or "1MiB/s", from ${least}/s to ${most}/s`,
    parse: (given) =>
      typeof given === "string" && given.endsWith("/s") ? amount.parse(given.slice(0, -2)) : undefined,
    format: (value) => `${formatSize(value)}/s`,
  };
}

export const budget: Kind<NonNullable<LimitSpec["budget"]>> = {
  expected: 'bytes in a while such as "10GiB/24h", from 1KiB to 1000000GiB in 1s to 744h',
  parse: (given) => {
    const [, amount = "", length = ""] = groupsOf(/^([^/]+)\/([^/]+)$/, given) ?? [];
    const bytes = parseSize(amount) ?? 0;
    const window = parseDuration(length) ?? 0;
    const isInRange =
      bytes >= 2 ** 10 && bytes <= 1e6 * 2 ** 30 && window >= 1_000 && window <= 744 * 3_600_000;
    return isInRange ? { bytes, window } : undefined;
  },
  format: ({ bytes, window }) => `${formatSize(bytes)}/${formatDuration(window)}`,
};

function pad(number: number): string {
  return String(number).padStart(2, "0");
}
