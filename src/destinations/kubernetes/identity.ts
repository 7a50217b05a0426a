import {
  ANNOTATION_APPLIED,
  ANNOTATION_IDENTITY,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_INSTANCE,
} from "../../api/group.js";
import type { Document, KubeObject } from "../../manifest/document.js";
import { type ObjectId, objectKey } from "../../manifest/object-id.js";
import type { AppRef } from "../../plan/live.js";

/** Value of the `applied` annotation while the API server is asked what it would do: only the key counts then. */
const PENDING = "pending";

/** The field manager of an app. One per app, so that two apps with one object are in conflict and not silently merged. */
export function fieldManager(app: Pick<AppRef, "namespace" | "name">): string {
  return `overseer:${app.namespace}/${app.name}`;
}

/** Names the object that carries it, and its app: a copy under another name or of another app does not match. */
export function identity(app: Pick<AppRef, "uid">, id: Omit<ObjectId, "version">): string {
  return `${app.uid}/${objectKey(id)}`;
}

/** Document hash and hash of the fields that the API server books to us, in one annotation. */
export function formatApplied(documentHash: string, fieldsHash: string): string {
  return `${documentHash}.${fieldsHash}`;
}

/** Reads the `applied` annotation. */
export function parseApplied(value: string | undefined): { document: string; fields: string } | undefined {
  const dot = value?.indexOf(".") ?? -1;
  if (value === undefined || dot < 0) return undefined;
  return { document: value.slice(0, dot), fields: value.slice(dot + 1) };
}

/** The object as it is sent: the document with our labels and annotations. All of them are there from the first write on. */
export function stamped(document: Document, app: AppRef, instance: string, applied: string = PENDING): KubeObject {
  const { metadata } = document.object;
  return {
    ...document.object,
    metadata: {
      ...metadata,
      labels: {
        ...metadata.labels,
        [LABEL_APP]: app.name,
        [LABEL_APP_NAMESPACE]: app.namespace,
        [LABEL_INSTANCE]: instance,
      },
      annotations: {
        ...metadata.annotations,
        [ANNOTATION_IDENTITY]: identity(app, document.id),
        [ANNOTATION_APPLIED]: applied,
      },
    },
  };
}
