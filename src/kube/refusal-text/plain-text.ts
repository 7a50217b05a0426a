import { cutMiddle } from "../../base/cut-text.js";

/** Longer values in a text are shortened in the middle. */
const MAX_VALUE = 60;

/** Start of a printed Go value: `&value.valueUnstructured{`, `map[string]interface {}{`, `[]string{`, `core.PodSpec{`, `&{`. */
const DUMP = /(?:&?(?:(?:map\[[\w.*]+\]|\[\])+(?:interface \{\}|[\w.*]+)|\*?[a-z]\w*\.\w+)|&)\{|\b(?:map)\[(?=\w*:)/g;

/**
 * Makes a message of the API server readable, on one line: printed Go values become an ellipsis, multi-line diffs and the regular
 * expressions of validation rules are removed, and long values are shortened in the middle.
 */
export function plainText(text: string): string {
  const head = text.replace(/\n\s*(?:@@ |[a-z]+\.[A-Z]\w*\{)[\s\S]*$/, "");
  const short = withoutDumps(head)
    .replace(/ \(e\.g\. [^)]*regex used for validation is [\s\S]*?'\)/g, "")
    .replace(/"(?:[^"\\]|\\.){80,}"/g, (quoted) => cutMiddle(quoted, MAX_VALUE));
  return shortenJson(short)
    .replace(/\s*\n\s*/g, "; ")
    .replace(/:; /g, ": ")
    .replace(/[\p{Cc}]/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
}

function withoutDumps(text: string): string {
  let result = "";
  let from = 0;
  DUMP.lastIndex = 0;
  for (let match = DUMP.exec(text); match !== null; match = DUMP.exec(text)) {
    const end = endOfValue(text, match.index + match[0].length - 1);
    result += `${text.slice(from, match.index)}…`;
    from = end;
    DUMP.lastIndex = end;
  }
  return result + text.slice(from);
}

/** Shortens long JSON objects and lists in the middle. */
function shortenJson(text: string): string {
  let result = "";
  for (let at = 0; at < text.length; at++) {
    const opens = text[at] === "{" || (text[at] === "[" && /["{\d]/.test(text[at + 1] ?? ""));
    const end = opens ? endOfValue(text, at) : at + 1;
    result += cutMiddle(text.slice(at, end), MAX_VALUE);
    at = end - 1;
  }
  return result;
}

/** Returns the position after the value whose bracket opens at `start`; the end of the text if it is not closed. */
export function endOfValue(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === "\\") at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}
