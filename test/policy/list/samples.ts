/** Builds lists for tests, and the naive reading of one that they are held against. */
import { type Address, cidrContains, parseAddress } from "../../../src/policy/address.ts";
import { parseListLine } from "../../../src/policy/list/line.ts";
import { ListReader, type ReadList } from "../../../src/policy/list/reader.ts";
import { ListTable } from "../../../src/policy/list/table.ts";

/** A seed that has bits in every byte. */
const SEED = 0x9d2c_5680;

export function readList(text: string | Uint8Array, pieceBytes = Number.POSITIVE_INFINITY): ReadList {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const reader = new ListReader();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const problem = reader.take(bytes.subarray(at, at + pieceBytes));
    if (problem !== undefined) return { ok: false, problem };
  }
  return finish(reader.finish(SEED));
}

export function tableOf(lines: readonly string[]): ListTable {
  const list = readList(lines.join("\n"));
  if (!list.ok) throw new Error(list.problem);
  return new ListTable(list.table);
}

export function finish<T>(work: Generator<void, T>): T {
  for (let step = work.next(); ; step = work.next()) if (step.done) return step.value;
}

/** Every rule asked one after the other, and the exceptions after all others. */
export class NaiveList {
  readonly #lines;

  constructor(lines: readonly string[]) {
    this.#lines = lines.map(parseListLine);
  }

  hasHost(host: string): boolean {
    const matches = (isException: boolean) =>
      this.#lines.some((line) => {
        if (line.kind !== "hosts" || line.isException !== isException) return false;
        return line.names.some(
          (name) =>
            (line.covers !== "below" && host === name) ||
            (line.covers !== "exact" && host.endsWith(`.${name}`)),
        );
      });
    return matches(false) && !matches(true);
  }

  hasAddress(address: Address): boolean {
    const matches = (isException: boolean) =>
      this.#lines.some(
        (line) =>
          line.kind === "range" && line.isException === isException && cidrContains(line.range, address),
      );
    return matches(false) && !matches(true);
  }
}

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}
