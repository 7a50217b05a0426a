import type { Clock, Timer } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import { PACE } from "./resync-rate.js";

/** Delay after a connection failure, and retry interval. */
const SOON_MS = 30_000;

/** Options of the version check. */
export interface ServerVersionOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChange: (version: string) => void;
}

/**
 * Detects a changed version of the API server, which may have other defaults and schemas. Checks after a watch has failed, as
 * when the server is upgraded, and once a day.
 */
export class ServerVersion {
  readonly #options: ServerVersionOptions;
  #version: string | undefined;
  #timer: { readonly timer: Timer; readonly at: number } | undefined;
  #running = false;

  constructor(options: ServerVersionOptions) {
    this.#options = options;
  }

  /** Schedules the first check. */
  start(): void {
    this.#running = true;
    this.#requestIn(PACE.startMs);
  }

  /** Stops the checks. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.timer.cancel();
  }

  /** Schedules a check after a connection failure, since the server may have been upgraded. */
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
      logger.debug("cannot read the version of the API server", { error: messageOf(error) });
      this.#requestIn(SOON_MS);
    }
  }
}
