import { oneLine } from "./plain-text.js";

/** Spaces between columns, as in kubectl. */
const GAP = 3;

/**
 * Formats rows as a table with aligned columns, as kubectl does. Cells that are undefined are shown as `<none>`; the last column is not padded.
 * Without rows, the result is empty.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
  options: { readonly withoutHeader?: boolean } = {},
): string {
  if (rows.length === 0) return "";
  const cells = rows.map((row) => header.map((_, column) => cell(row[column])));
  const lines = options.withoutHeader ? cells : [header.map((name) => name.toUpperCase()), ...cells];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ""))));
  const pad = (text: string, column: number): string =>
    column === header.length - 1 ? text : text + " ".repeat((widths[column] ?? 0) - width(text) + GAP);
  return lines.map((line) => `${line.map(pad).join("").trimEnd()}\n`).join("");
}

/** Formats `Name: value` lines with aligned values; values that are undefined are skipped. */
export function formatFields(fields: readonly (readonly [name: string, value: string | number | undefined])[]): string {
  const present = fields.filter(([, value]) => value !== undefined && value !== "");
  const longest = Math.max(0, ...present.map(([name]) => name.length));
  return present.map(([name, value]) => `${`${name}:`.padEnd(longest + 3)}${oneLine(String(value))}\n`).join("");
}

/** Indents each line of a text. */
export function indent(text: string, by = 2): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(by));
}

function cell(value: string | number | undefined): string {
  return value === undefined ? "<none>" : oneLine(String(value));
}

/** Columns of a terminal that a text takes: East Asian wide characters and emoji take two, combining marks none. */
function width(text: string): number {
  let columns = 0;
  for (const char of text) {
    if (/\p{Mark}|\u200d/u.test(char)) continue;
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        char,
      )
        ? 2
        : 1;
  }
  return columns;
}
