import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { KubeClient } from "../client/kube-client.js";
import type { RawObject } from "../object.js";
import type { StoreEvent } from "./watched-copy.js";

/** Options of a reflector. */
export interface ReflectorOptions<T> {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Collection path, for example `/api/v1/configmaps`. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** `metadata` requests only the metadata from the API server. */
  readonly mode: "full" | "metadata";
  /** Reduces an object to the stored form. Called once for each event. */
  readonly reduce: (object: RawObject) => T;
  readonly uidOf: (object: T) => string;
  readonly onEvent: (event: StoreEvent<T>) => void;
  /** Called after each complete list (`listed`), with the error when a list or watch fails, and when a watch has recovered. */
  readonly onSync?: (error?: unknown, listed?: boolean) => void;
  readonly observer?: ReflectorObserver;
  /** A watch that is silent for this long is restarted; see `watch-liveness.ts`. */
  readonly silenceMs?: number;
  /** Maximum backoff after a denied request (403). Defaults to 30 seconds, as after other failures. */
  readonly refusedPauseMs?: number;
}

/** Observes a reflector, for metrics. */
export interface ReflectorObserver {
  listed(): void;
  watched(): void;
  restarted(): void;
}
