import { TimeSlice } from "../git/pack/time-slice.js";
import { isRecord } from "../manifest/shape.js";

/** Shorter texts are everywhere. */
const LEAST_SECRET = 3;
const MASK = "…";
/** As many problems of a source are logged. */
const MAX_SHOWN = 500;

/** Texts that must not be shown. */
export class SecretTexts {
  readonly #known: readonly string[];

  constructor(secrets: readonly string[]) {
    const known = secrets.flatMap((secret) => [
      secret,
      ...secret.split(/\s+/),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString("base64"),
    ]);
    this.#known = [...new Set(known)].filter((text) => text.length >= LEAST_SECRET).sort((a, b) => b.length - a.length);
  }

  /** Replaces the known texts wherever they stand. */
  hide(text: string): string {
    return this.#known.reduce((shown, secret) => shown.replaceAll(secret, MASK), text);
  }

  /** Also removes what is quoted: a program may quote any value, whole, in parts, or encoded. */
  hideQuoted(text: string): string {
    return this.hide(
      text.replace(/"[^"]*"|'[^']*'|`[^`]*`/g, (quoted) => (/templates\//.test(quoted) ? quoted : MASK)),
    );
  }

  /**
   * Removes them from findings by `hide`, also from names of objects. A source may have thousands of both, so that other work goes on
   * meanwhile, and only the first findings are shown.
   */
  async hideIn<T extends { readonly object?: string; readonly message: string }>(
    findings: readonly T[],
    hide: (text: string) => string = (text) => this.hideQuoted(text),
  ): Promise<T[]> {
    const shown: T[] = [];
    const slice = new TimeSlice();
    for (const one of findings) {
      if (slice.due) await slice.pause();
      const { object, message } = one;
      const named = object === undefined ? {} : { object: this.hide(object) };
      if (shown.length < MAX_SHOWN) shown.push({ ...one, ...named, message: hide(message) });
      else shown.push({ ...one, object: MASK, message: "is not shown, since it may quote a value of a Secret" });
    }
    return shown;
  }
}

/** All texts in values. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number" || typeof value === "bigint") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isRecord(value) ? Object.values(value).flatMap(textsIn) : [];
}
