/** The files that the web upstream serves, by name; whoever gets one can tell whether it is whole and in order. */
import { exists } from "node:fs/promises";
import { join } from "node:path";

const sizes = { "66": 66, "10k": 10_240, "1m": 1 << 20, "100m": 100 << 20 } as const;

export type FileName = keyof typeof sizes;

/** The largest is written by whoever needs it, since writing it back would disturb the rows before. */
export const SMALL_FILES: readonly FileName[] = ["66", "10k", "1m"];

/** Every ten bytes tell where they stand. */
export function contentOf(name: FileName): Uint8Array {
  const content = Buffer.alloc(sizes[name], "\n");
  for (let at = 0; at < content.length; at += 10) content.write(String(at).padStart(9, "0"), at, "latin1");
  return content;
}

export async function writeFile(folder: string, name: FileName): Promise<void> {
  const path = join(folder, name);
  if (!(await exists(path))) await Bun.write(path, contentOf(name));
}
