import type { ObjectKey } from "../../../manifest/object-id.js";
import { type Installation, identifiedApp } from "./identity.js";

/** The part of an observed object that its identity is proven by. */
interface Identified {
  readonly key: ObjectKey;
  readonly identity: string | undefined;
}

/** What was proven of each observed object, and by which key. */
const proven = new WeakMap<Identified, { readonly digestKey: string; readonly uid: string | undefined }>();

/**
 * Returns the app UID of an observed object by its signed identity; undefined if it has none. Each reconcile asks several times, so
 * that the signature is computed once for each state of an object.
 */
export function appUidOf(object: Identified, installation: Pick<Installation, "digestKey">): string | undefined {
  const known = proven.get(object);
  if (known?.digestKey === installation.digestKey) return known.uid;
  const uid = identifiedApp(installation, object.identity, object.key);
  proven.set(object, { digestKey: installation.digestKey, uid });
  return uid;
}
