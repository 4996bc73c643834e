/** Settings that hold from start to end: a reload that changes one is refused, not half obeyed. */
import { formatHostPort } from "../config/host-port.ts";
import type { Config } from "../config/schema.ts";

export function findUnchangeable(before: Config, after: Config): string[] {
  const problems: string[] = [];
  if (before.workers !== after.workers) {
    problems.push(
      `workers: Expected ${before.workers} as at the start, found ${after.workers}: needs a restart`,
    );
  }
  const [old, wanted] = [adminText(before), adminText(after)];
  if (old !== wanted)
    problems.push(`admin.address: Expected ${old} as at the start, found ${wanted}: needs a restart`);
  return problems;
}

function adminText({ admin }: Config): string {
  return admin.address === "off" ? "off" : formatHostPort(admin.address);
}
