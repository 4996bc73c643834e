/** What is stored under a URL, for those who ask what there is: not a use of it. */
import type { StoredFacts } from "../../cache/facts.ts";
import type { FileCalls } from "./file-calls.ts";
import type { IndexDb } from "./index-db.ts";
import type { ObjectTable } from "./object-table.ts";
import { openObject } from "./open-object.ts";
import { objectPath } from "./places.ts";

export interface DiskListing {
  readonly key: string;
  readonly facts: StoredFacts;
  readonly isMarkedStale: boolean;
  readonly lines: string;
  readonly tags: string;
  readonly varyNames: string;
  readonly varyKey: string;
  readonly peer: string;
  readonly reason: string;
}

/** Variants are as many as clients make them. */
const LISTED_MAX = 100;

export async function listObjects(
  calls: FileCalls,
  root: string,
  index: IndexDb,
  table: ObjectTable,
  url: string,
): Promise<DiskListing[]> {
  const listings: DiskListing[] = [];
  const [rows = []] = index.matching({ url }, LISTED_MAX);
  for (const row of rows) {
    const object = table.find(row);
    if (object === undefined) continue;
    const opening = await openObject(calls, objectPath(root, row.id), object.isSmall);
    if (opening.result !== "opened") continue;
    const { head, body } = opening;
    if ("file" in body) body.file.close();
    const { key, facts, lines, tags, varyNames, varyKey, peer, reason } = head;
    listings.push({
      key,
      facts,
      isMarkedStale: object.isMarkedStale,
      lines,
      tags,
      varyNames,
      varyKey,
      peer,
      reason,
    });
  }
  return listings;
}
