import { canonicalJson, sha256 } from "../base/hash.js";
import type { Document, KubeObject, NamedPlaces, Origin } from "./document.js";
import { type ObjectId, objectKey, parseApiVersion } from "./object-id.js";

/** Digits of the hashes: 128 bits, where nobody gains by a collision. */
const HASH_LENGTH = 32;

/** A normalised object of a file, before it is known which namespace it goes to. Immutable and shared. */
export interface PreparedDocument {
  readonly object: KubeObject;
  readonly origin: Origin;
  /** See `Document`. */
  readonly places?: NamedPlaces;
  /** `hashBody(object)`: the costly part of the hash, which does not depend on the namespace. */
  readonly bodyHash: string;
  /** What of our own labels and annotations was taken out, for a note. */
  readonly dropped: readonly string[];
}

/** Hash of the canonical form of an object without its namespace: 32 hex digits. */
export function hashBody(object: KubeObject): string {
  return sha256(canonicalJson(inNamespace(object, "")), HASH_LENGTH);
}

/**
 * Hash of an object as it will be sent: of its canonical form and its namespace. Equal objects have equal hashes,
 * whatever order their fields were written in. It has no salt: of a Secret it must not be stored as it is, because a
 * weak value could be guessed from it.
 */
export function hashObject(object: KubeObject, bodyHash: string = hashBody(object)): string {
  return sha256(`${bodyHash}/${object.metadata.namespace ?? ""}`, HASH_LENGTH);
}

/** The identity of an object, in the namespace that it names. */
export function idOf(object: KubeObject): ObjectId {
  const { name, namespace = "" } = object.metadata;
  return { ...parseApiVersion(object.apiVersion), kind: object.kind, namespace, name };
}

/** The document that `prepared` is in `namespace` (`""` = cluster-scoped), with its identity and hash. */
export function toDocument(prepared: PreparedDocument, namespace: string): Document {
  const object = inNamespace(prepared.object, namespace);
  const id = idOf(object);
  const { origin, places } = prepared;
  const hash = hashObject(object, prepared.bodyHash);
  return { id, key: objectKey(id), object, origin, ...(places === undefined ? {} : { places }), hash };
}

/** `object` in another namespace; itself when it is there already. `""` takes the namespace away. */
export function inNamespace(object: KubeObject, namespace: string): KubeObject {
  if ((object.metadata.namespace ?? "") === namespace) return object;
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata: namespace === "" ? metadata : { ...metadata, namespace } };
}
