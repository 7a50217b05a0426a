/** The words of a command, and the operator of a shell that ends them. */
export interface ShellWords {
  readonly words: readonly string[];
  /** An operator outside of quotes. Compose ignores it and what follows, because no shell runs the command. */
  readonly operator: string | undefined;
}

/**
 * Splits a command into words as Compose does: by blanks, with quotes and backslashes, without a shell. Undefined if a quote is
 * not closed, or a parenthesis is not in quotes.
 */
export function shellWords(text: string): ShellWords | undefined {
  const words: string[] = [];
  let word = "";
  let inWord = false;
  let quote: "'" | '"' | undefined;
  let operator: string | undefined;
  for (let at = 0; at < text.length && operator === undefined; at++) {
    const character = text[at] as string;
    if (character === "\\" && quote !== "'") {
      at += 1;
      if (at < text.length) word += text[at];
      inWord = true;
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      inWord = true;
    } else if (/\s/.test(character)) {
      if (inWord) words.push(word);
      word = "";
      inWord = false;
    } else if (/[;&|<>]/.test(character)) operator = character;
    else {
      if (character === "(" && !word.endsWith("$")) return undefined;
      word += character;
      inWord = true;
    }
  }
  if (quote !== undefined) return undefined;
  return { words: inWord ? [...words, word] : words, operator };
}
