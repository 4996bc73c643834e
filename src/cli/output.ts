/**
 * Data to stdout, messages to stderr, and a reader that leaves early
 * (`headgate help | head -1`) is no error. Written through Bun.write, whose
 * failures come back as values to be handled; a stream's would end the process
 * with a stack.
 */
import { isTerminal, paint } from "../observe/terminal.ts";

/** False when it could not be written; why has been said. */
export async function printData(text: string): Promise<boolean> {
  try {
    await Bun.write(Bun.stdout, text);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === "EPIPE") return true;
    await complain(`Cannot write to stdout: ${code}`);
    return false;
  }
}

/** What one wants to know of a program that runs: to stderr too, stdout is the access log's. */
export async function announce(line: string): Promise<void> {
  try {
    await Bun.write(Bun.stderr, `headgate: ${line}\n`);
  } catch {
    // Nobody is left to be told.
  }
}

/** Every line names the program, so that it can be found in a journal. */
export async function complain(...lines: readonly string[]): Promise<void> {
  const prefix = paint("headgate:", "red", wantsColour(2));
  try {
    await Bun.write(Bun.stderr, lines.map((line) => `${prefix} ${line}\n`).join(""));
  } catch {
    // Nobody is left to be told.
  }
}

/** Colour only on a terminal, and never with NO_COLOR (no-color.org). */
export function wantsColour(descriptor: 1 | 2): boolean {
  const { NO_COLOR, TERM } = process.env;
  return (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb" && isTerminal(descriptor);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
