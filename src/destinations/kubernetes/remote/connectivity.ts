import { type BackoffPolicy, backoffDelay, jitter } from "../../../base/backoff.js";
import type { Clock, Timer } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import { KubeConnectionError, KubeStatusError, ResponseTooLargeError } from "../../../kube/errors.js";
import type { Unavailability } from "../../destination.js";

/** Between two questions to a cluster that does not answer. */
const BACKOFF: BackoffPolicy = { baseMs: 1_000, factor: 2, maxMs: 30_000 };
/** How long apps wait silently for the first answer; after that they say that they do. */
const PATIENCE_MS = 3_000;
/** A question that is not answered by then is not answered. */
const PROBE_TIMEOUT_MS = 5_000;

/** What the look after a cluster needs. */
export interface ReachOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asks the cluster something that whoever signs in may ask. Throws when it does not answer, or does not know us. */
  readonly probe: () => Promise<void>;
  /** The cluster answers, or does so no more. */
  readonly onChange: () => void;
  /** It has answered for the first time. */
  readonly onFirst: () => void;
  /** It did not answer when it was asked: what is under way will not be answered either. */
  readonly onDown: () => void;
}

/**
 * Knows whether a remote cluster can be worked with. Asks only until it has answered, and again when some request got no
 * answer, not for long, or was not signed in: as long as all is well, no request is sent.
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

  /** Whether the first answer is still awaited, and not for long: nothing can be said of the cluster. */
  get connecting(): boolean {
    return this.#state === "connecting";
  }

  /** Why it cannot be worked with; undefined when it can, or while connecting. */
  get problem(): Unavailability | undefined {
    return this.#problem;
  }

  /** Asks for the first time. */
  start(): void {
    this.#after(PATIENCE_MS, () => {
      if (this.#state === "connecting") this.#down({ reason: "ClusterUnreachable", message: "has not answered yet" });
    });
    void this.#request();
  }

  /** Asks no more. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
  }

  /**
   * A request got no answer, none for a while, or was not signed in: perhaps the cluster is away. It counts as away only when
   * it does not answer us either, so that one request that never works makes no apps try again and again.
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
    this.#options.logger.warn("the remote cluster cannot be worked with", {
      error: message,
      retryInMs: Math.round(delay),
    });
    this.#after(delay, () => void this.#request());
    this.#options.onDown();
    this.#down(failure);
  }

  /** What is wrong with the answer, or that there is none in time. */
  async #probe(): Promise<Unavailability | undefined> {
    let late: Timer | undefined;
    const silence = new Promise<Unavailability>((resolve) => {
      const message = `did not answer within ${PROBE_TIMEOUT_MS / 1000} s`;
      late = this.#after(PROBE_TIMEOUT_MS, () => resolve({ reason: "ClusterUnreachable", message }));
    });
    const response = this.#options.probe().then(() => undefined, describeFailure);
    const result = await Promise.race([response, silence]);
    late?.cancel();
    return result;
  }

  #up(): void {
    const { logger, onFirst, onChange } = this.#options;
    const events = this.#state !== "up";
    if (this.#failures > 0) logger.info("the remote cluster answers");
    this.#state = "up";
    this.#problem = undefined;
    this.#failures = 0;
    if (!this.#lastContact) onFirst();
    this.#lastContact = true;
    if (events) onChange();
  }

  /** Tells each other message once. */
  #down(problem: Unavailability): void {
    const events = this.#state !== "down" || this.#problem?.message !== problem.message;
    this.#state = "down";
    this.#problem = problem;
    if (events) this.#options.onChange();
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

/** In our own words: what answers need not be an API server, and what it says is not for everybody who names its address. */
function describeFailure(error: unknown): Unavailability {
  if (error instanceof ResponseTooLargeError) return { reason: "ClusterFailed", message: messageOf(error) };
  if (error instanceof KubeConnectionError) return { reason: "ClusterUnreachable", message: messageOf(error) };
  if (!(error instanceof KubeStatusError)) return { reason: "ClusterFailed", message: messageOf(error) };
  const { statusCode } = error;
  if (statusCode === 401)
    return {
      reason: "ClusterAuthenticationFailed",
      message: "does not know the user of the kubeconfig (401): put a new token or certificate into the Secret",
    };
  if (statusCode === 403)
    return {
      reason: "ClusterAuthenticationFailed",
      message:
        "does not tell the user of the kubeconfig what it serves (403): bind that user to the ClusterRole system:discovery",
    };
  return { reason: "ClusterFailed", message: `answered ${statusCode} when it was asked what it serves` };
}
