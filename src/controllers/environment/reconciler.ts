import { mergeConditions } from "../../api/conditions.js";
import type { Environment, EnvironmentStatus } from "../../api/environment.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import { type Clock, rfc3339 } from "../../base/clock.js";
import { cutText } from "../../base/cut-text.js";
import { environmentWindow } from "../../gates/environment-windows.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import type { StatusWriter } from "../../reconcile/status-writer.js";
import type { ResourceCache } from "../resource-cache.js";
import { environmentConditions } from "./conditions.js";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Services of the reconciler of Environments. */
export interface EnvironmentServices {
  readonly clock: Clock;
  /** Returns the time by which gates are judged, in epoch milliseconds. */
  readonly now: () => number;
  readonly environments: ResourceCache<Environment>;
  readonly apps: ResourceCache<OverseerApp>;
  readonly status: StatusWriter;
  /** Returns why the admission policies prove nothing; undefined if they are in force. Sends requests. */
  readonly doubt: () => Promise<string | undefined>;
}

/** Reports in the status of Environments what they govern, and whether they are in force. */
export class EnvironmentReconciler {
  readonly #services: EnvironmentServices;

  constructor(services: EnvironmentServices) {
    this.#services = services;
  }

  async reconcile(name: string): Promise<ReconcileResult> {
    const { environments, clock, status: writer } = this.#services;
    const environment = environments.get(name);
    if (environment === undefined) return {};
    const { generation } = environment.metadata;
    const apps = this.#countApps(environment);
    const drafts = environmentConditions(environment, {
      all: [...environments.values()],
      apps,
      doubt: await this.#services.doubt(),
    });
    const status: EnvironmentStatus = {
      observedGeneration: generation,
      conditions: mergeConditions(environment.status?.conditions ?? [], drafts, generation, rfc3339(clock.now())),
      ...this.#windowOf(environment),
      governs: { namespaces: environment.spec.namespaces?.length ?? 0, ...(apps === undefined ? {} : { apps }) },
    };
    const written = await writer.write(environments.resource, environment, status);
    if (written !== undefined && written !== environment) environments.note(written);
    const next = this.#nextWindow(environment);
    return next === undefined ? {} : { requeueAfterMs: next };
  }

  #windowOf(environment: Environment): Pick<EnvironmentStatus, "window"> {
    if (environment.spec.windows === undefined && environment.spec.freeze === undefined) return {};
    const window = environmentWindow(environment, this.#services.now());
    if (window.open) return { window: { open: true } };
    const nextOpen = window.until === undefined ? {} : { nextOpen: rfc3339(window.until) };
    return { window: { open: false, reason: cutText(window.reason, 1024), ...nextOpen } };
  }

  /** Returns the milliseconds until the window opens or may close. Windows are given in minutes. */
  #nextWindow(environment: Environment): number | undefined {
    const now = this.#services.now();
    const window = environmentWindow(environment, now);
    if (!window.open) return window.until === undefined ? undefined : Math.min(window.until - now, DAY_MS);
    return environment.spec.windows === undefined ? undefined : MINUTE_MS - (now % MINUTE_MS);
  }

  /** Returns the number of apps; undefined if another shard manages some of them. */
  #countApps({ spec }: Environment): number | undefined {
    const names = new Set(spec.namespaces?.map(({ name }) => name));
    if ([...names].some((name) => !this.#services.apps.follows(name))) return undefined;
    let count = 0;
    for (const { metadata } of this.#services.apps.values()) if (names.has(metadata.namespace)) count++;
    return count;
  }
}
