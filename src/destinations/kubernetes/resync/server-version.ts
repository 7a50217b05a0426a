import type { Clock, Timer } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import { PACE } from "./resync-rate.js";

/** After a connection failed, and while the API server does not answer. */
const SOON_MS = 30_000;

/** What the look at the version needs. */
export interface ServerVersionOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChange: (version: string) => void;
}

/**
 * Knows when the API server has become another version, which may have other defaults and other schemas. Asks when a watch has
 * failed, as it does when the server is replaced, and once a day.
 */
export class ServerVersion {
  readonly #options: ServerVersionOptions;
  #version: string | undefined;
  #timer: { readonly timer: Timer; readonly at: number } | undefined;
  #running = false;

  constructor(options: ServerVersionOptions) {
    this.#options = options;
  }

  /** Asks for the first time, when the start is over. */
  start(): void {
    this.#running = true;
    this.#requestIn(PACE.startMs);
  }

  /** Asks no more. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.timer.cancel();
  }

  /** A connection failed: it may be another server next time. */
  connectionFailed(): void {
    this.#requestIn(SOON_MS);
  }

  #requestIn(ms: number): void {
    const { clock } = this.#options;
    const at = clock.monotonic() + ms;
    if (!this.#running || (this.#timer && this.#timer.at <= at)) return;
    this.#timer?.timer.cancel();
    this.#timer = { at, timer: clock.after(ms, () => void this.#request()) };
  }

  async #request(): Promise<void> {
    const { client, logger, onChange } = this.#options;
    this.#timer = undefined;
    try {
      const { body } = await client.request<{ gitVersion?: string }>({ method: "GET", path: "/version" });
      const before = this.#version;
      this.#version = body.gitVersion;
      if (before !== undefined && body.gitVersion !== undefined && before !== body.gitVersion)
        onChange(body.gitVersion);
      this.#requestIn(PACE.periodMs);
    } catch (error) {
      logger.debug("the API server does not tell its version", { error: messageOf(error) });
      this.#requestIn(SOON_MS);
    }
  }
}
