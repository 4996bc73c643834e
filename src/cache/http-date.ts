/**
 * Dates as HTTP writes them (RFC 9110 §5.6.7): IMF-fixdate, and the two old forms
 * that a recipient must still read, RFC 850 and asctime.
 *
 * Letters in any case, as RFC 9111 §4.2 asks of a cache; all else to the letter.
 * A zone other than GMT, a missing blank, 31 February: no date, which is NaN. So a
 * comparison with it is false, and nothing becomes fresh by it.
 */

const SPACE = 0x20;
const COMMA = 0x2c;
const DASH = 0x2d;
const COLON = 0x3a;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"].map(
  (name) => letters(name, 0),
);
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((name) => letters(name, 0));
const LONG_DAY = /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, /i;
const GMT = letters("gmt", 0);

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const YEARS_400_MS = 146_097 * 86_400_000;

/** A two-digit year further ahead than this is one of the past (RFC 9110 §5.6.7). */
const YEARS_AHEAD_MAX = 50;

/** Milliseconds since the epoch; NaN for what is no date. `nowMs` tells the century of a two-digit year. */
export function parseHttpDate(text: string, nowMs: number): number {
  if (text.length === 29 && text.charCodeAt(3) === COMMA) return parseFixdate(text);
  if (text.length === 24 && text.charCodeAt(3) === SPACE) return parseAsctime(text);
  return parseRfc850(text, nowMs);
}

/** IMF-fixdate, to the second that has begun. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** `Sun, 06 Nov 1994 08:49:37 GMT` */
function parseFixdate(text: string): number {
  const isShaped =
    isDay(text) &&
    text.charCodeAt(4) === SPACE &&
    text.charCodeAt(7) === SPACE &&
    text.charCodeAt(11) === SPACE &&
    text.charCodeAt(16) === SPACE &&
    isZone(text, 25);
  if (!isShaped) return Number.NaN;
  const year = twoDigits(text, 12) * 100 + twoDigits(text, 14);
  return dateOf(year, monthAt(text, 8), twoDigits(text, 5), timeAt(text, 17));
}

/** `Sun Nov  6 08:49:37 1994` */
function parseAsctime(text: string): number {
  const isShaped =
    isDay(text) &&
    text.charCodeAt(7) === SPACE &&
    text.charCodeAt(10) === SPACE &&
    text.charCodeAt(19) === SPACE;
  if (!isShaped) return Number.NaN;
  const day = text.charCodeAt(8) === SPACE ? digit(text, 9) : twoDigits(text, 8);
  const year = twoDigits(text, 20) * 100 + twoDigits(text, 22);
  return dateOf(year, monthAt(text, 4), day, timeAt(text, 11));
}

/** `Sunday, 06-Nov-94 08:49:37 GMT` */
function parseRfc850(text: string, nowMs: number): number {
  const dayName = LONG_DAY.exec(text);
  if (dayName === null) return Number.NaN;
  const at = dayName[0].length;
  const isShaped =
    text.length === at + 22 &&
    text.charCodeAt(at + 2) === DASH &&
    text.charCodeAt(at + 6) === DASH &&
    text.charCodeAt(at + 9) === SPACE &&
    isZone(text, at + 18);
  if (!isShaped) return Number.NaN;
  const thisYear = new Date(nowMs).getUTCFullYear();
  let year = thisYear - (thisYear % 100) + twoDigits(text, at + 7);
  if (year > thisYear + YEARS_AHEAD_MAX) year -= 100;
  else if (year <= thisYear + YEARS_AHEAD_MAX - 100) year += 100;
  return dateOf(year, monthAt(text, at + 3), twoDigits(text, at), timeAt(text, at + 10));
}

function dateOf(year: number, month: number, day: number, timeMs: number): number {
  if (!(day >= 1 && day <= daysOf(year, month))) return Number.NaN;
  // Date.UTC takes the years 0 to 99 for those of the last century; the calendar repeats after 400.
  return Date.UTC(year + 400, month, day) - YEARS_400_MS + timeMs;
}

/** NaN for no year and no month. */
function daysOf(year: number, month: number): number {
  if (month !== 1) return DAYS_OF_MONTH[month] ?? Number.NaN;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Milliseconds of `hh:mm:ss`. The 60th second is a leap one's (RFC 9110 §5.6.7). */
function timeAt(text: string, at: number): number {
  const hour = twoDigits(text, at);
  const minute = twoDigits(text, at + 3);
  const second = twoDigits(text, at + 6);
  const isTime = hour <= 23 && minute <= 59 && second <= 60;
  if (!isTime || text.charCodeAt(at + 2) !== COLON || text.charCodeAt(at + 5) !== COLON) return Number.NaN;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

/** 0 to 11; -1 for no month. */
function monthAt(text: string, at: number): number {
  return MONTHS.indexOf(letters(text, at));
}

function isDay(text: string): boolean {
  return DAYS.includes(letters(text, 0));
}

/** " GMT" at `at`, and nothing behind it. */
function isZone(text: string, at: number): boolean {
  return text.length === at + 4 && text.charCodeAt(at) === SPACE && letters(text, at + 1) === GMT;
}

/** Three letters as a number, the same in any case. */
function letters(text: string, at: number): number {
  return (
    lower(text.charCodeAt(at)) * 65_536 +
    lower(text.charCodeAt(at + 1)) * 256 +
    lower(text.charCodeAt(at + 2))
  );
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}

function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

/** NaN for what is no digit, which makes a NaN of all that is worked out with it. */
function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 0x30;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
