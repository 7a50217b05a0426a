import type { BadSpec } from "./crd-cases.js";

const OUTSIDE = "must be a relative path within the repository";

/** A destination that takes no settings of rendered documents. */
const CORE = { url: "https://core.example.com", secretRef: { name: "core" } };

const FOR_KUBERNETES: readonly BadSpec[] = [
  {
    kind: "OverseerApp",
    set: { destination: { overseer: CORE }, "source.commonMetadata": { labels: { a: "b" } } },
    field: "spec.source.commonMetadata",
    message: "source.commonMetadata is only for destination.kubernetes: remove it",
  },
  {
    kind: "OverseerApp",
    set: { destination: { overseer: CORE }, "source.patches": [{ patch: "a: 1" }] },
    field: "spec.source.patches",
    message:
      "source.patches is only for destination.kubernetes: remove it, and change the documents of overseer.io in the repository instead",
  },
  {
    kind: "OverseerApp",
    set: { destination: { overseer: CORE }, "source.substitute": { variables: { A: "1" } } },
    field: "spec.source.substitute",
    message:
      "source.substitute is only for destination.kubernetes: remove it; source.env sets variables of Compose documents",
  },
];

/** Bad references to charts of registries. */
function chartCases(kind: "OverseerApp" | "Change", source: string): BadSpec[] {
  const bad = (chart: object, field: string, message: string): BadSpec => ({
    kind,
    set: { [`${source}.helm`]: { chart: { name: "redis", version: "1.0.0", ...chart } } },
    field: `spec.${source}.helm.chart${field}`,
    message,
  });
  return [
    bad(
      { repository: "ftp://charts.example.com" },
      ".repository",
      "repository must begin with https://, http:// or oci://",
    ),
    bad(
      { repository: "https://user:pass@charts.example.com" },
      ".repository",
      "repository must not contain a user name or password: use secretRef",
    ),
    bad(
      { repository: "https://charts.example.com", plainHTTP: true },
      ".plainHTTP",
      "plainHTTP is for oci:// repositories",
    ),
    bad(
      { repository: "http://charts.example.com", secretRef: { name: "charts" } },
      ".secretRef",
      "credentials are never sent over http:// to another machine: use https://, or oci:// without plainHTTP",
    ),
  ];
}

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
    {
      kind,
      set: { [`${source}.helm`]: { valuesFrom: [{ kind: "Secret", name: "db", targetPath: "hosts[0].name" }] } },
      field: `spec.${source}.helm.valuesFrom[0].targetPath`,
      message: "should match",
    },
    {
      kind,
      set: { [`${source}.substitute`]: { from: [{ kind: "Pod", name: "db" }] } },
      field: `spec.${source}.substitute.from[0].kind`,
      message: "Unsupported value",
    },
    ...chartCases(kind, source),
    ...(kind === "OverseerApp" ? FOR_KUBERNETES : []),
  ];
}
