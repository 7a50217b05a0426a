/** Characters of kinds and most names. */
const TOKEN = /[A-Za-z0-9.-]+/g;
const PLAIN_WORD = /^[A-Za-z0-9.-]+$/;
const ALPHANUMERIC = /[A-Za-z0-9]/;
const ABSENT = /not found|does(?: not|n't) exist|no such|missing|not exist|cannot find|not there|unknown/i;

/**
 * Index of the words in a refusal. The text is split once, since each refused write is compared with all other writes of its
 * Change.
 */
export class RefusalWords {
  /** Whether the refusal says that something does not exist. */
  readonly saysAbsent: boolean;
  readonly #text: string;
  readonly #words = new Set<string>();

  constructor(text: string) {
    this.saysAbsent = ABSENT.test(text);
    this.#text = text.replaceAll("service account", "serviceaccount").toLowerCase();
    for (const [token] of this.#text.matchAll(TOKEN)) {
      this.#words.add(token);
      // A dot ends a sentence unless a letter or digit follows.
      for (let dot = token.indexOf("."); dot > 0; dot = token.indexOf(".", dot + 1))
        if (!isAlphanumeric(token[dot + 1])) this.#words.add(token.slice(0, dot));
    }
  }

  /** Whether the refusal contains a name or kind as a separate word, ignoring case. */
  has(word: string): boolean {
    const lower = word.toLowerCase();
    return PLAIN_WORD.test(word) ? this.#words.has(lower) : this.#hasSpelled(lower);
  }

  /** Searches for names with other characters, such as those of RBAC: `system:auth`. */
  #hasSpelled(word: string): boolean {
    if (word === "") return false;
    for (let at = this.#text.indexOf(word); at >= 0; at = this.#text.indexOf(word, at + 1)) {
      const [before, after, next] = [
        this.#text[at - 1],
        this.#text[at + word.length],
        this.#text[at + word.length + 1],
      ];
      const begins = before === undefined || !PLAIN_WORD.test(before);
      const goesOn = isAlphanumeric(after) || after === "-" || (after === "." && isAlphanumeric(next));
      if (begins && !goesOn) return true;
    }
    return false;
  }
}

function isAlphanumeric(character: string | undefined): boolean {
  return character !== undefined && ALPHANUMERIC.test(character);
}
