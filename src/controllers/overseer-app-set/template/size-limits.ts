import type { Json } from "../../../base/hash.js";
import { AppSetError } from "../app-set-error.js";

/** Maximum size of one app of a set, in characters. */
export const MAX_APP_SIZE = 256 * 1024;
/** Maximum size of all apps of a set together, in characters: 5,000 apps of 6.5 KiB each. */
export const MAX_SET_SIZE = 32 * 1024 * 1024;
/** What a number, a list or an object is counted as besides its content. */
const SCALAR = 8;

/** Adds up the sizes of the apps of a set while its template is filled in. */
export class SetSize {
  #size = 0;

  /** Counts one more app; `origin` is where its parameters come from. */
  app(origin: string): AppSize {
    return new AppSize(origin, (size) => {
      this.#size += size;
      if (this.#size > MAX_SET_SIZE)
        throw new AppSetError(
          "GeneratorFailed",
          `the apps of the set are larger than ${MAX_SET_SIZE / 1024 / 1024} MiB together: split the set into several, or use shorter parameters`,
        );
    });
  }
}

/** Adds up the size of one app. Each method throws an AppSetError beyond the limit of the app or of its set. */
export class AppSize {
  readonly #origin: string;
  readonly #addToSet: (size: number) => void;
  #size = 0;

  constructor(origin: string, addToSet: (size: number) => void) {
    this.#origin = origin;
    this.#addToSet = addToSet;
  }

  /** Adds a text. */
  addText(text: string): void {
    this.#add(text.length);
  }

  /** Adds a number, true, false, or the brackets of a list or object. */
  addScalar(): void {
    this.#add(SCALAR);
  }

  /** Adds a value with all that it contains. */
  addValue(value: Json): void {
    if (typeof value === "string") this.addText(value);
    else this.addScalar();
    if (typeof value !== "object" || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      this.addText(key);
      this.addValue(item);
    }
  }

  #add(size: number): void {
    this.#size += size;
    if (this.#size > MAX_APP_SIZE)
      throw new AppSetError(
        "GeneratorFailed",
        `the app for ${this.#origin} is larger than ${MAX_APP_SIZE / 1024} KiB: use fewer or shorter parameters in spec.template`,
      );
    this.#addToSet(size);
  }
}
