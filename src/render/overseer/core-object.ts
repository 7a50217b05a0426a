import { CORE_OBJECT_GROUP, CORE_OBJECT_VERSION, type CoreObjectKind } from "../../api/core/objects.js";
import { GROUP } from "../../api/group.js";
import type { KubeObject, NamedPlaces } from "../../manifest/document.js";
import { mayKeep } from "../../manifest/keep-annotations.js";
import { hashBody, type PreparedDocument } from "../../manifest/to-document.js";

/** An object for a Core. */
export interface CoreObject {
  readonly kind: CoreObjectKind;
  readonly name: string;
  /** Matches `CORE_OBJECT_SPECS`. Undefined fields are omitted. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * Converts a Core object to a prepared document with the origin of its source document. Copies annotations of our own group and
 * annotations that protect objects from deletion. Others have no effect on a Core.
 */
export function toPrepared(
  { kind, name, spec }: CoreObject,
  document: PreparedDocument,
  places: NamedPlaces | undefined,
): PreparedDocument {
  const annotations = ownAnnotations(document.object);
  const object: KubeObject = {
    apiVersion: `${CORE_OBJECT_GROUP}/${CORE_OBJECT_VERSION}`,
    kind,
    metadata: { name, ...(annotations === undefined ? {} : { annotations }) },
    spec: Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)),
  };
  const { origin, dropped } = document;
  return { object, origin, ...(places === undefined ? {} : { places }), bodyHash: hashBody(object), dropped };
}

function ownAnnotations({ metadata }: KubeObject): Readonly<Record<string, string>> | undefined {
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(`${GROUP}/`) || mayKeep(key));
  return own.length === 0 ? undefined : Object.fromEntries(own);
}
