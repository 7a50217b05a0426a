import type { SecretValueReference } from "../../api/documents/secret.js";
import { canonicalJson } from "../../base/hash.js";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Values of stores, by reference. */
export class SecretValues {
  readonly #values = new Map<string, Uint8Array>();

  set(reference: SecretValueReference, value: Uint8Array): void {
    this.#values.set(canonicalJson(reference), value);
  }

  get(reference: SecretValueReference): Uint8Array | undefined {
    return this.#values.get(canonicalJson(reference));
  }

  /** Returns the values that are text. */
  texts(): string[] {
    return [...this.#values.values()].flatMap((bytes) => textOf(bytes) ?? []);
  }

  /** Returns everything for a digest. */
  content(): readonly (readonly [string, string])[] {
    return [...this.#values]
      .map(([key, bytes]) => [key, Buffer.from(bytes).toString("base64")] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** Returns bytes as text; undefined if they are not text in UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
