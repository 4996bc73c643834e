import { expect, test } from "bun:test";
import { formatHttpDate, parseHttpDate } from "../../src/cache/http-date.ts";

const NOW = Date.UTC(2026, 6, 1);

// Each row: what it shows | the text | what it says.
const dates = [
  ["IMF-fixdate (RFC 9110 §5.6.7)", "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
  ["RFC 850 (RFC 9110 §5.6.7)", "Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
  ["asctime (RFC 9110 §5.6.7)", "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37.000Z"],
  ["asctime with two digits", "Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37.000Z"],
  ["the week in any case (RFC 9111 §4.2)", "THU, 18 Aug 2050 02:01:18 GMT", "2050-08-18T02:01:18.000Z"],
  ["the month in any case (RFC 9111 §4.2)", "Thu, 18 AUG 2050 02:01:18 GMT", "2050-08-18T02:01:18.000Z"],
  ["the zone in any case (RFC 9111 §4.2)", "Thu, 18 Aug 2050 02:01:18 gMT", "2050-08-18T02:01:18.000Z"],
  ["RFC 850 in any case", "THURSDAY, 18-aug-50 02:01:18 gmt", "2050-08-18T02:01:18.000Z"],
  ["two digits, 50 years ahead", "Wednesday, 01-Jan-76 00:00:00 GMT", "2076-01-01T00:00:00.000Z"],
  ["two digits, further ahead: the past", "Saturday, 01-Jan-77 00:00:00 GMT", "1977-01-01T00:00:00.000Z"],
  ["beyond 32 bits", "Tue, 19 Jan 2038 14:14:08 GMT", "2038-01-19T14:14:08.000Z"],
  ["beyond ten digits of seconds", "Sun, 21 Nov 2286 04:46:39 GMT", "2286-11-21T04:46:39.000Z"],
  ["before 1970", "Thu, 01 Jan 1914 00:00:00 GMT", "1914-01-01T00:00:00.000Z"],
  ["a year of one digit", "Mon, 01 Jan 0001 00:00:00 GMT", "0001-01-01T00:00:00.000Z"],
  ["a day of a leap year", "Thu, 29 Feb 2024 00:00:00 GMT", "2024-02-29T00:00:00.000Z"],
  ["a leap second", "Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00.000Z"],
  ["a day of the week that is wrong", "Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
] as const;

test.each(dates)("reads %s", (_, text, says) => {
  expect(new Date(parseHttpDate(text, NOW)).toISOString()).toBe(says);
});

// RFC 9111 §4.2 and §5.3: none of these is a date, so what expires then has expired.
const refusals = [
  ["nothing", ""],
  ["0", "0"],
  ["-1", "-1"],
  ["a number of seconds", "1700000000"],
  ["UTC", "Thu, 18 Aug 2050 02:01:18 UTC"],
  ["another zone", "Thu, 18 Aug 2050 02:01:18 AEST"],
  ["an offset", "Thu, 18 Aug 2050 02:01:18 +0000"],
  ["no zone", "Thu, 18 Aug 2050 02:01:18"],
  ["a year of two digits in IMF-fixdate", "Thu, 18 Aug 50 02:01:18 GMT"],
  ["no comma", "Thu 18 Aug 2050 02:01:18 GMT"],
  ["two blanks", "Thu, 18  Aug  2050 02:01:18 GMT"],
  ["dashes with a long year", "Thu, 18-Aug-2050 02:01:18 GMT"],
  ["dashes with a short week", "Thu, 18-Aug-50 02:01:18 GMT"],
  ["periods in the time", "Thu, 18 Aug 2050 02.01.18 GMT"],
  ["an hour of one digit", "Thu, 18 Aug 2050 2:01:18 GMT"],
  ["no day of the week", "18 Aug 2050 02:01:18 GMT"],
  ["no such day of the week", "Foo, 18 Aug 2050 02:01:18 GMT"],
  ["no such month", "Thu, 18 Foo 2050 02:01:18 GMT"],
  ["no such day", "Thu, 31 Feb 2050 02:01:18 GMT"],
  ["day 0", "Thu, 00 Aug 2050 02:01:18 GMT"],
  ["29 February of no leap year", "Thu, 29 Feb 2100 02:01:18 GMT"],
  ["hour 24", "Thu, 18 Aug 2050 24:00:00 GMT"],
  ["minute 60", "Thu, 18 Aug 2050 23:60:00 GMT"],
  ["second 61", "Thu, 18 Aug 2050 23:59:61 GMT"],
  ["more behind it", "Thu, 18 Aug 2050 02:01:18 GMT "],
  ["two dates", "Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT"],
  ["asctime without its blank", "Sun Nov 6 08:49:37 1994"],
  ["ISO 8601", "2050-08-18T02:01:18Z"],
] as const;

test.each(refusals)("is not fooled by %s", (_, text) => {
  expect(parseHttpDate(text, NOW)).toBeNaN();
});

test("a time is written in whole seconds that have begun", () => {
  expect(formatHttpDate(Date.UTC(1994, 10, 6, 8, 49, 37, 999))).toBe("Sun, 06 Nov 1994 08:49:37 GMT");
});
