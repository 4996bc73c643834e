/** A supervisor with real workers in this process, on a free port. */
import { expect } from "bun:test";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { configOf } from "./configs.ts";

type Input = Readonly<Record<string, unknown>>;

const ENTRY = new URL("../../src/worker.ts", import.meta.url).href;
const supervisors: Supervisor[] = [];

/** For `afterEach`. */
export async function endSupervisors(): Promise<void> {
  for (const supervisor of supervisors.splice(0)) {
    supervisor.drain();
    await supervisor.drained;
    await supervisor.close();
  }
}

/** `entry`: the file that a worker runs. */
export function supervising(settings: Input, entry = ENTRY) {
  const said: string[] = [];
  const config = (changes: Input) =>
    configOf({
      listeners: [{ address: "127.0.0.1:0", mode: "forward" }],
      log: { access: "off" },
      ...changes,
    });
  const supervisor = new Supervisor(entry, config(settings), undefined, (message) => said.push(message));
  return { supervisor, said, config };
}

export async function running(settings: Input, entry = ENTRY) {
  const { supervisor, said, config } = supervising(settings, entry);
  supervisors.push(supervisor);
  expect(await supervisor.start()).toEqual({ ok: true });
  const port = Number(supervisor.listeners[0]?.address.split(":").at(-1));
  return { supervisor, said, config, port };
}
