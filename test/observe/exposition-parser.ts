/**
 * A strict reading of the Prometheus text format, for tests: throws where a scraper
 * might look away (samples before their TYPE, a series twice, a bad name or escape).
 */
export interface Exposition {
  readonly types: Map<string, string>;
  /** By the series as a scraper sorts it: `name{a="1",b="2"}`. */
  readonly samples: Map<string, number>;
}

export function parseExposition(text: string): Exposition {
  if (!text.endsWith("\n")) throw new Error("The last line has no end");
  const helps = new Set<string>();
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  let family = "";

  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-z_][a-z0-9_]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, word, name = "", rest = ""] = comment;
      if (word === "HELP") {
        if (helps.has(name)) throw new Error(`HELP twice: ${name}`);
        helps.add(name);
        continue;
      }
      if (!helps.has(name) || types.has(name)) throw new Error(`TYPE without HELP, or twice: ${name}`);
      if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`Type unknown: ${rest}`);
      types.set(name, rest);
      family = name;
      continue;
    }
    const { series, value } = parseSample(line, family, types.get(family));
    if (samples.has(series)) throw new Error(`Series twice: ${series}`);
    samples.set(series, value);
  }
  return { types, samples };
}

function parseSample(line: string, family: string, type: string | undefined) {
  const match = /^([a-z_][a-z0-9_]*)(?:\{([^\n]*)\})? (-?\d+(?:\.\d+)?(?:e[-+]\d+)?)$/.exec(line);
  if (match === null) throw new Error(`No sample: ${line}`);
  const [, name = "", labelText = "", value] = match;
  const suffix = name.slice(family.length);
  const isMine = type === "histogram" ? /^_(bucket|sum|count)$/.test(suffix) : suffix === "";
  if (!name.startsWith(family) || !isMine) throw new Error(`Sample outside its family: ${line}`);
  const labels = parseLabels(labelText).sort();
  return { series: labels.length === 0 ? name : `${name}{${labels.join(",")}}`, value: Number(value) };
}

function parseLabels(text: string): string[] {
  const label = /([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
  const labels: string[] = [];
  while (label.lastIndex < text.length) {
    const match = label.exec(text);
    if (match === null) throw new Error(`Bad labels: ${text}`);
    labels.push(`${match[1]}="${match[2]}"`);
  }
  if (new Set(labels.map((pair) => pair.split("=")[0])).size < labels.length)
    throw new Error(`Label twice: ${text}`);
  return labels;
}
