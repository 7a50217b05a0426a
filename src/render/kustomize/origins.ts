import type { KubeObject, Origin } from "../../manifest/document.js";
import { hashBody, type PreparedDocument } from "../../manifest/to-document.js";

const ORIGIN = "config.kubernetes.io/origin";

/**
 * The document with the file that Kustomize says it comes from: of a generated one, its kustomization. The annotation that
 * says so is removed unless the source asks for it (`keep`).
 */
export function withOrigin(
  document: PreparedDocument,
  toRepository: (path: string) => string | undefined,
  fallback: Origin,
  keep: boolean,
): PreparedDocument {
  const { metadata } = document.object;
  const written = metadata.annotations?.[ORIGIN];
  const named = /^(?:path|configuredIn): (.+)$/m.exec(written ?? "")?.[1];
  const file = named === undefined ? undefined : toRepository(named);
  const origin = file === undefined ? fallback : { file };
  if (written === undefined || keep) return { ...document, origin };
  const object = without(document.object);
  return { ...document, object, origin, bodyHash: hashBody(object) };
}

function without(object: KubeObject): KubeObject {
  const { annotations = {}, ...metadata } = object.metadata;
  const { [ORIGIN]: _, ...rest } = annotations;
  return { ...object, metadata: Object.keys(rest).length === 0 ? metadata : { ...metadata, annotations: rest } };
}
