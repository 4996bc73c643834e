/**
 * What is given up when memory gets short, in this order. Pure.
 *
 *   1  from 90 % of the ceiling   no new clients
 *   2  from 95 %                  no new exchanges, and idle connections are closed
 *   3  at the ceiling             exchanges are cut, the newest first, tunnels last
 */
export type ShedLevel = 0 | 1 | 2 | 3;

/** Where a level begins, as part of the ceiling. */
const MARKS = [0, 0.9, 0.95, 1] as const;

/** A level ends only this much below its mark, or it would come and go with every collection. */
const SLACK = 0.03;

/** `current`: the level until now. Without a ceiling nothing is shed. */
export function shedLevel(
  rssBytes: number,
  ceilingBytes: number | undefined,
  current: ShedLevel = 0,
): ShedLevel {
  if (ceilingBytes === undefined) return 0;
  const part = rssBytes / ceilingBytes;
  if (part >= markOf(3, current)) return 3;
  if (part >= markOf(2, current)) return 2;
  return part >= markOf(1, current) ? 1 : 0;
}

function markOf(level: ShedLevel, current: ShedLevel): number {
  return MARKS[level] - (level <= current ? SLACK : 0);
}
