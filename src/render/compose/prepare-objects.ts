import { ANNOTATION_HOOK, ANNOTATION_WAVE, GROUP } from "../../api/group.js";
import type { KubeObject } from "../../manifest/document.js";
import { mayKeep } from "../../manifest/keep-annotations.js";
import { hashBody, type PreparedDocument } from "../../manifest/to-document.js";
import { waveOf } from "../../manifest/wave.js";
import type { CompiledObject } from "./model.js";

/**
 * Converts compiled objects to prepared documents with the origin of their App document. Its labels, and its annotations for this
 * operator, are those of all objects. A wave of the app is the first wave of its services.
 */
export function prepareObjects(
  objects: readonly CompiledObject[],
  document: PreparedDocument,
  confidential: boolean,
): PreparedDocument[] {
  const { metadata } = document.object;
  const labels = metadata.labels ?? {};
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => isInherited(key)),
  );
  const base = waveOf(metadata);
  return objects.map(({ object }, index) => {
    const wave = base + waveOf(object.metadata);
    const all = {
      ...annotations,
      ...object.metadata.annotations,
      ...(wave === 0 ? {} : { [ANNOTATION_WAVE]: String(wave) }),
    };
    const complete: KubeObject = {
      ...object,
      metadata: {
        ...object.metadata,
        labels: { ...labels, ...object.metadata.labels },
        ...(Object.keys(all).length === 0 ? {} : { annotations: all }),
      },
    };
    return {
      object: complete,
      origin: document.origin,
      bodyHash: hashBody(complete),
      dropped: index === 0 ? document.dropped : [],
      ...(confidential ? { confidential } : {}),
    };
  });
}

function isInherited(key: string): boolean {
  return (key.startsWith(`${GROUP}/`) && !key.startsWith(ANNOTATION_HOOK)) || mayKeep(key);
}
