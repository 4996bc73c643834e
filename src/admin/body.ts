/**
 * What comes as the body of a request: bounded, JSON, and of the shape that a
 * schema asks for; or an answer that says where it is not. What was given is
 * shown in no answer but by the schema's kinds, which know what is secret.
 */
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as v from "valibot";
import { joinPath } from "../config/problems.ts";
import type { Schema } from "../config/setting.ts";

export type Body<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly response: Response };

/** `verb` completes "Cannot …": `read the config`. */
export function limitBody(maxBytes: number, verb: string): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBytes,
    onError: (c) => c.json({ error: `Cannot ${verb}: the body has more than ${maxBytes} bytes` }, 413),
  });
}

export async function readJson(c: Context, verb: string): Promise<Body<unknown>> {
  try {
    return { ok: true, value: JSON.parse(await c.req.text()) };
  } catch {
    return { ok: false, response: c.json({ error: `Cannot ${verb}: the body is not JSON` }, 400) };
  }
}

export async function readBody<T>(c: Context, verb: string, schema: Schema<T>): Promise<Body<T>> {
  const body = await readJson(c, verb);
  if (!body.ok) return body;
  const result = v.safeParse(schema, body.value);
  return result.success
    ? { ok: true, value: result.output }
    : { ok: false, response: refuse(c, verb, result.issues.map(describeIssue)) };
}

/** Each problem says where it is. */
export function refuse(c: Context, verb: string, problems: readonly string[]): Response {
  return c.json({ error: `Cannot ${verb}`, problems }, 400);
}

function describeIssue({ path, message, expected }: v.BaseIssue<unknown>): string {
  const where = (path ?? []).reduce((whole, { key }) => joinPath(whole, key as string | number), "");
  // strictObject's word for a name that it does not know.
  return `${where === "" ? "the body" : where}: ${expected === "never" ? "Unknown field" : message}`;
}
