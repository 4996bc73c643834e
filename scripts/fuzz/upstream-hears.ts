/** What a cache may ask of an upstream, and on which connection. */
import type { Sending } from "./evidence.ts";
import { type Head, readResponse, valuesOf } from "./strict-reader.ts";

/** `before`: what was asked last on the same connection, and said to it. */
export function problemOfReuse(before: Sending | undefined): string | undefined {
  if (before === undefined) return undefined;
  let at = 0;
  for (;;) {
    const reading = readResponse(before.said, at, before.head.first[0]);
    if (reading.state !== "whole") return "a connection is used again after half an answer";
    at = reading.end;
    if (reading.head.first[1].startsWith("1")) continue;
    if (at < before.said.length) return "a connection is used again though more had come on it";
    return valuesOf(reading.head, "connection").includes("close")
      ? "a connection is used again that was to be closed"
      : undefined;
  }
}

export function problemOfRequest(head: Head): string | undefined {
  const [method, target] = head.first;
  if (method === "PURGE") return "an upstream was told to purge";
  if (!target.startsWith("/")) return `an upstream was asked for ${target}`;
  const isUnasked = method !== "POST" && valuesOf(head, "cache-control").includes("only-if-cached");
  return isUnasked ? "an upstream was asked for what was wanted only if it is stored" : undefined;
}
