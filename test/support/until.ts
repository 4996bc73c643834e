/** Waits for what another process brings about: asks again and again, for a bounded time. */

const WAIT_MS_MAX = 5_000;
const ASK_EVERY_MS = 10;

/** Resolves to the first value of `look` that is neither false nor undefined. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = WAIT_MS_MAX,
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + limitMs;
  while (true) {
    const value = await look();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (Date.now() >= deadline) throw new Error(`Cannot wait any longer: ${what}`);
    await Bun.sleep(ASK_EVERY_MS);
  }
}
