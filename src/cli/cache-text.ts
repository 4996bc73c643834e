/** What a cache holds as pages for people: aligned, and only what there is to say. */
import type { EntryReport } from "../admin/cache-listing.ts";
import type { CacheReport, TierReport } from "../admin/cache-report.ts";
import { formatBytes, formatDuration, paint } from "../observe/terminal.ts";
import { counts } from "./gate-text.ts";
import { table } from "./table.ts";

type Title = (text: string) => string;
type Fact = readonly [name: string, text: string];

export function renderCache(report: CacheReport, colour: boolean): string {
  if (!report.enabled) return "There is no cache: cache.memory is off\n";
  const title = titleIn(colour);
  const state = report.offline
    ? `${paint("offline", "yellow", colour)}: nothing is asked for outside`
    : paint("on", "green", colour);
  return [
    `${title("Cache")}, ${state}\n`,
    table(title, tierRows(report)),
    "\n",
    facts(title, [
      ["requests", counts(report.requests) || "none yet"],
      ["hit ratio", ratios(report)],
      ["bytes", `${formatBytes(report.bytesSaved)} saved, ${formatBytes(report.bytesFetched)} fetched`],
      ["removed", counts({ purged: report.purged, invalidated: report.invalidated })],
      ["refreshed", report.refreshes === 0 ? "" : `${report.refreshes} while the stale answer was used`],
      ["disk", report.disk?.path ?? ""],
    ]),
  ].join("");
}

/** Its lines of a status page; none where there is no cache, or nothing in it and nobody who asked. */
export function cacheFacts(report: CacheReport | undefined): [name: string, text: string][] {
  if (!report?.enabled) return [];
  const requests = counts(report.requests);
  const tiers = tierRows(report).slice(1);
  const kept = tiers.filter(([, entries]) => entries !== "0");
  if (requests === "" && kept.length === 0 && !report.offline) return [];
  return [
    ["cache", [...(report.offline ? ["offline"] : []), ratios(report) || "no hits yet"].join(", ")],
    ["  by word", requests],
    [
      "  kept",
      kept
        .map(
          ([tier, entries, used, of]) =>
            `${entries} ${tier === "disk" ? "on" : "in"} ${tier}, ${used} of ${of}`,
        )
        .join("; "),
    ],
  ];
}

/** The newest first, as they came. */
export function renderEntries(url: string, entries: readonly EntryReport[], colour: boolean): string {
  const title = titleIn(colour);
  return [`${title(url)}\n`, ...entries.map((entry) => `\n${renderEntry(title, entry)}`)].join("");
}

function renderEntry(title: Title, entry: EntryReport): string {
  const { tier, status, bytes, range, vary, storedAt, peer } = entry;
  const whole = range === null ? "" : `, a part: ${range.first}-${range.last} of ${range.whole ?? "?"}`;
  return facts(title, [
    ["kept", `${tier === "disk" ? "on" : "in"} ${tier}: ${status}, ${formatBytes(bytes)}${whole}`],
    ["stored", `${storedAt.replace(".000Z", "Z")}${peer === "" ? "" : `, from ${peer}`}`],
    ["fresh", freshness(entry)],
    ["why", entry.why],
    ["vary", vary.names.length === 0 ? "" : `${vary.names.join(", ")} (${vary.key})`],
    ["etag", entry.etag ?? ""],
    ["modified", entry.lastModified ?? ""],
    ["tags", entry.tags.join(" ")],
  ]);
}

/** How it comes to that is in `why`. */
function freshness({ freshSeconds, lifetimeSeconds, markedStale }: EntryReport): string {
  if (markedStale) return "no more, marked as stale";
  return freshSeconds > 0
    ? `${seconds(freshSeconds)} more of ${seconds(lifetimeSeconds)}`
    : `no more, stale for ${seconds(-freshSeconds)}`;
}

function tierRows({ memory, disk }: CacheReport): string[][] {
  const row = (name: string, tier: TierReport): string[] => [
    name,
    String(tier.entries),
    formatBytes(tier.bytes),
    formatBytes(tier.capacityBytes),
    String(tier.stored),
    String(tier.evictions),
    tier.oldestSeconds === null ? "" : seconds(tier.oldestSeconds),
  ];
  return [
    ["tier", "entries", "used", "of", "stored", "evicted", "oldest"],
    ...(memory === null ? [] : [row("memory", memory)]),
    ...(disk === null ? [] : [row("disk", disk)]),
  ];
}

function ratios({ hitRatio, byteHitRatio }: CacheReport): string {
  const percent = (ratio: number) => `${Math.round(ratio * 100)} %`;
  return [
    ...(hitRatio === null ? [] : [`${percent(hitRatio)} of requests`]),
    ...(byteHitRatio === null ? [] : [`${percent(byteHitRatio)} of bytes`]),
  ].join(", ");
}

/** A line with nothing to tell has no text, and is left out. */
function facts(title: Title, lines: readonly Fact[]): string {
  return lines
    .filter(([, text]) => text !== "")
    .map(([name, text]) => `${title(name.padEnd(12))}${text}\n`)
    .join("");
}

function seconds(count: number): string {
  return count === 0 ? "0s" : formatDuration(count * 1000);
}

function titleIn(colour: boolean): Title {
  return (text) => paint(text, "bold", colour);
}
