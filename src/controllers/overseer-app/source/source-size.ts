import type { AppSource } from "../../../api/inputs.js";
import { jsonText } from "../../../base/hash.js";

/** An app holds its source up to three times, and the API server takes 1.5 MiB. */
const MAX_BYTES = 256 * 1024;

/** What to do with a field that is too large. */
const REMEDIES: readonly (readonly [field: string, read: (source: AppSource) => unknown, remedy: string])[] = [
  [
    "source.helm.values",
    ({ helm }) => helm?.values,
    "move values to a file of the repository (helm.valueFiles) or to a ConfigMap (helm.valuesFrom)",
  ],
  ["source.patches", ({ patches }) => patches, "move patches to a kustomization in the repository"],
  [
    "source.kustomize.patches",
    ({ kustomize }) => kustomize?.patches,
    "move patches to a kustomization in the repository",
  ],
  [
    "source.substitute.variables",
    ({ substitute }) => substitute?.variables,
    "move variables to a ConfigMap (substitute.from)",
  ],
];

/** Returns the message for a source that is too large to be recorded in the status and in Changes; undefined if it fits. */
export function sourceTooLarge(source: AppSource): string | undefined {
  const bytes = sizeOf(source);
  if (bytes <= MAX_BYTES) return undefined;
  const sizes = REMEDIES.map(([field, read, remedy]) => ({ field, bytes: sizeOf(read(source)), remedy }));
  const largest = sizes.reduce((most, next) => (next.bytes > most.bytes ? next : most));
  return `spec.source has ${bytes} bytes, of which spec.${largest.field} has ${largest.bytes}, and may have at most ${MAX_BYTES}, since it is recorded in the status and in Changes: ${largest.remedy}`;
}

function sizeOf(value: unknown): number {
  return value === undefined ? 0 : Buffer.byteLength(jsonText(value));
}
