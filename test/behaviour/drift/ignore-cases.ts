import type { BadSpec } from "../crd-cases.js";

const POINTERS = [
  ["spec/replicas", "must be a JSON pointer such as /spec/replicas"],
  ["/spec/a~2b", "must be a JSON pointer such as /spec/replicas"],
  ["/metadata/labels", "cannot be ignored as a whole: name a field below it"],
  ["/metadata/name", "cannot be ignored as a whole: name a field below it"],
  ["/metadata/labels/gitops.overseer.io~1app", "is written by the operator and cannot be ignored"],
] as const;

/** Bad rules about fields that are left alone, in an app and in the inputs of a Change. */
export function ignoreCases(kind: "OverseerApp" | "Change"): BadSpec[] {
  const path = kind === "OverseerApp" ? "sync.ignoreDifferences" : "inputs.ignoreDifferences";
  const bad = (rule: object, field: string, message: string): BadSpec => ({
    kind,
    set: kind === "OverseerApp" ? { sync: { ignoreDifferences: [rule] } } : { [path]: [rule] },
    field: `spec.${path}[0]${field}`,
    message,
  });
  return [
    ...POINTERS.map(([pointer, message]) => bad({ jsonPointers: ["/spec/x", pointer] }, ".jsonPointers[1]", message)),
    bad({ kind: "Deployment" }, "", "must set preset, jsonPointers, celPaths or managers"),
    bad(
      { preset: "AutoscaledReplicas", kind: "Deployment" },
      "",
      "a preset has its own kinds and fields: set only name and namespace beside it",
    ),
    ...(kind === "Change" ? [] : [ON_A_CORE]),
  ];
}

const ON_A_CORE: BadSpec = {
  kind: "OverseerApp",
  set: {
    destination: { overseer: { url: "https://core.example.com", secretRef: { name: "core" } } },
    sync: { ignoreDifferences: [{ jsonPointers: ["/spec/x"] }] },
  },
  field: "spec.sync.ignoreDifferences",
  message: "sync.ignoreDifferences is only for destination.kubernetes: remove it",
};
