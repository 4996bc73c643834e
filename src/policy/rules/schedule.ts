/**
 * Times of day and weekdays, by the clock on the wall of a time zone: when clocks
 * are put forward, what is skipped does not happen, and when they are put back,
 * an hour happens twice. Time is an argument. No zone has changed its offset in
 * the middle of a minute since 1972, so that an answer holds for a minute.
 */
import type { TimeSpan, Weekday } from "../spec.ts";

const MINUTE_MS = 60_000;
const DAYS: readonly Weekday[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

export class Schedule {
  readonly #spans: readonly { readonly span: TimeSpan; readonly clock: WallClock }[];
  #minute = Number.NaN;
  #holds = false;

  constructor(spans: readonly TimeSpan[]) {
    this.#spans = spans.map((span) => ({ span, clock: clockOf(span.zone) }));
  }

  holdsAt(nowMs: number): boolean {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#holds = this.spanAt(nowMs) !== undefined;
      this.#minute = minute;
    }
    return this.#holds;
  }

  /** The first that holds. */
  spanAt(nowMs: number): TimeSpan | undefined {
    const minute = Math.floor(nowMs / MINUTE_MS);
    return this.#spans.find(({ span, clock }) => isWithin(span, clock(minute)))?.span;
  }
}

/** `mon, tue 08:00-18:00 Europe/Berlin`. */
export function describeSpan({ days, from, to, zone }: TimeSpan): string {
  const shown = days.length === 0 ? "" : `${days.join(", ")} `;
  return `${shown}${describeMinutes(from)}-${describeMinutes(to)} ${zone}`;
}

/** IANA names, of which the platform knows all. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function describeMinutes(minutes: number): string {
  const digits = (count: number): string => String(count).padStart(2, "0");
  return `${digits(Math.floor(minutes / 60))}:${digits(minutes % 60)}`;
}

interface WallTime {
  /** Minutes since midnight. */
  readonly minutes: number;
  readonly day: number;
}

function isWithin({ days, from, to }: TimeSpan, { minutes, day }: WallTime): boolean {
  if (from < to) return from <= minutes && minutes < to && isDay(days, day);
  // It began today, or yesterday and goes on until `to`.
  return minutes >= from ? isDay(days, day) : minutes < to && isDay(days, (day + 6) % 7);
}

function isDay(days: readonly Weekday[], day: number): boolean {
  return days.length === 0 || days.some((name) => name === DAYS[day]);
}

/** From minutes since the epoch. */
type WallClock = (minute: number) => WallTime;

function clockOf(zone: string): WallClock {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return (minute) => {
    const parts = format.formatToParts(minute * MINUTE_MS);
    const partOf = (type: string): string => parts.find((part) => part.type === type)?.value ?? "";
    return {
      minutes: Number(partOf("hour")) * 60 + Number(partOf("minute")),
      day: DAYS.indexOf(partOf("weekday").toLowerCase() as Weekday),
    };
  };
}
