import {
  ANNOTATION_APPLIED,
  ANNOTATION_IDENTITY,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_INSTANCE,
} from "../../../api/group.js";
import { hmacSha256 } from "../../../base/hash.js";
import type { Document, KubeObject } from "../../../manifest/document.js";
import { type ObjectId, type ObjectKey, objectKey } from "../../../manifest/object-id.js";
import type { AppRef } from "../../../plan/live.js";

/** Value of the `applied` annotation while the API server is asked what it would do: only the key counts then. */
const PENDING = "pending";

/** The field manager of an app. One per app, so that two apps with one object are in conflict and not silently merged. */
export function fieldManager(app: Pick<AppRef, "namespace" | "name">): string {
  return `overseer:${app.namespace}/${app.name}`;
}

/** What only this installation knows, and by what it tells its own marks from others'. */
export interface Installation {
  /** UID of the control cluster's kube-system namespace. */
  readonly instance: string;
  readonly digestKey: string;
}

/**
 * Names the object that carries it and its app, with a seal that nobody else can make: whoever may write objects may write
 * labels, and an entry of our field manager, too. A copy under another name or of another app does not match.
 */
export function identity(
  { digestKey }: Pick<Installation, "digestKey">,
  app: Pick<AppRef, "uid">,
  id: Omit<ObjectId, "version">,
): string {
  const text = `${app.uid}/${objectKey(id)}`;
  return `${text}${SIGNATURE_SEPARATOR}${sign(digestKey, text)}`;
}

/** UID of the app that an identity names, if it is about this object and sealed by us; undefined: it proves nothing. */
export function identifiedApp(
  { digestKey }: Pick<Installation, "digestKey">,
  value: string | undefined,
  key: ObjectKey,
): string | undefined {
  const at = value?.lastIndexOf(SIGNATURE_SEPARATOR) ?? -1;
  if (value === undefined || at < 0) return undefined;
  const text = value.slice(0, at);
  if (value.slice(at + 1) !== sign(digestKey, text) || !text.endsWith(`/${key}`)) return undefined;
  return text.slice(0, -key.length - 1) || undefined;
}

/** Stands in no UID, group, kind or name. */
const SIGNATURE_SEPARATOR = "#";

/** 64 bits: each guess would cost a write. */
function sign(digestKey: string, text: string): string {
  return hmacSha256(digestKey, `identity ${text}`, 16);
}

/** What the `applied` annotation holds. */
export interface Applied {
  /** Hash of the document that was applied last. */
  readonly document: string;
  /** Hash of the fields that the API server booked to us. */
  readonly fields: string;
  /** Marks of that document that keep the object, whatever becomes of them on the live object. */
  readonly keepAnnotations: readonly string[];
}

const NO_ANNOTATIONS: readonly string[] = [];

/** Document hash, hash of the fields that the API server books to us, and the keep marks if there are any, in one annotation. */
export function formatApplied(
  documentHash: string,
  fieldsHash: string,
  keep: readonly string[] = NO_ANNOTATIONS,
): string {
  return [documentHash, fieldsHash, ...(keep.length === 0 ? [] : [keep.join(",")])].join(".");
}

/** Reads the `applied` annotation. */
export function parseApplied(value: string | undefined): Applied | undefined {
  const [document, fields, ...marks] = value?.split(".") ?? [];
  if (document === undefined || fields === undefined) return undefined;
  return { document, fields, keepAnnotations: marks.length === 0 ? NO_ANNOTATIONS : marks.join(".").split(",") };
}

/** The object as it is sent: the document with our labels and annotations. All of them are there from the first write on. */
export function withOwnership(
  document: Document,
  app: AppRef,
  marker: Installation,
  applied: string = PENDING,
): KubeObject {
  const { metadata } = document.object;
  return {
    ...document.object,
    metadata: {
      ...metadata,
      labels: {
        ...metadata.labels,
        [LABEL_APP]: app.name,
        [LABEL_APP_NAMESPACE]: app.namespace,
        [LABEL_INSTANCE]: marker.instance,
      },
      annotations: {
        ...metadata.annotations,
        [ANNOTATION_IDENTITY]: identity(marker, app, document.id),
        [ANNOTATION_APPLIED]: applied,
      },
    },
  };
}
