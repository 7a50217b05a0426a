import type { BadSpec } from "./crd-cases.js";

const OUTSIDE = "must be a relative path within the repository";

/** A destination that takes no settings of rendered documents. */
const CORE = { url: "https://core.example.com", secretRef: { name: "core" } };

const FOR_KUBERNETES: readonly BadSpec[] = [
  {
    kind: "OverseerApp",
    set: { destination: { overseer: CORE }, "source.patches": [{ patch: "a: 1" }] },
    field: "spec.source.patches",
    message:
      "source.patches is only for destination.kubernetes: remove it, and change the documents of overseer.io in the repository instead",
  },
];

/** Bad settings of the renderers, in the source of an app and in the inputs of a Change. */
export function rendererCases(kind: "OverseerApp" | "Change"): BadSpec[] {
  const source = kind === "OverseerApp" ? "source" : "inputs.source";
  return [
    {
      kind,
      set: { [`${source}.plain`]: {}, [`${source}.kustomize`]: {} },
      field: `spec.${source}`,
      message: "at most one of plain, kustomize and helm may be set",
    },
    {
      kind,
      set: { [`${source}.kustomize`]: { components: ["/etc"] } },
      field: `spec.${source}.kustomize.components[0]`,
      message: OUTSIDE,
    },
    {
      kind,
      set: { [`${source}.helm`]: { valueFiles: ["https://example.com/values.yaml"] } },
      field: `spec.${source}.helm.valueFiles[0]`,
      message: OUTSIDE,
    },
    ...(kind === "OverseerApp" ? FOR_KUBERNETES : []),
  ];
}
