import type { Condition, ConditionType } from "../api/conditions.js";
import { findCondition } from "../api/conditions.js";
import type { Dependency } from "../api/dependency.js";
import { LABEL_APP, LABEL_APP_NAMESPACE } from "../api/group.js";
import { allowsNamespace } from "../api/namespaces.js";
import type { OverseerApp } from "../api/overseer-app.js";
import { shortRevision } from "../api/short-revision.js";
import type { GateContext, Lister } from "./context.js";
import type { Gate } from "./gate.js";

/** Maximum number of dependencies in one message. */
const SHOWN = 5;

/** Holds a Change until the apps in `spec.dependsOn` are Ready and Healthy. */
export const dependenciesGate: Gate = {
  name: "dependencies",
  waitReason: "Dependencies",
  // A dependency may create the kinds, namespaces and webhooks that the documents need.
  mayLiftRefusals: true,
  waitsForApps: true,
  watches: [
    {
      kind: "OverseerApp",
      concerns: ({ current, previous }, waiting) => {
        const app = current ?? previous;
        if (app === undefined || !dependencyKeys(waiting).includes(keyOf(app))) return false;
        return current === undefined || previous === undefined || fingerprint(current) !== fingerprint(previous);
      },
    },
  ],
  judge: (context) => {
    const { app, started, cause, approvals } = context;
    // Inputs that were applied before need nothing new of other apps.
    if (started || cause === "Rollback" || approvals?.brokenBy !== undefined) return { state: "Pass" };
    const unmet = (app.spec.dependsOn ?? []).flatMap((dependency) => whyUnmet(dependency, context) ?? []);
    if (unmet.length === 0) return { state: "Pass" };
    const more = unmet.length > SHOWN ? `; and ${unmet.length - SHOWN} more` : "";
    const cycle = findCycle(app, context.lister);
    const remedy = cycle === undefined ? "" : `; dependsOn forms a cycle: ${cycle.join(" → ")}: remove one of these`;
    return {
      state: "Wait",
      message: `waiting for ${unmet.slice(0, SHOWN).join("; ")}${more}${remedy}`,
      opens: "these apps, once they are Ready and Healthy; in an emergency users with the verb break-glass",
    };
  },
};

function keyOf({ metadata }: OverseerApp): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function dependencyKey({ name, namespace }: Dependency, { metadata }: OverseerApp): string {
  return `${namespace ?? metadata.namespace}/${name}`;
}

function dependencyKeys(app: OverseerApp): string[] {
  return (app.spec.dependsOn ?? []).map((dependency) => dependencyKey(dependency, app));
}

/** Digest of everything that the verdict depends on. */
function fingerprint({ metadata, spec, status }: OverseerApp): string {
  const { uid, generation, deletionTimestamp } = metadata;
  const shown = [ready(status), healthy(status)].map((one) => `${one?.status} ${one?.reason}`);
  const deleting = deletionTimestamp !== undefined;
  return JSON.stringify([uid, generation, deleting, status?.observedGeneration, shown, spec.allowedNamespaces]);
}

const ready = (status: OverseerApp["status"]): Condition | undefined => find(status, "Ready");
const healthy = (status: OverseerApp["status"]): Condition | undefined => find(status, "Healthy");

function find(status: OverseerApp["status"], type: ConditionType): Condition | undefined {
  return findCondition(status?.conditions, type);
}

/** Returns what an app waits for, or undefined if the dependency is met. Tells nothing of apps that it may not name. */
function whyUnmet(dependency: Dependency, { app, commit, lister }: GateContext): string | undefined {
  const key = dependencyKey(dependency, app);
  const { namespace } = app.metadata;
  const other = lister.get("OverseerApp", key);
  const what = `OverseerApp ${dependency.namespace === undefined ? dependency.name : key}`;
  if (other === undefined || !allowsNamespace(other, namespace)) {
    if (dependency.namespace === undefined || dependency.namespace === namespace)
      return `${what}, which does not exist`;
    return `${what}, which does not exist or does not list namespace ${namespace} in spec.allowedNamespaces`;
  }
  if (other.metadata.deletionTimestamp !== undefined) return `${what}, which is being deleted`;
  if (other.status?.observedGeneration !== other.metadata.generation)
    return `${what}, whose newest spec has not been processed yet`;
  for (const type of ["Ready", "Healthy"] as const) {
    const condition = find(other.status, type);
    if (condition?.status !== "True") return `${what}, which is not ${type} (${condition?.reason ?? "no status yet"})`;
  }
  return dependency.sameRevision === true ? whyOther(what, app, other, commit, lister) : undefined;
}

/** Returns why a dependency has not applied the commit of the app, or undefined if it has. */
function whyOther(
  what: string,
  app: OverseerApp,
  other: OverseerApp,
  commit: string | undefined,
  lister: Lister,
): string | undefined {
  if (repositoryOf(app) !== repositoryOf(other))
    return `${what}, which uses another GitRepository and never has the same revision: remove sameRevision`;
  if (commit !== undefined && lister.appliedCommit(other) === commit) return undefined;
  const at = shortRevision(other.status?.applied?.revision ?? "nothing");
  return `${what}, which has applied ${at} and not yet the same revision`;
}

function repositoryOf({ metadata, spec }: OverseerApp): string {
  const { name, namespace } = spec.source.repositoryRef;
  return `${namespace ?? metadata.namespace}/${name}`;
}

/**
 * Returns a cycle of dependencies through an app, for example `[a, b, a]`, if there is one. An app depends on those in its
 * `dependsOn`, and on the apps that it manages: it is healthy when they are. Apps that do not allow the namespace are not followed.
 */
export function findCycle(app: OverseerApp, lister: Lister): string[] | undefined {
  const start = keyOf(app);
  const children = childrenOf(lister);
  const visited = new Set<string>();
  const visit = (at: OverseerApp, path: readonly string[]): string[] | undefined => {
    for (const key of [...dependencyKeys(at), ...(children.get(keyOf(at)) ?? [])]) {
      if (key === start) return [...path, key];
      if (visited.has(key)) continue;
      visited.add(key);
      const next = lister.get("OverseerApp", key);
      const found = next && allowsNamespace(next, app.metadata.namespace) ? visit(next, [...path, key]) : undefined;
      if (found) return found;
    }
    return undefined;
  };
  // The apps that this one manages do not make it wait: they are created by its own Change.
  for (const key of dependencyKeys(app)) {
    if (key === start) return [start, start];
    const next = lister.get("OverseerApp", key);
    visited.add(key);
    const found = next && allowsNamespace(next, app.metadata.namespace) ? visit(next, [start, key]) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Returns the apps that each app manages. */
function childrenOf(lister: Lister): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const app of lister.list("OverseerApp")) {
    const { [LABEL_APP]: name, [LABEL_APP_NAMESPACE]: namespace } = app.metadata.labels ?? {};
    if (name === undefined || namespace === undefined) continue;
    const parent = `${namespace}/${name}`;
    children.set(parent, [...(children.get(parent) ?? []), keyOf(app)]);
  }
  return children;
}
