import { type BackoffPolicy, backoffDelay, jitter } from "../../../base/backoff.js";
import type { Clock, Timer } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import { KubeConnectionError, KubeStatusError, ResponseTooLargeError } from "../../../kube/errors.js";
import type { Unavailability } from "../../destination.js";

/** Between two probes of a cluster that does not respond. */
const BACKOFF: BackoffPolicy = { baseMs: 1_000, factor: 2, maxMs: 30_000 };
/** How long apps wait for the first response before they report a problem. */
const PATIENCE_MS = 3_000;
/** Timeout of one probe. */
const PROBE_TIMEOUT_MS = 5_000;

/** Options of `Reach`. */
export interface ReachOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sends a request that every authenticated user may send. Throws if the cluster does not respond or rejects the credential. */
  readonly probe: () => Promise<void>;
  /** Called when the cluster becomes available or unavailable. */
  readonly onChange: () => void;
  /** Called at the first response. */
  readonly onFirst: () => void;
  /** Called when a probe fails: requests in flight will not be answered either. */
  readonly onDown: () => void;
}

/**
 * Tracks whether a remote cluster is available. Probes it until it responds, and again after a request that failed, was slow or
 * was unauthenticated. Sends no requests while all is well.
 */
export class Reach {
  readonly #options: ReachOptions;
  #state: "connecting" | "up" | "down" = "connecting";
  #problem: Unavailability | undefined;
  #lastContact = false;
  #probing = false;
  #failures = 0;
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /** Whether the first response is still awaited, within the grace time. */
  get connecting(): boolean {
    return this.#state === "connecting";
  }

  /** Why the cluster is unavailable; undefined if it is available, or while connecting. */
  get problem(): Unavailability | undefined {
    return this.#problem;
  }

  /** Starts probing. */
  start(): void {
    this.#after(PATIENCE_MS, () => {
      if (this.#state === "connecting") this.#down({ reason: "ClusterUnreachable", message: "has not responded yet" });
    });
    void this.#request();
  }

  /** Stops probing. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
  }

  /**
   * Probes the cluster after a request failed, was slow or was unauthenticated. The cluster counts as unavailable only if the
   * probe fails too, so that one request that never succeeds does not make apps retry in a loop.
   */
  suspect(): void {
    if (this.#state === "up") void this.#request();
  }

  async #request(): Promise<void> {
    if (this.#probing || this.#stopped) return;
    this.#probing = true;
    const failure = await this.#probe();
    this.#probing = false;
    if (this.#stopped) return;
    if (failure === undefined) return this.#up();
    const delay = jitter(backoffDelay(BACKOFF, ++this.#failures), 0.2, Math.random());
    const { message } = failure;
    this.#options.logger.warn("remote cluster unavailable", {
      error: message,
      retryInMs: Math.round(delay),
    });
    this.#after(delay, () => void this.#request());
    this.#options.onDown();
    this.#down(failure);
  }

  /** Returns what is wrong with the response, or that there is none in time. */
  async #probe(): Promise<Unavailability | undefined> {
    let late: Timer | undefined;
    const silence = new Promise<Unavailability>((resolve) => {
      const message = `did not respond within ${PROBE_TIMEOUT_MS / 1000} s`;
      late = this.#after(PROBE_TIMEOUT_MS, () => resolve({ reason: "ClusterUnreachable", message }));
    });
    const response = this.#options.probe().then(() => undefined, describeFailure);
    const result = await Promise.race([response, silence]);
    late?.cancel();
    return result;
  }

  #up(): void {
    const { logger, onFirst, onChange } = this.#options;
    const changed = this.#state !== "up";
    if (this.#failures > 0) logger.info("remote cluster available again");
    this.#state = "up";
    this.#problem = undefined;
    this.#failures = 0;
    if (!this.#lastContact) onFirst();
    this.#lastContact = true;
    if (changed) onChange();
  }

  /** Reports each new message once. */
  #down(problem: Unavailability): void {
    const changed = this.#state !== "down" || this.#problem?.message !== problem.message;
    this.#state = "down";
    this.#problem = problem;
    if (changed) this.#options.onChange();
  }

  #after(ms: number, work: () => void): Timer {
    const timer = this.#options.clock.after(ms, () => {
      this.#timers.delete(timer);
      work();
    });
    this.#timers.add(timer);
    return timer;
  }
}

/** Describes a failure without quoting the server: it may be any server, and its text is not meant for everyone who names its address. */
function describeFailure(error: unknown): Unavailability {
  if (error instanceof ResponseTooLargeError) return { reason: "ClusterFailed", message: messageOf(error) };
  if (error instanceof KubeConnectionError) return { reason: "ClusterUnreachable", message: messageOf(error) };
  if (!(error instanceof KubeStatusError)) return { reason: "ClusterFailed", message: messageOf(error) };
  const { statusCode } = error;
  if (statusCode === 401)
    return {
      reason: "ClusterAuthenticationFailed",
      message: "rejected the credential of the kubeconfig (401): put a new token or certificate into the Secret",
    };
  if (statusCode === 403)
    return {
      reason: "ClusterAuthenticationFailed",
      message:
        "does not allow API discovery to the user of the kubeconfig (403): bind that user to the ClusterRole system:discovery",
    };
  return { reason: "ClusterFailed", message: `answered API discovery with status ${statusCode}` };
}
