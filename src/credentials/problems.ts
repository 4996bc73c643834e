/** What is wrong with the accounts, for people to read. */

const PROBLEMS_MAX = 20;

/** The first of them and how many more there are: a file of the wrong kind has one in each line. */
export function firstProblems(problems: readonly string[], where: string): readonly string[] {
  if (problems.length <= PROBLEMS_MAX) return problems;
  return [...problems.slice(0, PROBLEMS_MAX), `${where}: and ${problems.length - PROBLEMS_MAX} more`];
}

/** Why a file can't be read; the system's code where there are no words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  return REASONS[code] ?? code;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "a part of its path is no directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
};
