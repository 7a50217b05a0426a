import { canonicalJson, sha256 } from "../base/hash.js";
import type { Document, KubeObject, NamedPlaces, Origin } from "./document.js";
import { type ObjectId, objectKey, parseApiVersion } from "./object-id.js";

/** Hexadecimal digits of hashes: 128 bits. Collisions are not a security concern here. */
const HASH_LENGTH = 32;

/** A normalized object of a file whose namespace is not resolved yet. Immutable and shared. */
export interface PreparedDocument {
  readonly object: KubeObject;
  readonly origin: Origin;
  /** See `Document`. */
  readonly places?: NamedPlaces;
  /** `hashBody(object)`: the expensive part of the hash, which does not depend on the namespace. */
  readonly bodyHash: string;
  /** Our own labels and annotations that were removed, for a note. */
  readonly dropped: readonly string[];
  /** Top-level fields that were normalized, as they were before. */
  readonly written?: Readonly<Record<string, unknown>>;
  /** See `Document`. */
  readonly confidential?: boolean;
}

/** Returns the object of a document before it was normalized, as far as its metadata, status and Secret values are concerned. */
export function asWritten({ object, written }: PreparedDocument): KubeObject {
  if (written === undefined) return object;
  const { data, ...rest } = object;
  const keepsData = data !== undefined && !("stringData" in written);
  return { ...rest, ...(keepsData ? { data } : {}), ...written } as KubeObject;
}

/** Hashes the canonical form of an object without its namespace. Returns 32 hexadecimal digits. */
export function hashBody(object: KubeObject): string {
  return sha256(canonicalJson(inNamespace(object, "")), HASH_LENGTH);
}

/**
 * Hashes an object as it will be sent: its canonical form and namespace. The order of fields does not matter. The hash is not
 * salted: do not store it for a Secret, because weak values could be guessed from it.
 */
export function hashObject(object: KubeObject, bodyHash: string = hashBody(object)): string {
  return sha256(`${bodyHash}/${object.metadata.namespace ?? ""}`, HASH_LENGTH);
}

/** Returns the identity of an object in the namespace that it sets. */
export function idOf(object: KubeObject): ObjectId {
  const { name, namespace = "" } = object.metadata;
  const { group, version } = parseApiVersion(object.apiVersion);
  return { group, version, kind: object.kind, namespace, name };
}

/** Creates the document for `prepared` in `namespace` (empty for cluster-scoped objects), with its identity and hash. */
export function toDocument(prepared: PreparedDocument, namespace: string): Document {
  const object = inNamespace(prepared.object, namespace);
  const id = idOf(object);
  const { origin, places, confidential } = prepared;
  const hash = hashObject(object, prepared.bodyHash);
  return {
    ...{ id, key: objectKey(id), object, origin, hash },
    ...(places === undefined ? {} : { places }),
    ...(confidential ? { confidential } : {}),
  };
}

/** Returns `object` in another namespace. An empty namespace removes it. */
export function inNamespace(object: KubeObject, namespace: string): KubeObject {
  if ((object.metadata.namespace ?? "") === namespace) return object;
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata: namespace === "" ? metadata : { ...metadata, namespace } };
}
