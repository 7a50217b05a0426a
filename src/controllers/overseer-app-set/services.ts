import type { OverseerAppSet, OverseerAppSetStatus } from "../../api/app-set.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import type { Clock } from "../../base/clock.js";
import type { FailpointHook } from "../../base/failpoint.js";
import type { KubeClient } from "../../kube/client/kube-client.js";
import type { EventSink } from "../../kube/event-recorder.js";
import type { StatusWriter } from "../../reconcile/status-writer.js";
import type { ResourceCache } from "../resource-cache.js";
import type { ClusterSecrets } from "./generators/cluster-secrets.js";
import type { Generation } from "./generators/generate.js";

/** Receives events of OverseerAppSets for metrics. */
export interface AppSetObserver {
  /** An app was written: created, updated or deleted. */
  wrote(verb: "create" | "update" | "delete", result: "success" | "error"): void;
  /** The status of a set was determined. */
  state(set: OverseerAppSet, status: OverseerAppSetStatus): void;
  forgotten(namespace: string, name: string): void;
}

/** Services of the OverseerAppSet reconciler. */
export interface AppSetServices {
  readonly clock: Clock;
  readonly client: KubeClient;
  readonly sets: ResourceCache<OverseerAppSet>;
  /** All apps; grouped by their set, see `appSetOf`. */
  readonly apps: ResourceCache<OverseerApp>;
  readonly generation: Generation;
  readonly clusters: ClusterSecrets;
  readonly status: StatusWriter;
  readonly events: EventSink;
  /** Called after a write of an app, which is in the cache already. */
  readonly onWritten: (key: string, current: OverseerApp | undefined, previous: OverseerApp | undefined) => void;
  readonly observer: AppSetObserver;
  readonly failpoint: FailpointHook;
  readonly trustedNamespaces: ReadonlySet<string>;
  /** User for sets without a ServiceAccount in trusted namespaces; undefined for the operator itself. */
  readonly trustedUser: string | undefined;
}
