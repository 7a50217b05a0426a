import { setMaxListeners } from "node:events";
import type { Clock } from "../../../base/clock.js";
import {
  KubeClient,
  type KubeClientOptions,
  type KubeRequest,
  type KubeResponse,
} from "../../../kube/client/kube-client.js";
import { KubeConnectionError } from "../../../kube/errors.js";

/** An answer that takes longer is a reason to ask whether the cluster answers at all; a webhook may take its time, though. */
const SLOW_MS = 3_000;
/** An answer has to be whole by then: one that comes byte by byte would hold a worker for ever. Webhooks have 30 s at most. */
const WHOLE_MS = 40_000;

/** What a client of a remote cluster tells. */
export interface RemoteClientOptions extends KubeClientOptions {
  readonly clock: Clock;
  /** A request is without an answer for a while, ended without one, or was not signed in. */
  readonly onConnectionFailure: () => void;
}

/** A client whose requests can be broken off together: a cluster that hangs must not hold the workers that all apps share. */
export class RemoteClient extends KubeClient {
  readonly #clock: Clock;
  readonly #onConnectionFailure: () => void;
  #underWay = manyListeners();

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
    const outer = request.signal ?? this.#underWay.signal;
    outer.throwIfAborted();
    const broken = new AbortController();
    const forward = (): void => broken.abort(outer.reason);
    outer.addEventListener("abort", forward, { once: true });
    const slow = this.#clock.after(SLOW_MS, this.#onConnectionFailure);
    const late = this.#clock.after(WHOLE_MS, () => {
      const message = `${request.method} ${request.path}: the answer was not whole after ${WHOLE_MS / 1000} s`;
      broken.abort(new KubeConnectionError(message, undefined));
    });
    try {
      return await super.request<T>({ ...request, signal: broken.signal });
    } finally {
      for (const timer of [slow, late]) timer.cancel();
      outer.removeEventListener("abort", forward);
    }
  }

  /** Apps wait for a first list: one that does not begin is broken off, too. */
  override async stream(request: KubeRequest): Promise<AsyncIterable<Buffer>> {
    const slow = this.#clock.after(SLOW_MS, this.#onConnectionFailure);
    const { signal } = this.#underWay;
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

  /** Ends every request that is under way, but for watches that have begun. */
  breakOff(): void {
    const message = "the cluster does not answer: the request was broken off";
    this.#underWay.abort(new KubeConnectionError(message, undefined));
    this.#underWay = manyListeners();
  }
}

/** Node warns of a leak where more than ten requests share a signal. */
function manyListeners(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
