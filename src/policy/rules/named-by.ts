/** Whether a host or a path is among those that a rule names: for rules that are not the policy's own, and mean the same by it. */
import { parseAddress } from "../address.ts";
import { compileGlob } from "./glob.ts";
import { HostSet } from "./host-set.ts";
import { matchedPath, normaliseGlobPath } from "./path.ts";

/** `entries` as in a rule's `hosts`; the host canonical. */
export function namedByHosts(entries: readonly string[]): (host: string) => boolean {
  const set = new HostSet();
  set.add(entries, 0);
  return (host) => {
    let isNamed = false;
    set.find(host, parseAddress(host), () => {
      isNamed = true;
    });
    return isNamed;
  };
}

/** `globs` as in a rule's `paths`. `forbids`: a path with more than one reading is among them, else it is not. */
export function namedByPaths(globs: readonly string[], forbids: boolean): (pathWithQuery: string) => boolean {
  const compiled = globs.map((glob) => compileGlob(normaliseGlobPath(glob)));
  return (pathWithQuery) => {
    const { path, isAmbiguous } = matchedPath(pathWithQuery);
    return isAmbiguous ? forbids : compiled.some((glob) => glob.test(path));
  };
}
