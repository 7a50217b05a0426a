import { ANNOTATION_APPLIED } from "../../api/group.js";
import type { Clock } from "../../base/clock.js";
import { hmacSha256 } from "../../base/hash.js";
import type { Logger } from "../../base/logger.js";
import type { FairnessKey, Semaphore } from "../../base/semaphore.js";
import type { KubeClient } from "../../kube/client/kube-client.js";
import type { Discovery } from "../../kube/discovery.js";
import { isNamespaceTerminating, isStatus } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import type { ResourceInfo } from "../../kube/resource.js";
import type { Document } from "../../manifest/document.js";
import { appKey } from "../../plan/live.js";
import type { Target } from "../destination.js";
import type { DeniedWrites } from "./apply/denied-writes.js";
import type { HealthJudge } from "./health/expressions.js";
import type { AdditionsPolicy } from "./ownership/added-fields.js";
import type { KnownManagers } from "./ownership/known-managers.js";
import { type ObservedObject, observe } from "./watch/observed-object.js";
import type { Tracker } from "./watch/tracker.js";

/** Shared dependencies of the Kubernetes destination. */
export interface KubernetesContext {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly tracker: Tracker;
  /** Computes the health of objects. */
  readonly judge: HealthJudge;
  readonly clock: Clock;
  readonly logger: Logger;
  /** UID of the control cluster's kube-system namespace. */
  readonly instance: string;
  /** Key of the digests of Secrets, so that readers of metadata cannot guess their values. */
  readonly digestKey: string;
  /** User for apps without a ServiceAccount; undefined for the user of the connection. */
  readonly ownUser: string | undefined;
  /** Tells clients of people from controllers. */
  readonly managers: KnownManagers;
  /** Limits concurrent writes and dry runs of all apps of this cluster. */
  readonly requests: Semaphore;
  /** Whether an app exists. Objects of a deleted app may be adopted. */
  readonly appExists: (namespace: string, name: string) => boolean;
  /** Called when an app lacks a permission. */
  readonly onForbidden: (app: string) => void;
  /** Cache of recently denied permissions. */
  readonly denied: DeniedWrites;
  /** Called when a denial is cached. */
  readonly onDenied: () => void;
}

/** Concurrent writes per app. */
export const WRITES_PER_APP = 8;

/** Begins the hash of a document with values of Secrets, so that the live object is known to hold them. */
const CONFIDENTIAL = "c-";

/** Returns whether a live object was applied from a document with values of Secrets. */
export function wasConfidential(annotations: Readonly<Record<string, string>> | undefined): boolean {
  return isConfidentialHash(annotations?.[ANNOTATION_APPLIED]);
}

/** Returns whether a recorded hash is that of a document with values of Secrets. */
export function isConfidentialHash(hash: string | undefined): boolean {
  return hash?.startsWith(CONFIDENTIAL) ?? false;
}

/** Returns `next`, marked as the hash of a document with values of Secrets if `hash` is one. */
export function keepConfidential(hash: string, next: string): string {
  return isConfidentialHash(hash) ? `${CONFIDENTIAL}${next}` : next;
}

/** Returns the hash of a document for the annotation; keyed for Secrets, and for documents with values of Secrets. */
export function recordedHash(context: Pick<KubernetesContext, "digestKey">, document: Document): string {
  const secret = document.id.kind === "Secret" && document.id.group === "";
  if (!secret && !document.confidential) return document.hash;
  return `${secret ? "" : CONFIDENTIAL}${hmacSha256(context.digestKey, document.hash, 32)}`;
}

/** Returns the user to impersonate for an app's writes; undefined for the user of the connection. */
export function writer({ ownUser }: Pick<KubernetesContext, "ownUser">, target: Target): string | undefined {
  const { app, serviceAccountName } = target;
  return serviceAccountName === undefined ? ownUser : `system:serviceaccount:${app.namespace}:${serviceAccountName}`;
}

/** Returns which additions of others are drift for an app. */
export function additionsPolicy(
  { managers }: Pick<KubernetesContext, "managers">,
  { additions, ignored, adopt }: Pick<Target, "additions" | "ignored" | "adopt">,
): AdditionsPolicy {
  return { mode: additions, managers, ignored, tools: adopt === "Always" };
}

/** Reduces a response of the API server like a watch event. */
export function observeResponse(
  { judge }: Pick<KubernetesContext, "judge">,
  resource: ResourceInfo,
  raw: RawObject,
): ObservedObject {
  const kind = { group: resource.group, version: resource.version, kind: resource.kind };
  const { health, by } = judge.judge(raw, kind);
  return observe(raw, kind, health, by);
}

/** Registers an app that lacks a permission. Ignores 403 for a terminating namespace, where no permission helps. */
export function noteForbidden(context: KubernetesContext, target: Target, error: unknown): void {
  if (isStatus(error, 403) && !isNamespaceTerminating(error)) context.onForbidden(appKey(target.app));
}

/** Returns the fairness key of an app: requests alternate between apps. */
export function fairnessKeyOf(target: Target): FairnessKey {
  return { of: appKey(target.app) };
}
