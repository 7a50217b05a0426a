import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { KubeClient } from "../client/kube-client.js";
import type { RawObject } from "../object.js";
import type { StoreEvent } from "./watched-copy.js";

/** What is watched, and what becomes of it. */
export interface ReflectorOptions<T> {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Collection path, for example `/api/v1/configmaps`. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** `metadata` asks the API server to leave out everything but the metadata. */
  readonly mode: "full" | "metadata";
  /** Reduces an object to what is kept of it. Called once for each event. */
  readonly reduce: (object: RawObject) => T;
  readonly uidOf: (object: T) => string;
  readonly onEvent: (event: StoreEvent<T>) => void;
  /** Called after each whole list (`listed`), with the error when listing or watching fails, and when a watch stands again after that. */
  readonly onSync?: (error?: unknown, listed?: boolean) => void;
  readonly observer?: ReflectorObserver;
  /** A watch that is silent for so long is dead and opened again; see `watch-pulse.ts`. */
  readonly silenceMs?: number;
  /** The longest pause between two tries of what is refused (403): half a minute, as after every other failure, unless told. */
  readonly refusedPauseMs?: number;
}

/** Told what a reflector does, for the metrics. */
export interface ReflectorObserver {
  listed(): void;
  watched(): void;
  restarted(): void;
}
