import type { KustomizeSource } from "../../api/renderers.js";

/** Label and annotation transformers reach metadata alone: selectors cannot change, and pods need not restart. */
function metadataTransformer(
  kind: "LabelTransformer" | "AnnotationsTransformer",
  pairs: Readonly<Record<string, string>>,
): string {
  const field = kind === "LabelTransformer" ? "labels" : "annotations";
  return JSON.stringify({
    apiVersion: "builtin",
    kind,
    metadata: { name: `app-${field}` },
    [field]: pairs,
    fieldSpecs: [{ path: `metadata/${field}`, create: true }],
  });
}

/** Fields that the overlay copies from the kustomization below: Kustomize reads these in the topmost one only. */
export interface TopSettings {
  readonly buildMetadata: readonly string[];
  /** `openapi` of the kustomization, with its path as the overlay has it. */
  readonly openapi: Readonly<Record<string, unknown>> | undefined;
  /** Whether it is a Component, which can be a resource of no other kustomization. */
  readonly isComponent: boolean;
}

/**
 * The kustomization over that of the source: it applies the settings of the app, and has Kustomize say where each object
 * comes from. `path` leads to the kustomization of the source, and `added` to the components that the app adds.
 */
export function overlayOf(
  settings: KustomizeSource,
  top: TopSettings,
  path: string,
  added: readonly string[],
): Readonly<Record<string, unknown>> {
  const { namePrefix, nameSuffix, namespace, images, replicas, labels, annotations, patches } = settings;
  const transformers = [
    ...(hasEntries(labels) ? [metadataTransformer("LabelTransformer", labels)] : []),
    ...(hasEntries(annotations) ? [metadataTransformer("AnnotationsTransformer", annotations)] : []),
  ];
  const components = top.isComponent ? [path, ...added] : added;
  return {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    ...(top.isComponent ? {} : { resources: [path] }),
    buildMetadata: [...new Set([...top.buildMetadata, "originAnnotations"])],
    ...defined({ namePrefix, nameSuffix, namespace, images, replicas, patches, openapi: top.openapi }),
    ...(components.length === 0 ? {} : { components }),
    ...(transformers.length === 0 ? {} : { transformers }),
  };
}

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function hasEntries(map: Readonly<Record<string, string>> | undefined): map is Readonly<Record<string, string>> {
  return map !== undefined && Object.keys(map).length > 0;
}
