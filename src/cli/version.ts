import { commit, version } from "../build-info.ts";
import { printData } from "./output.ts";

export async function runVersion(): Promise<number> {
  const platform = `${process.platform}-${process.arch}`;
  const line = `headgate ${version} (commit ${commit}, bun ${Bun.version}, ${platform})`;
  return (await printData(`${line}\n`)) ? 0 : 1;
}
