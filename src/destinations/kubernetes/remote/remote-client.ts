import { setMaxListeners } from "node:events";
import type { Clock } from "../../../base/clock.js";
import {
  KubeClient,
  type KubeClientOptions,
  type KubeRequest,
  type KubeResponse,
} from "../../../kube/client/kube-client.js";
import { KubeConnectionError } from "../../../kube/errors.js";

/** A slower response triggers a probe of the cluster. The request goes on, since webhooks may be slow. */
const SLOW_MS = 3_000;
/** Timeout for the complete response, so that a server that sends byte by byte cannot block a worker. Webhooks take at most 30 s. */
const COMPLETE_MS = 40_000;

/** Options of `RemoteClient`. */
export interface RemoteClientOptions extends KubeClientOptions {
  readonly clock: Clock;
  /** Called when a request is slow, fails or is unauthenticated. */
  readonly onConnectionFailure: () => void;
}

/** A client whose requests can be aborted together: a cluster that hangs must not block the workers that all apps share. */
export class RemoteClient extends KubeClient {
  readonly #clock: Clock;
  readonly #onConnectionFailure: () => void;
  #inFlight = manyListeners();

  constructor(options: RemoteClientOptions) {
    const { onRequest, onConnectionFailure } = options;
    super({
      ...options,
      onRequest: (method, code, seconds) => {
        onRequest?.(method, code, seconds);
        if (code === "error" || code === "401") onConnectionFailure();
      },
    });
    this.#clock = options.clock;
    this.#onConnectionFailure = onConnectionFailure;
  }

  override async request<T>(request: KubeRequest): Promise<KubeResponse<T>> {
    const outer = request.signal ?? this.#inFlight.signal;
    outer.throwIfAborted();
    const broken = new AbortController();
    const forward = (): void => broken.abort(outer.reason);
    outer.addEventListener("abort", forward, { once: true });
    const slow = this.#clock.after(SLOW_MS, this.#onConnectionFailure);
    const late = this.#clock.after(COMPLETE_MS, () => {
      const message = `${request.method} ${request.path}: the response was incomplete after ${COMPLETE_MS / 1000} s`;
      broken.abort(new KubeConnectionError(message, undefined));
    });
    try {
      return await super.request<T>({ ...request, signal: broken.signal });
    } finally {
      for (const timer of [slow, late]) timer.cancel();
      outer.removeEventListener("abort", forward);
    }
  }

  /** Aborts also lists that have not started, because apps wait for them. */
  override async stream(request: KubeRequest): Promise<AsyncIterable<Buffer>> {
    const slow = this.#clock.after(SLOW_MS, this.#onConnectionFailure);
    const { signal } = this.#inFlight;
    let abort = (): void => {};
    const broken = new Promise<never>((_, reject) => {
      abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort);
    });
    try {
      return await Promise.race([super.stream(request), broken]);
    } finally {
      slow.cancel();
      signal.removeEventListener("abort", abort);
    }
  }

  /** Aborts all requests in flight, except watches that have started. */
  breakOff(): void {
    const message = "the cluster does not respond: the request was aborted";
    this.#inFlight.abort(new KubeConnectionError(message, undefined));
    this.#inFlight = manyListeners();
  }
}

/** Avoids Node's leak warning for signals with more than ten listeners. */
function manyListeners(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
