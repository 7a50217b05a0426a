import type { BadSpec } from "./crd-cases.js";

const CORE = { overseer: { url: "https://core.example.com", secretRef: { name: "core" } } };
const OVERLAY = "overlay merges App documents and cannot be combined with kustomize or helm";
const RELATIVE = "overlay must be relative to the root of the repository and must not contain ..";

/** Bad overlays, and settings that a Core does not have. */
export const badSourceSpecs: readonly BadSpec[] = [
  ...(["source", "inputs.source"] as const).flatMap((field): BadSpec[] => {
    const kind = field === "source" ? "OverseerApp" : "Change";
    return [
      { kind, set: { [`${field}.overlay`]: "prod", [`${field}.helm`]: {} }, field: `spec.${field}`, message: OVERLAY },
      { kind, set: { [`${field}.overlay`]: "../prod" }, field: `spec.${field}.overlay`, message: RELATIVE },
    ];
  }),
  {
    kind: "OverseerApp",
    set: { destination: CORE, sync: { createNamespace: {} } },
    field: "spec.sync.createNamespace",
    message: "sync.createNamespace is only for destination.kubernetes: remove it",
  },
  {
    kind: "OverseerApp",
    set: { destination: CORE, "source.unseal": { secretRef: { name: "key" } } },
    field: "spec.source.unseal",
    message: "source.unseal is only for destination.kubernetes: remove it; a Core keeps secrets itself",
  },
  {
    kind: "OverseerApp",
    set: { destination: CORE, "source.requiredSecrets": [{ name: "db" }] },
    field: "spec.source.requiredSecrets",
    message:
      "source.requiredSecrets is only for destination.kubernetes: apps of a Core wait for what ${SECRET:name} refers to",
  },
  {
    kind: "OverseerApp",
    set: { destination: CORE, "source.restart": { from: [{ kind: "Secret", name: "db" }] } },
    field: "spec.source.restart",
    message: "source.restart.from is only for destination.kubernetes: write restart: {}",
  },
  {
    kind: "Environment",
    set: { gates: { approval: { forbidAuthor: true } } },
    field: "spec.gates",
    message:
      "gates.approval.forbidAuthor requires identities: without them no author is known, and no approval would count",
  },
];
