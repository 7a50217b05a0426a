import type { Inputs } from "../../../api/inputs.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import type { Document, KubeObject } from "../../../manifest/document.js";
import { objectKey } from "../../../manifest/object-id.js";
import { hashObject } from "../../../manifest/to-document.js";
import type { Note } from "../../../render/request.js";
import { defaultNamespace } from "./locate-inputs.js";

/** The namespace that an app creates, and what is to be said about it. */
export interface OwnNamespace {
  readonly namespace: Document | undefined;
  readonly notes: readonly Note[];
}

/** Where the namespace is asked for, in place of a file. */
const ORIGIN = { file: "spec.sync.createNamespace" };

/**
 * Returns the document of the namespace of an app with `sync.createNamespace`. None is needed for the namespace that the app itself is in,
 * unless it gets labels or annotations. A Namespace in the source takes precedence, since it belongs to the app.
 */
export function ownNamespace(
  app: OverseerApp,
  { createNamespace }: Pick<Inputs, "createNamespace">,
  documents: readonly Document[],
): OwnNamespace {
  if (createNamespace === undefined) return { namespace: undefined, notes: [] };
  const { labels = {}, annotations = {} } = createNamespace;
  const name = defaultNamespace(app);
  const id = { group: "", version: "v1", kind: "Namespace", namespace: "", name };
  const key = objectKey(id);
  const inSource = documents.find((document) => document.key === key);
  if (inSource !== undefined) {
    const message = "is in the source: its labels and annotations there count, and sync.createNamespace has no effect";
    return { namespace: undefined, notes: [{ message, origin: inSource.origin, object: `Namespace ${name}` }] };
  }
  const isBare = Object.keys({ ...labels, ...annotations }).length === 0;
  const isLocal = app.spec.destination.kubernetes?.kubeConfigSecretRef === undefined;
  if (isBare && isLocal && name === app.metadata.namespace) return { namespace: undefined, notes: [] };
  // An empty map would be a field of the app's, in conflict with other apps.
  const metadata = {
    name,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  const object: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata };
  return { namespace: { id, key, object, origin: ORIGIN, hash: hashObject(object), shared: true }, notes: [] };
}
