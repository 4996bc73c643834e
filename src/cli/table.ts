/** The first row is the head; words stand left, figures right. Nothing, when there is no other row. */
export function table(title: (text: string) => string, rows: readonly string[][]): string {
  if (rows.length < 2) return "";
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row, i) => {
    const line = row
      .map((text, column) => align(text, widths[column] ?? 0, column, rows))
      .join("  ")
      .trimEnd();
    return i === 0 ? title(line) : line;
  });
  return `\n${lines.join("\n")}\n`;
}

function align(text: string, width: number, column: number, rows: readonly string[][]): string {
  const isWords = column === 0 || !/^\d/.test(rows[1]?.[column] ?? "");
  return isWords ? text.padEnd(width) : text.padStart(width);
}
