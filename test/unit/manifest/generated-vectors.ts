import { sha256 } from "../../../src/base/hash.js";
import { generateYaml, seeded } from "./generated-yaml.js";
import type { Reading } from "./kubectl-yaml.js";

/** How kubectl reads the texts of `generatedTexts`. */
export interface GeneratedVectors {
  /** Digest of the texts: with another one, the vectors are of an older generator. */
  readonly texts: string;
  readonly readings: readonly Reading[];
}

/** Beside the sources; the compiled tests are in `build/`. */
export const GENERATED_VECTORS_FILE = new URL("../../../../test/unit/manifest/generated-vectors.json", import.meta.url);

/** The first `count` texts of a seed. */
export function generatedTexts(count: number, seed: number): string[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => generateYaml(random));
}

/** The texts whose readings are kept. */
export const KEPT_TEXTS: readonly string[] = generatedTexts(400, 1);

export const KEPT_TEXTS_DIGEST: string = sha256(JSON.stringify(KEPT_TEXTS), 16);
