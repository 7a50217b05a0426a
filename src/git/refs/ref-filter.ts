import { GitError } from "../errors.js";

/** Keeps the refs that begin with one of some prefixes, and not more than a number of them: a server may send what it likes. */
export class RefFilter {
  readonly kept = new Map<string, string>();
  readonly #prefixes: readonly string[];
  readonly #max: number;
  readonly #tooMany: () => GitError;

  /** `remedy` says what to do about too many, for the message of `GIT_TOO_LARGE`. */
  constructor(prefixes: readonly string[], max: number, url: string, remedy: string) {
    this.#prefixes = prefixes;
    this.#max = max;
    this.#tooMany = () =>
      new GitError("GIT_TOO_LARGE", `${url} has more than the ${max} refs that are kept of one repository: ${remedy}`);
  }

  /** Keeps a ref if it was asked for; what comes last counts. */
  keep(name: string, id: string): void {
    if (!this.#prefixes.some((prefix) => name.startsWith(prefix))) return;
    this.kept.set(name, id);
    if (this.kept.size > this.#max) throw this.#tooMany();
  }
}
