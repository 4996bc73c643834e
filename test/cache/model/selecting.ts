/** Which requests select a stored answer of the model (RFC 9111 §4.1). */
import { first, value } from "./fields.ts";
import { fieldsOf, type KeptModel } from "./kept.ts";
import type { Asking, Fields } from "./messages.ts";

/** §4.1. */
export function isSelectedBy(kept: KeptModel, asking: Asking): boolean {
  const { asking: original } = kept.history.at(-1)!;
  const language = languageOf(kept);
  return varyOf(kept)
    .split(",")
    .filter((name) => name !== "")
    .every((name) => {
      const one = normalised(name, original.fields);
      const other = normalised(name, asking.fields);
      // Ours: what likes the language of the answer best is the same to it.
      const likes =
        name === "accept-language" &&
        language !== undefined &&
        one?.includes(language) &&
        other?.includes(language);
      return likes === true || String(one) === String(other);
    });
}

export function varyOf(kept: KeptModel): string {
  return (value(fieldsOf(kept), "vary") ?? "").toLowerCase().split(/ *, */).sort().join(",");
}

/** Where an answer is chosen by it. */
export function languageOf(kept: KeptModel): string | undefined {
  return varyOf(kept).includes("accept-language") ? first(fieldsOf(kept), "content-language") : undefined;
}

/** undefined: absent, which is no value. */
export function normalised(name: string, fields: Fields): readonly string[] | undefined {
  const members = value(fields, name)
    ?.split(",")
    .map((member) => member.trim());
  if (members === undefined || !name.startsWith("accept")) return members;
  return [...new Set(members.map((member) => member.toLowerCase().replace(/;q=1(\.0)?$/, "")))].sort();
}
