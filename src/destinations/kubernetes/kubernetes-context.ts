import type { Clock } from "../../base/clock.js";
import { hmacSha256 } from "../../base/hash.js";
import type { Logger } from "../../base/logger.js";
import type { FairnessKey, Semaphore } from "../../base/semaphore.js";
import type { KubeClient } from "../../kube/client/kube-client.js";
import type { Discovery } from "../../kube/discovery.js";
import { isStatus } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import type { ResourceInfo } from "../../kube/resource.js";
import type { Document } from "../../manifest/document.js";
import { appKey } from "../../plan/live.js";
import type { Target } from "../destination.js";
import type { DeniedWrites } from "./apply/denied-writes.js";
import { healthOf } from "./health/rules.js";
import { type ObservedObject, observe } from "./watch/observed-object.js";
import type { Tracker } from "./watch/tracker.js";

/** What the parts of this destination share. */
export interface KubernetesContext {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly tracker: Tracker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** UID of the control cluster's kube-system namespace. */
  readonly instance: string;
  /** Key of the digests of Secrets, which a reader of metadata must not be able to guess. */
  readonly digestKey: string;
  /** The user that apps write as that name no ServiceAccount; undefined: whoever the connection signs in as. */
  readonly ownUser: string | undefined;
  /** Requests that write or dry-run, over all apps of this cluster. */
  readonly requests: Semaphore;
  /** Whether an app exists: the objects of one that does not are free. */
  readonly appExists: (namespace: string, name: string) => boolean;
  /** An app was refused for a right that its ServiceAccount lacks. */
  readonly onForbidden: (app: string) => void;
  /** Permissions that users were found to lack a moment ago. */
  readonly denied: DeniedWrites;
  /** A denial was remembered. */
  readonly onDenied: () => void;
}

/** Writes of one app that are on their way at once. */
export const WRITES_PER_APP = 8;

/** Hash of a document as it stands in the annotation; keyed for Secrets. */
export function recordedHash(context: Pick<KubernetesContext, "digestKey">, document: Document): string {
  const secret = document.id.kind === "Secret" && document.id.group === "";
  return secret ? hmacSha256(context.digestKey, document.hash, 32) : document.hash;
}

/** The user that an app's writes are made as; undefined: whoever the connection signs in as. */
export function writer({ ownUser }: Pick<KubernetesContext, "ownUser">, target: Target): string | undefined {
  const { app, serviceAccountName } = target;
  return serviceAccountName === undefined ? ownUser : `system:serviceaccount:${app.namespace}:${serviceAccountName}`;
}

/** Reduces an answer of the API server as a watch event would be. */
export function observeResponse(resource: ResourceInfo, raw: RawObject): ObservedObject {
  const kind = { group: resource.group, version: resource.version, kind: resource.kind };
  return observe(raw, kind, healthOf(raw, kind));
}

/** Notes that an app waits for a right. A namespace that is being deleted is refused, too, and no right helps there. */
export function noteForbidden(context: KubernetesContext, target: Target, error: unknown): void {
  if (!isStatus(error, 403)) return;
  const ending = error.status.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false;
  if (!ending) context.onForbidden(appKey(target.app));
}

/** Each app has its turn at the requests. */
export function fairnessKeyOf(target: Target): FairnessKey {
  return { of: appKey(target.app) };
}
