/** How kubectl read each case: the objects, or that it refused the text. */
export interface KubectlVectors {
  readonly kubectl: string;
  readonly readings: Record<string, readonly Record<string, unknown>[] | "refused">;
}

/** Beside the sources; the compiled tests are in `build/`. */
export const VECTORS_FILE = new URL("../../../../test/unit/manifest/kubectl-vectors.json", import.meta.url);
