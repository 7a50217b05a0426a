import { mergeConditions } from "../../api/conditions.js";
import type { Environment, EnvironmentStatus } from "../../api/environment.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import { type Clock, rfc3339 } from "../../base/clock.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import type { StatusWriter } from "../../reconcile/status-writer.js";
import type { ResourceCache } from "../resource-cache.js";
import { environmentConditions } from "./conditions.js";

/** Services of the reconciler of Environments. */
export interface EnvironmentServices {
  readonly clock: Clock;
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
      governs: { namespaces: environment.spec.namespaces?.length ?? 0, apps },
    };
    const written = await writer.write(environments.resource, environment, status);
    if (written !== undefined && written !== environment) environments.note(written);
    return {};
  }

  #countApps({ spec }: Environment): number {
    const names = new Set(spec.namespaces?.map(({ name }) => name));
    let count = 0;
    for (const { metadata } of this.#services.apps.values()) if (names.has(metadata.namespace)) count++;
    return count;
  }
}
