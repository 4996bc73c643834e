/** A host as lists write it → the name that requests are compared with, and what of it and below it is meant. */
import { parseAddress } from "../address.ts";
import { normaliseName } from "../host-name.ts";

/** `below`: only its subdomains; `both`: the host and those. */
export type HostCover = "exact" | "below" | "both";

export interface ListedHost {
  readonly name: string;
  readonly covers: HostCover;
}

/** `example.com`, `*.example.com` or `.example.com`. An address is none of them: in a list it is a range. */
export function parseListedHost(text: string): ListedHost | undefined {
  const covers = text.startsWith("*.") ? "below" : text.startsWith(".") ? "both" : "exact";
  const start = covers === "below" ? 2 : covers === "both" ? 1 : 0;
  const name = normaliseName(text.slice(start));
  return name === undefined || parseAddress(name) !== undefined ? undefined : { name, covers };
}
