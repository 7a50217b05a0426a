/** `{{ .path.basename }}`, and without a dot in the older language. */
const PLACEHOLDER = /\{\{[^{}]*\}\}/g;
const GO = /^\{\{-?\s*\.([A-Za-z_][\w]*(?:\.[A-Za-z_][\w]*)*)\s*-?\}\}$/;
const OLD = /^\{\{\s*([A-Za-z_][\w]*(?:\.[A-Za-z_][\w]*)*)\s*\}\}$/;
/** Stands for a placeholder in names, paths and values while a template is converted. No text of a template has it. */
const MARK = /zq(\d+)qz/g;

/** Takes the placeholders out of a template, and puts those of an OverseerAppSet in their places. */
export class Placeholders {
  readonly #parameters: string[] = [];
  readonly #unknown = new Set<string>();
  readonly #isGo: boolean;

  constructor(isGo: boolean) {
    this.#isGo = isGo;
  }

  /** Placeholders that are more than the name of a parameter. */
  get unknown(): ReadonlySet<string> {
    return this.#unknown;
  }

  /** Returns a value with a mark in place of each placeholder. */
  hide(value: unknown): unknown {
    return mapTexts(value, (text) => text.replace(PLACEHOLDER, (found) => this.#markOf(found)));
  }

  /** Returns a value with placeholders in place of its marks. */
  show(value: unknown): unknown {
    return mapTexts(value, (text) =>
      text.replace(MARK, (_, index: string) => `{{ .${this.#parameters[Number(index)]} }}`),
    );
  }

  /** Whether a text has a mark. */
  isIn(text: string): boolean {
    return text.search(MARK) >= 0;
  }

  #markOf(found: string): string {
    const parameter = this.#isGo ? GO.exec(found)?.[1] : OLD.exec(found)?.[1];
    if (parameter === undefined) this.#unknown.add(found);
    // The older language calls the whole path `path`.
    const name = !this.#isGo && parameter === "path" ? "path.path" : (parameter ?? "unknown");
    const known = this.#parameters.indexOf(name);
    return `zq${known >= 0 ? known : this.#parameters.push(name) - 1}qz`;
  }
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [change(key), mapTexts(one, change)]));
}
