import { isRecord } from "../manifest/shape.js";
import type { RenderProblem } from "./render-error.js";

/** Shorter texts are everywhere. */
const LEAST_SECRET = 3;
const MASK = "…";

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

  /** Removes them from a problem: they can be in names, and in what it quotes. */
  hideIn({ object, message, ...place }: RenderProblem): RenderProblem {
    return {
      ...place,
      ...(object === undefined ? {} : { object: this.hide(object) }),
      message: this.hideQuoted(message),
    };
  }
}

/** All texts in values. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number" || typeof value === "bigint") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isRecord(value) ? Object.values(value).flatMap(textsIn) : [];
}
