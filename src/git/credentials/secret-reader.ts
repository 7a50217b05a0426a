import { GitError } from "../errors.js";

/** Decodes the values of one Secret and creates its errors, which name keys and never values. */
export class SecretReader {
  readonly #data: Readonly<Record<string, string>>;
  readonly #where: string;

  /** `where` names the Secret in messages. */
  constructor(data: Readonly<Record<string, string>>, where: string) {
    this.#data = data;
    this.#where = where;
  }

  /** Returns the first of `keys` that is present and not empty. */
  keyOf(...keys: readonly string[]): string | undefined {
    return keys.find((key) => Object.hasOwn(this.#data, key) && this.#data[key]?.trim() !== "");
  }

  /** Returns the text of the first of `keys` that is present and not empty. Throws `GIT_CREDENTIAL_INVALID`. */
  text(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const value = Object.hasOwn(this.#data, key) ? this.#data[key] : undefined;
      if (value === undefined || value === "") continue;
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) throw this.invalid(`has a value in ${key} that is not base64`);
      const text = attempt(() => new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "base64")));
      if (text === undefined) throw this.invalid(`has a value in ${key} that is not UTF-8 text`);
      if (text.trim() !== "") return text;
    }
    return undefined;
  }

  /** Returns a single-line text, without the line break that `echo` appends. Throws `GIT_CREDENTIAL_INVALID`. */
  line(key: string): string | undefined {
    const text = this.text(key)?.replace(/(?<![\r\n])[\r\n]+$/, "");
    if (text !== undefined && /\p{Cc}/u.test(text))
      throw this.invalid(`has a line break or control character in ${key}`);
    return text;
  }

  /** Returns an error about the Secret; `what` completes a sentence that starts with its name. */
  invalid(what: string): GitError {
    return new GitError("GIT_CREDENTIAL_INVALID", `${this.#where} ${what}`);
  }
}

/** Returns the result of `parse`, or undefined. The error is dropped on purpose: its text may quote the value. */
export function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
