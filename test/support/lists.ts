/** A policy with one list, `ads`: what is on it is refused, and all else is led to an upstream, so that names need not resolve. */
import type { ListReport } from "../../src/admin/gate-report.ts";
import { askAnew } from "./ask.ts";
import { get } from "./http.ts";
import { order } from "./orders.ts";
import type { RunningProxy } from "./proxy.ts";

/** `source`: what the list has besides its name. */
export function policyWithList(source: Readonly<Record<string, unknown>>, authority: string) {
  return {
    lists: [{ name: "ads", ...source }],
    rules: [{ name: "no-ads", action: "deny", lists: ["ads"] }, leadTo(authority)],
  };
}

/** A rule. */
export function leadTo(authority: string) {
  return { name: "to-upstream", action: "rewrite", rewrite: { host: authority } };
}

/** Over a connection of its own. */
export function statusOf({ port }: RunningProxy, host: string): Promise<number> {
  return askAnew(port, get(host));
}

/** The first of all lists, as the status port has it. */
export async function listOf(proxy: RunningProxy): Promise<ListReport> {
  const { lists } = (await (await order(proxy, "GET", "/lists")).json()) as { lists: readonly ListReport[] };
  const [list] = lists;
  if (list === undefined) throw new Error("Cannot find the list in /lists");
  return list;
}
