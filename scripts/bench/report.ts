/** Turns the rounds of a row into medians, a table and a verdict for each goal. */
import type { Sample } from "./load.ts";
import type { PeerName } from "./peers.ts";
import type { Goal, Row } from "./rows.ts";

export interface RowResult {
  readonly name: string;
  readonly title: string;
  readonly rounds: number;
  /** The median over the rounds of every figure. */
  readonly figures: Readonly<Partial<Record<PeerName, Sample>>>;
  readonly goals: readonly GoalResult[];
  /** Who was left out, and why. */
  readonly notes: readonly string[];
}

export type GoalResult = Goal & {
  /** The figure, or its ratio to that of `against`; undefined when one of them was not measured. */
  readonly reached: number | undefined;
  readonly isMet: boolean;
};

export function summarize(
  row: Row,
  samples: ReadonlyMap<PeerName, readonly Sample[]>,
  notes: readonly string[],
): RowResult {
  const figures: Partial<Record<PeerName, Sample>> = {};
  for (const [name, rounds] of samples) {
    if (rounds.length > 0) figures[name] = medians(rounds);
  }
  const goals = row.goals.map((goal) => judge(goal, figures));
  const rounds = Math.max(0, ...[...samples.values()].map(({ length }) => length));
  return { name: row.name, title: row.title, rounds, figures, goals, notes };
}

export function formatRow(result: RowResult): string {
  const peers = Object.entries(result.figures);
  const metrics = Object.keys(peers[0]?.[1] ?? {});
  const cost = metrics[0] ?? "";
  const ours = peers[0]?.[1][cost] ?? Number.NaN;

  const header = ["", ...metrics, `${peers[0]?.[0] ?? "ours"} ÷ it`];
  const body = peers.map(([name, figures]) => [
    name,
    ...metrics.map((metric) => formatNumber(figures[metric])),
    formatNumber(ours / (figures[cost] ?? Number.NaN)),
  ]);
  const lines = [`\n${result.title} (${result.name}, median of ${result.rounds})`];
  if (peers.length > 0) lines.push(...formatTable([header, ...body]));
  lines.push(...result.notes.map((note) => `  ${note}`));
  lines.push(...result.goals.map((goal) => `  ${formatGoal(goal)}`));
  return lines.join("\n");
}

function judge(goal: Goal, figures: RowResult["figures"]): GoalResult {
  const figure = figures[goal.of]?.[goal.metric];
  const base = goal.against === undefined ? 1 : figures[goal.against]?.[goal.metric];
  const reached = figure === undefined || base === undefined ? undefined : figure / base;
  return { ...goal, reached, isMet: reached !== undefined && isWithin(goal, reached) };
}

function isWithin(goal: Goal, reached: number): boolean {
  return "atMost" in goal ? reached <= goal.atMost : reached >= goal.atLeast;
}

function formatGoal(goal: GoalResult): string {
  const of = goal.against === undefined ? "" : ` × ${goal.against}`;
  const bound = "atMost" in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`;
  const wanted = `${goal.metric} of ${goal.of} ${bound}${of}`;
  if (goal.reached === undefined) return `not measured  ${wanted}`;
  return `${goal.isMet ? "met   " : "MISSED"}  ${wanted}: ${formatNumber(goal.reached)}`;
}

function medians(rounds: readonly Sample[]): Sample {
  const metrics = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    metrics.map((metric) => [metric, median(rounds.map((round) => round[metric] ?? 0))]),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}

function formatTable(cells: readonly (readonly string[])[]): string[] {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells.map((row) => {
    const padded = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `  ${padded.join("   ")}`;
  });
}

/** Three digits that count, and no more after the point than that. */
function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
