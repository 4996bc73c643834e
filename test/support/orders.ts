/** Orders to the status port of a running proxy. */
import type { RunningProxy } from "./proxy.ts";

/** `body` is sent as JSON. */
export function order(
  { admin }: RunningProxy,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  return fetch(`${admin}${path}`, {
    method,
    proxy: false,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
}

/** Waits until the config file as it is now is in force. */
export async function reload(proxy: RunningProxy, config: Readonly<Record<string, unknown>>): Promise<void> {
  await proxy.rewriteConfig(config);
  const answer = await order(proxy, "POST", "/reload");
  if (answer.status !== 200) throw new Error(`Cannot reload: ${await answer.text()}`);
}
