import { UsageError } from "../exit-codes.js";

/** A value of a chart by its path. */
export interface SetValue {
  readonly name: string;
  readonly value: string;
}

/**
 * The values of one `--set` or `--set-string`, as Helm separates them: at commas, but not after a backslash nor in a list `{a,b}`.
 *
 * @throws UsageError for what is not of the form NAME=VALUE.
 */
export function valuesOfSet(flag: string, text: string): SetValue[] {
  const found: SetValue[] = [];
  let at = 0;
  while (at < text.length || found.length === 0) {
    const equals = indexOf(text, "=", at);
    const name = text.slice(at, equals);
    if (equals === text.length || name === "" || indexOf(name, ",", 0) < name.length)
      throw new UsageError(`${flag} ${JSON.stringify(text)} is not of the form NAME=VALUE`);
    const begin = equals + 1;
    const end = text[begin] === "{" ? indexOf(text, "}", begin) + 1 : indexOf(text, ",", begin);
    found.push({ name, value: text.slice(begin, end) });
    at = text[end] === "," ? end + 1 : end;
  }
  return found;
}

/** Where a character stands that no backslash precedes; the end of the text if it does not. */
function indexOf(text: string, character: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === character) return at;
  }
  return text.length;
}
