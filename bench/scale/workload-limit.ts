import { load } from "js-yaml";
import { waitUntil } from "../../tools/wait-until.js";
import { APPLY, inParallel, type LiveObject } from "../api.js";
import { deploymentsPath, Environment } from "../environment.js";
import { QUICK_SCALE } from "../options.js";
import { bareMetadata, deployment } from "../workload.js";

/** What the same Deployments cost without an operator. */
export interface WorkloadLimit {
  /** Until all Deployments are available. */
  readonly seconds: number;
  /** CPU seconds of API server and etcd, and of controller manager, scheduler and simulated node. */
  readonly serverCpuSeconds: number;
  readonly controllersCpuSeconds: number;
}

/** Requests under way, as many as in the creation of apps. */
const IN_FLIGHT = 8;
const POLL_MS = 2_000;

/**
 * The lower bound: a bare client applies the same Deployments, with labels and annotations of the same size and a dry run before each,
 * to an empty cluster with the same controllers.
 */
export async function measureWorkloadLimit(apps: number): Promise<WorkloadLimit> {
  const environment = await Environment.create({ ...QUICK_SCALE, apps, objectsPerApp: 1 }, undefined, {}, true);
  try {
    const { api } = environment;
    const path = deploymentsPath("bench-bare");
    const server = environment.serverCpuSeconds();
    const controllers = environment.controllersCpuSeconds();
    const started = performance.now();
    const numbers = Array.from({ length: apps }, (_, app) => app);
    await inParallel(numbers, IN_FLIGHT, async (app) => {
      const object = load(deployment(app)) as LiveObject;
      const body = { ...object, metadata: { ...object.metadata, ...bareMetadata("bench-bare", app, "Deployment") } };
      const url = `${path}/${object.metadata.name}?fieldManager=bare&fieldValidation=Strict`;
      await api.call({ method: "PATCH", path: `${url}&dryRun=All`, contentType: APPLY, body });
      await api.call({ method: "PATCH", path: url, contentType: APPLY, body });
    });
    await waitUntil({ what: "all Deployments are available", timeoutMs: 600_000, intervalMs: POLL_MS }, async () => {
      const { items } = await api.call<{ items: readonly Deployment[] }>({ method: "GET", path });
      return items.filter(({ status }) => status?.availableReplicas === 1).length >= apps;
    });
    return {
      seconds: (performance.now() - started) / 1000,
      serverCpuSeconds: environment.serverCpuSeconds() - server,
      controllersCpuSeconds: environment.controllersCpuSeconds() - controllers,
    };
  } finally {
    await environment.close();
  }
}

interface Deployment {
  readonly status?: { readonly availableReplicas?: number };
}
