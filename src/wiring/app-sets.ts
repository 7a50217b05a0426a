import { findCondition } from "../api/conditions.js";
import { AppSetReconciler } from "../controllers/overseer-app-set/reconciler.js";
import type { AppSetObserver } from "../controllers/overseer-app-set/services.js";
import { StatusWriter } from "../reconcile/status-writer.js";
import { DEFAULT_RENDER_LIMITS } from "../render/limits.js";
import type { Metrics } from "../telemetry/metrics.js";
import { type Controller, controller } from "./controller-of.js";
import type { SharedParts } from "./controllers.js";

/** Number of sets that are reconciled concurrently. Each sends several requests at once. */
const WORKERS = 2;

/** Creates the controller of OverseerAppSets. */
export function appSetController(shared: SharedParts): Controller {
  const { cluster, clock, metrics, config, engine, resources, index, events, clusterSecrets, failpoint } = shared;
  const { maxFiles, maxDepth } = { ...DEFAULT_RENDER_LIMITS, ...config.limits };
  const reconciler = new AppSetReconciler({
    clock,
    client: cluster.client,
    sets: resources.caches.appSets,
    apps: resources.caches.apps,
    generation: {
      engine,
      index,
      repositories: resources.caches.repositories,
      limits: { maxFiles, maxDepth },
      clusters: clusterSecrets,
    },
    clusters: clusterSecrets,
    status: new StatusWriter(cluster.client),
    events,
    onWritten: (key, current, previous) => shared.sources.apps.emit({ key, current, previous, observed: previous }),
    observer: appSetObserver(metrics),
    failpoint,
    trustedNamespaces: new Set(config.trustedNamespaces),
    trustedUser: config.trustedUser,
  });
  return controller(shared, "overseerappset", WORKERS, (...call) => reconciler.reconcile(...call));
}

/** Records the metrics of OverseerAppSets. */
function appSetObserver(metrics: Metrics): AppSetObserver {
  return {
    wrote: (verb, result) => metrics.appSets.writes.of({ verb, result }).inc(),
    state: ({ kind, metadata: { namespace, name }, spec }, { conditions }) => {
      const ready = findCondition(conditions, "Ready");
      const suspended = spec.suspend ?? false;
      const state = { ready: ready?.status ?? "Unknown", reason: ready?.reason ?? "", suspended } as const;
      metrics.resources.set({ kind, namespace, name, ...state });
    },
    forgotten: (namespace, name) => metrics.resources.forget({ kind: "OverseerAppSet", namespace, name }),
  };
}
