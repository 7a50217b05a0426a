import { visible } from "./visible.js";

/** Returns a value, given as JSON, as the lines of its YAML; a text that is no JSON as it is. Hidden characters are made visible. */
export function valueLines(json: string | undefined): readonly string[] {
  if (json === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return json.split("\n").map(visible);
  }
  return yaml(value).map(visible);
}

function yaml(value: unknown): string[] {
  if (typeof value === "string") return value.includes("\n") ? block(value) : [scalar(value)];
  if (Array.isArray(value)) return value.length === 0 ? ["[]"] : value.flatMap((item) => indented("- ", yaml(item)));
  if (typeof value !== "object" || value === null) return [String(value)];
  const entries = Object.entries(value);
  if (entries.length === 0) return ["{}"];
  return entries.flatMap(([key, item]) => member(scalar(key), item));
}

function member(key: string, value: unknown): string[] {
  const lines = yaml(value);
  if (typeof value === "string" && lines.length > 1) return [`${key}: ${lines[0]}`, ...indented("  ", lines.slice(1))];
  const nested = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  if (!nested) return [`${key}: ${lines[0] ?? ""}`];
  return [`${key}:`, ...(Array.isArray(value) ? lines : indented("  ", lines))];
}

/** A text of several lines, below an indicator of YAML that says how it ends: `|-` without a line break, `|+` with several. */
function block(text: string): string[] {
  const end = !text.endsWith("\n") ? "-" : /(^|\n)\n$/.test(text) ? "+" : "";
  // The first line would otherwise decide how far the text is indented.
  const indent = /^\n*[ \t]/.test(text) ? "2" : "";
  return [`|${indent}${end}`, ...text.replace(/\n$/, "").split("\n")];
}

/** Puts `first` before the first line, and as many spaces before the others. */
function indented(first: string, lines: readonly string[]): string[] {
  const spaces = " ".repeat(first.length);
  return lines.map((line, index) => (index === 0 ? first : spaces) + line);
}

/** A text that YAML would read as something else is quoted. */
function scalar(text: string): string {
  const words = /^[A-Za-z_/][\w./:@+-]*( [\w./:@+-]+)*$/.test(text) && !/:( |$)/.test(text);
  const plain = words && !/^(true|false|null|yes|no|on|off)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}
