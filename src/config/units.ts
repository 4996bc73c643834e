/**
 * Durations and sizes as people write them ("250ms", "64MiB") against plain
 * numbers of milliseconds and bytes. A number without a unit is refused: `10`
 * has meant seconds in one program and milliseconds in the next.
 */

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Both families, as memory is counted in one and disks in the other. */
const UNIT_BYTES = {
  TiB: 2 ** 40,
  TB: 1e12,
  GiB: 2 ** 30,
  GB: 1e9,
  MiB: 2 ** 20,
  MB: 1e6,
  KiB: 2 ** 10,
  KB: 1e3,
  kB: 1e3,
  B: 1,
};

/** Milliseconds; undefined when `text` is no duration. */
export function parseDuration(text: string): number | undefined {
  return parseAmount(text, UNIT_MS);
}

/** Bytes; undefined when `text` is no size. */
export function parseSize(text: string): number | undefined {
  return parseAmount(text, UNIT_BYTES);
}

/** In the largest unit that divides it, so that what was read is written the same; one day is 24 hours to people. */
export function formatDuration(ms: number): string {
  if (ms === UNIT_MS.d) return "24h";
  return ms === 0 ? "0s" : formatAmount(ms, UNIT_MS);
}

export function formatSize(bytes: number): string {
  return bytes === 0 ? "0B" : formatAmount(bytes, UNIT_BYTES);
}

/** Milliseconds since the epoch, as RFC 3339 writes them. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

function parseAmount(text: string, units: Record<string, number>): number | undefined {
  const [, digits, unit] = /^(\d{1,9})([a-zA-Z]{1,3})$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  return Number(digits) * (units[unit] ?? Number.NaN);
}

function formatAmount(amount: number, units: Record<string, number>): string {
  const [unit, worth] = Object.entries(units).find(([, each]) => amount % each === 0) ?? ["", 1];
  return `${amount / worth}${unit}`;
}
