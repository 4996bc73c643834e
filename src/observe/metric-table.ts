/**
 * Hands out cells, a number each, and remembers which metric they belong to. What
 * is counted under a name that comes from the config (a rule, a user) gets a run
 * of cells, one for each place; who has which place is told when it is shown.
 */

export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** `sum`: one series over all threads; `worker`: a series for each worker, as a sum would mean nothing. */
  readonly over: "sum" | "worker";
  /** Cell units in one of the metric's: 1000 where the cell has milliseconds. */
  readonly divisor: number;
  readonly cells: MetricCell[];
  /** Of a metric that has its cells by place, and none in `cells`. */
  readonly run: CellRun | undefined;
}

export interface MetricCell {
  readonly cell: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface CellRun {
  readonly first: number;
  /** Places from 0 to this, less one. */
  readonly count: number;
  readonly of: NamedSet;
  /** The label that a place's name is the value of. */
  readonly label: string;
}

/** What a config names, and we count. */
export type NamedSet = "rules" | "lists" | "users" | "tags" | "limits";

/** By place: who counts there. Each name stands in its list once; a place that nobody has is undefined. */
export type PlaceNames = Readonly<Record<NamedSet, readonly (string | undefined)[]>>;

export class MetricTable {
  readonly metrics: Metric[] = [];
  cellCount = 0;

  counter(name: string, help: string): number {
    return this.#cellOf(this.#metric(name, "counter", help));
  }

  gauge(name: string, help: string): number {
    return this.#cellOf(this.#metric(name, "gauge", help));
  }

  /** A gauge of which each worker has a series. */
  perWorker(name: string, help: string, divisor: number): number {
    return this.#cellOf(this.#metric(name, "gauge", help, { over: "worker", divisor }));
  }

  /** Counted, and not shown. */
  hidden(): number {
    return this.cellCount++;
  }

  /** A counter with a series for each word. */
  counters<Word extends string>(
    name: string,
    help: string,
    label: string,
    words: readonly Word[],
  ): Readonly<Record<Word, number>> {
    return this.#worded("counter", name, help, label, words);
  }

  /** A gauge with a series for each word. */
  gauges<Word extends string>(
    name: string,
    help: string,
    label: string,
    words: readonly Word[],
  ): Readonly<Record<Word, number>> {
    return this.#worded("gauge", name, help, label, words);
  }

  /** A counter with two labels; the cell of a row's first column. */
  grid<Row extends string>(
    name: string,
    help: string,
    [rowLabel, rows]: readonly [string, readonly Row[]],
    [columnLabel, columns]: readonly [string, readonly string[]],
  ): Readonly<Record<Row, number>> {
    const metric = this.#metric(name, "counter", help);
    const entries = rows.map((row) => {
      const first = this.cellCount;
      for (const column of columns) this.#cellOf(metric, { [rowLabel]: row, [columnLabel]: column });
      return [row, first];
    });
    return Object.fromEntries(entries) as Record<Row, number>;
  }

  /** A series for each number below `count`; the first one's cell. */
  numbered(type: Metric["type"], name: string, help: string, label: string, count: number): number {
    const metric = this.#metric(name, type, help);
    const first = this.cellCount;
    for (let i = 0; i < count; i++) this.#cellOf(metric, { [label]: String(i) });
    return first;
  }

  /** A counter with a series for each name that has a place; the cell of the first place. */
  named(name: string, help: string, of: NamedSet, label: string, count: number): number {
    const first = this.cellCount;
    this.#metric(name, "counter", help, { run: { first, count, of, label } });
    this.cellCount += count;
    return first;
  }

  #worded<Word extends string>(
    type: Metric["type"],
    name: string,
    help: string,
    label: string,
    words: readonly Word[],
  ): Readonly<Record<Word, number>> {
    const metric = this.#metric(name, type, help);
    const entries = words.map((word) => [word, this.#cellOf(metric, { [label]: word })]);
    return Object.fromEntries(entries) as Record<Word, number>;
  }

  #metric(
    name: string,
    type: Metric["type"],
    help: string,
    { over = "sum", divisor = 1, run }: Partial<Pick<Metric, "over" | "divisor" | "run">> = {},
  ): Metric {
    const made: Metric = { name, type, help, over, divisor, cells: [], run };
    this.metrics.push(made);
    return made;
  }

  #cellOf(metric: Metric, labels: Record<string, string> = {}): number {
    metric.cells.push({ cell: this.cellCount, labels });
    return this.cellCount++;
  }
}
