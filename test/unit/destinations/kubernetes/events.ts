import { ANNOTATION_APPLIED, ANNOTATION_IDENTITY, LABEL_APP, LABEL_APP_NAMESPACE } from "../../../../src/api/group.js";
import type { AdditionsPolicy } from "../../../../src/destinations/kubernetes/ownership/added-fields.js";
import { fieldManager, formatApplied, identity } from "../../../../src/destinations/kubernetes/ownership/identity.js";
import { KnownManagers } from "../../../../src/destinations/kubernetes/ownership/known-managers.js";
import { type ObservedObject, observe } from "../../../../src/destinations/kubernetes/watch/observed-object.js";
import { fieldsHash } from "../../../../src/kube/fields/managed-fields.js";
import type { LiveMetadata, ManagedFieldsEntry } from "../../../../src/kube/object.js";

/** The app of these tests. */
export const APP_REF = { namespace: "shop", name: "web", uid: "app-uid" } as const;
/** The kind of these tests. */
export const KIND = { group: "", version: "v1", kind: "Thing" } as const;

/** Our entry, as it is right after our apply. */
export const OURS: ManagedFieldsEntry = {
  manager: fieldManager(APP_REF),
  operation: "Apply",
  apiVersion: "v1",
  time: "2026-01-01T00:00:00Z",
  fieldsType: "FieldsV1",
  fieldsV1: { "f:metadata": { "f:labels": { "f:tier": {} } }, "f:data": { "f:a": {} } },
};

/** What an entry of somebody else looks like. */
export function foreign(manager: string, subresource?: string, time = "2026-01-02T00:00:00Z"): ManagedFieldsEntry {
  return {
    manager,
    operation: "Update",
    apiVersion: "v1",
    time,
    fieldsV1: { "f:x": {} },
    ...(subresource ? { subresource } : {}),
  };
}

/** By what our marks are told from others'. */
export const MARKER = { digestKey: "key" };

/** The default policy for additions. */
export const REVERT: AdditionsPolicy = {
  mode: "Revert",
  managers: new KnownManagers({ users: [], controllers: [] }),
  ignored: [],
  tools: false,
};

/** What an event on our object says; `change` is laid over the state after our apply. */
export function event(
  resourceVersion: string,
  change: Partial<LiveMetadata> = {},
  name = "x",
  spec?: object,
): ObservedObject {
  const id = { ...KIND, namespace: "shop", name: "x" };
  const metadata: LiveMetadata = {
    name,
    namespace: "shop",
    uid: "u1",
    resourceVersion,
    managedFields: [OURS],
    ...change,
    labels: { [LABEL_APP]: APP_REF.name, [LABEL_APP_NAMESPACE]: APP_REF.namespace, tier: "back", ...change.labels },
    annotations: {
      [ANNOTATION_IDENTITY]: identity(MARKER, APP_REF, id),
      [ANNOTATION_APPLIED]: formatApplied("document", fieldsHash(OURS)),
      ...change.annotations,
    },
  };
  return observe({ metadata, ...(spec ? { spec } : {}) }, KIND, { status: "Healthy" });
}
