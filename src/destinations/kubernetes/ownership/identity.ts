import { LRUCache } from "lru-cache";
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

/** Value of the `applied` annotation in dry runs, where only its key matters. */
const PENDING = "pending";

/** Returns the field manager of an app. One per app, so that two apps that set the same field conflict instead of merging. */
export function fieldManager(app: Pick<AppRef, "namespace" | "name">): string {
  return `overseer:${app.namespace}/${app.name}`;
}

/** Identity and signing key of this installation. */
export interface Installation {
  /** UID of the control cluster's kube-system namespace. */
  readonly instance: string;
  readonly digestKey: string;
}

/**
 * Returns the signed ownership annotation: app and object, with an HMAC. Labels and managedFields prove nothing, since any client
 * that may write the object can set them. A copy under another name or for another app does not match.
 */
export function identity(
  { digestKey }: Pick<Installation, "digestKey">,
  app: Pick<AppRef, "uid">,
  id: Omit<ObjectId, "version">,
): string {
  const text = `${app.uid}/${objectKey(id)}`;
  return `${text}${SIGNATURE_SEPARATOR}${sign(digestKey, text)}`;
}

/** Returns the app UID of an identity with a valid signature for this object; undefined otherwise. */
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

/** Occurs in no UID, group, kind or name. */
const SIGNATURE_SEPARATOR = "#";

/** Signatures made last, by key and text: dry run, apply, response and watch event of a write need the same one. */
const signatures = new LRUCache<string, string>({ max: 4_096 });

/** 64 bits are enough, since each guess costs a write. */
function sign(digestKey: string, text: string): string {
  const known = `${digestKey} ${text}`;
  const signature = signatures.get(known) ?? hmacSha256(digestKey, `identity ${text}`, 16);
  signatures.set(known, signature);
  return signature;
}

/** Content of the `applied` annotation. */
export interface Applied {
  /** Hash of the last applied document. */
  readonly document: string;
  /** Hash of the app's managedFields entry. */
  readonly fields: string;
  /** Annotations of that document that protect the object from deletion, even if they are removed from the live object. */
  readonly keepAnnotations: readonly string[];
}

const NO_ANNOTATIONS: readonly string[] = [];

/** Formats the `applied` annotation: document hash, hash of the managedFields entry, and the keep annotations, if any. */
export function formatApplied(
  documentHash: string,
  fieldsHash: string,
  keep: readonly string[] = NO_ANNOTATIONS,
): string {
  return [documentHash, fieldsHash, ...(keep.length === 0 ? [] : [keep.join(",")])].join(".");
}

/** Parses the `applied` annotation. */
export function parseApplied(value: string | undefined): Applied | undefined {
  const [document, fields, ...keep] = value?.split(".") ?? [];
  if (document === undefined || fields === undefined) return undefined;
  return { document, fields, keepAnnotations: keep.length === 0 ? NO_ANNOTATIONS : keep.join(".").split(",") };
}

/** Returns the object to send: the document with all ownership labels and annotations. */
export function withOwnership(
  document: Document,
  app: AppRef,
  installation: Installation,
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
        [LABEL_INSTANCE]: installation.instance,
      },
      annotations: {
        ...metadata.annotations,
        [ANNOTATION_IDENTITY]: identity(installation, app, document.id),
        [ANNOTATION_APPLIED]: applied,
      },
    },
  };
}
