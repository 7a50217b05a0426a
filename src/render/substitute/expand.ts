import type { Variables } from "../external-values.js";

/** A text with variables replaced. */
export interface Expanded {
  readonly text: string;
  /** Names of the variables whose values are in it. */
  readonly used: ReadonlySet<string>;
  /** Whether the text was one reference and nothing else, so that its value may be a number or a boolean. */
  readonly isWhole: boolean;
}

/** A reference to a declared variable that cannot be read. The message quotes the reference, never a value. */
export class VariableReferenceError extends Error {}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
/** Characters of a reference that a message quotes. */
const MAX_QUOTED = 60;

/** Returns whether a text is the name of a variable. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/**
 * Replaces `${NAME}`, `${NAME:=default}` and `${NAME:-default}` of declared variables. Directly before such a reference, `$$` is an
 * escaped `$`: `$${NAME}` gives `${NAME}`, and `$$${NAME}` gives `$` and the value. All else stays
 * as it is: `$NAME`, `$(NAME)`, and `${NAME}` of any other name. Values are not expanded again. Takes linear time.
 *
 * @returns undefined if the text holds nothing to replace.
 * @throws VariableReferenceError for another expression with a declared name, such as `${NAME%x}`.
 */
export function expand(text: string, variables: Variables): Expanded | undefined {
  const parts: string[] = [];
  const used = new Set<string>();
  let done = 0;
  let isWhole = false;
  for (let at = text.indexOf("${"); at >= 0; ) {
    NAME.lastIndex = at + 2;
    const name = NAME.exec(text)?.[0];
    const variable = name === undefined ? undefined : variables.get(name);
    if (name === undefined || variable === undefined) {
      at = text.indexOf("${", at + 2);
      continue;
    }
    const dollars = countDollars(text, at, done);
    parts.push(text.slice(done, at + 1 - dollars), "$".repeat(dollars >> 1));
    if (dollars % 2 === 0) {
      // The text from the brace on is literal.
      done = at + 1;
    } else {
      const { fallback, end } = readReference(text, at, at + 2 + name.length);
      parts.push(variable.value === "" ? fallback : variable.value);
      if (variable.value !== "") used.add(name);
      isWhole = at === 0 && end === text.length;
      done = end;
    }
    at = text.indexOf("${", Math.max(done, at + 2));
  }
  return done === 0 ? undefined : { text: parts.join("") + text.slice(done), used, isWhole };
}

/** The number of dollar signs up to and including the one at `at`; those before `from` are already replaced. */
function countDollars(text: string, at: number, from: number): number {
  let count = 1;
  while (at - count >= from && text[at - count] === "$") count++;
  return count;
}

/** What follows the name of a reference: its default, and where it ends. */
function readReference(text: string, at: number, after: number): { fallback: string; end: number } {
  if (text[after] === "}") return { fallback: "", end: after + 1 };
  const operator = text.slice(after, after + 2);
  const close = text.indexOf("}", after);
  if (operator !== ":=" && operator !== ":-")
    throw unreadable(text, at, close, "only ${NAME}, ${NAME:=default} and ${NAME:-default} are");
  if (close < 0) throw unreadable(text, at, close, "a closing } is missing, so that it is not");
  const fallback = text.slice(after + 2, close);
  if (fallback.includes("${")) throw unreadable(text, at, close, "a default that refers to variables is not");
  return { fallback, end: close + 1 };
}

function unreadable(text: string, at: number, close: number, why: string): VariableReferenceError {
  const end = close < 0 ? text.length : close + 1;
  const quoted = text.slice(at, Math.min(end, at + MAX_QUOTED)).replace(/\p{Cc}/gu, " ");
  const shown = end - at > MAX_QUOTED ? `${quoted}…` : quoted;
  return new VariableReferenceError(
    `${JSON.stringify(shown)} cannot be replaced: ${why} supported; write $\${ for text that is not meant as a variable`,
  );
}
