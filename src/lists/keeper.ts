/**
 * All lists of the policy in force, on the main thread. A new set is prepared
 * beside the one in force and takes its place as a whole; what both have in
 * common is not loaded again. Workers get the memory of all lists at once.
 */
import type { ListSpec } from "../policy/spec.ts";
import { KeptList, LIST_TIMING, type ListState, type ListTiming } from "./kept-list.ts";

/** By the names of the lists: what `ListTable` reads. Can be posted to a worker, which then shares it. */
export type ListTables = ReadonlyMap<string, SharedArrayBuffer>;

export type PreparedLists =
  | {
      readonly ok: true;
      readonly tables: ListTables;
      commit(): void;
      /** With what the lists that are in force already have become since. */
      renew(): PreparedLists;
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Lists that load at once: each may need some hundred MiB meanwhile. */
const LOADS_MAX = 4;

export class ListKeeper {
  #lists: ReadonlyMap<string, KeptList> = new Map();
  #isClosed = false;
  /** Those that are loading for a set that is not in force. */
  readonly #preparing = new Set<KeptList>();
  readonly #report: (message: string) => void;
  readonly #onChanged: (tables: ListTables) => void;
  readonly #timing: ListTiming;

  constructor(
    report: (message: string) => void,
    onChanged: (tables: ListTables) => void,
    timing: Partial<ListTiming> = {},
  ) {
    this.#report = report;
    this.#onChanged = onChanged;
    this.#timing = { ...LIST_TIMING, ...timing };
  }

  /** Never rejects. Without `commit` nothing changes. */
  async prepare(specs: readonly ListSpec[]): Promise<PreparedLists> {
    const lists = new Map(specs.map((spec) => [spec.name, this.#known(spec) ?? this.#make(spec)]));
    const fresh = specs.flatMap((spec) => {
      const list = lists.get(spec.name);
      return list === undefined || list === this.#lists.get(spec.name) ? [] : [list];
    });
    for (const list of fresh) this.#preparing.add(list);
    const problems = await loadAll(fresh);
    for (const list of fresh) this.#preparing.delete(list);
    return problems.length > 0 ? { ok: false, problems } : this.#prepared(specs, lists);
  }

  /** In the order of the configuration. */
  states(): readonly ListState[] {
    return [...this.#lists.values()].map((list) => list.state());
  }

  close(): void {
    this.#isClosed = true;
    for (const list of [...this.#lists.values(), ...this.#preparing]) list.close();
  }

  #prepared(specs: readonly ListSpec[], lists: ReadonlyMap<string, KeptList>): PreparedLists {
    if (this.#isClosed) return { ok: false, problems: ["the lists are closed"] };
    const tables = tablesOf(lists);
    return {
      ok: true,
      tables,
      commit: () => this.#commit(specs, lists, tables),
      renew: () => this.#prepared(specs, lists),
    };
  }

  #commit(specs: readonly ListSpec[], lists: ReadonlyMap<string, KeptList>, tables: ListTables): void {
    if (this.#isClosed) return;
    const kept = new Set(lists.values());
    for (const list of this.#lists.values()) if (!kept.has(list)) list.close();
    this.#lists = lists;
    for (const spec of specs) lists.get(spec.name)?.start(spec);
    // A list that both sets have may have changed since the new one was prepared.
    if ([...lists].some(([name, list]) => list.table !== tables.get(name))) this.#tellTables();
  }

  /** The list in force, when it is of that source and has content. */
  #known(spec: ListSpec): KeptList | undefined {
    const list = this.#lists.get(spec.name);
    const isSame = list?.spec.file === spec.file && list?.spec.url === spec.url;
    return isSame && (list?.isLoaded || spec.optional) ? list : undefined;
  }

  #make(spec: ListSpec): KeptList {
    const list: KeptList = new KeptList(
      spec,
      {
        report: (message) => this.#report(message),
        onSwapped: () => this.#lists.get(list.spec.name) === list && this.#tellTables(),
      },
      this.#timing,
    );
    return list;
  }

  #tellTables(): void {
    this.#onChanged(tablesOf(this.#lists));
  }
}

function tablesOf(lists: ReadonlyMap<string, KeptList>): ListTables {
  return new Map([...lists].map(([name, list]) => [name, list.table]));
}

/** A few side by side. Resolves to the problems of those that must not fail. */
async function loadAll(lists: readonly KeptList[]): Promise<string[]> {
  const problems = new Map<KeptList, string>();
  const waiting = [...lists];
  const lane = async (): Promise<void> => {
    for (let list = waiting.shift(); list !== undefined; list = waiting.shift()) {
      const problem = await list.loadFirst();
      if (problem !== undefined && !list.spec.optional) {
        problems.set(list, `list "${list.spec.name}": ${problem}`);
      }
    }
  };
  await Promise.all(Array.from({ length: LOADS_MAX }, lane));
  return lists.flatMap((list) => problems.get(list) ?? []);
}
