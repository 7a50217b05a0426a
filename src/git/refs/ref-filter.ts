import { GitError } from "../errors.js";

/** Keeps the refs that match one of the prefixes, up to a maximum: a server may send anything. */
export class RefFilter {
  /** Full name → id; annotated tags peeled. */
  readonly kept = new Map<string, string>();
  /** Full name → id of the tag object, for annotated tags. */
  readonly tags = new Map<string, string>();
  readonly #prefixes: readonly string[];
  readonly #max: number;
  readonly #tooMany: () => GitError;

  /** `remedy` ends the message of `GIT_TOO_LARGE`. */
  constructor(prefixes: readonly string[], max: number, url: string, remedy: string) {
    this.#prefixes = prefixes;
    this.#max = max;
    this.#tooMany = () =>
      new GitError("GIT_TOO_LARGE", `${url} has more than the allowed ${max} refs per repository: ${remedy}`);
  }

  /** Keeps a ref if it was requested; the last occurrence counts. `tag` is the id of an annotated tag that points to `id`. */
  keep(name: string, id: string, tag?: string): void {
    if (!this.#prefixes.some((prefix) => name.startsWith(prefix))) return;
    this.kept.set(name, id);
    if (tag !== undefined) this.tags.set(name, tag);
    if (this.kept.size > this.#max) throw this.#tooMany();
  }
}

const PLAIN_REF = /^refs\/[^\s\p{Cc}:*?[\\^~]+$/u;

/** Returns whether a ref name from a server is safe as a command-line argument of git. */
export function isPlainRef(name: string): boolean {
  return PLAIN_REF.test(name);
}
