import type { RawObject } from "../../src/kube/object.js";
import { condition, type LiveApp, type World } from "../support/world.js";
import { apiVersionOf, KINDS, type Kind, type Model } from "./model.js";

/** What somebody else made: its kind, and which state of it was the last that its maker knows. */
export interface Copy {
  readonly kind: Kind;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** By name. */
export type Copies = ReadonlyMap<string, Copy>;

/** What is not as in Git, what is left over, which copies were touched, which apps are not Synced; empty when all is well. */
export async function differences(world: World, model: Model, copies: Copies): Promise<string[]> {
  const wrong: string[] = [];
  for (const kind of KINDS) {
    const live = await liveOf(world, kind);
    for (const entry of model.entries.values()) {
      if (entry.kind !== kind) continue;
      const found = live.get(entry.name);
      const { apiVersion: _, kind: __, ...wanted } = entry.object;
      const owner = found?.metadata.labels?.["gitops.overseer.io/app"];
      if (!found) wrong.push(`${entry.name} is lost`);
      else if (!holds(wanted, found)) wrong.push(`${entry.name} is not as in Git`);
      else if (owner !== `a${entry.app}`) wrong.push(`${entry.name} belongs to ${owner}, not to a${entry.app}`);
    }
    for (const [name, { metadata }] of live)
      if (metadata.labels?.walk !== undefined && !isWanted(model, kind, name) && !copies.has(name))
        wrong.push(`${name} is left over`);
    for (const [name, copy] of copies) {
      if (copy.kind !== kind) continue;
      const metadata = live.get(name)?.metadata;
      if (metadata?.uid !== copy.uid) wrong.push(`the copy ${name} was deleted`);
      else if (metadata.resourceVersion !== copy.resourceVersion) wrong.push(`the copy ${name} was written`);
    }
  }
  const maps = await liveOf(world, "ConfigMap");
  for (const { name, fails } of model.hooks.values()) if (!fails && !maps.has(name)) wrong.push(`${name} has not run`);
  return [...wrong, ...(await withoutCondition(world, "Synced"))];
}

/** Whether an object is in Git, or the hook of one that has run. */
function isWanted({ entries, hooks }: Model, kind: Kind, name: string): boolean {
  return entries.has(name) || hooks.get(name)?.object.kind === kind;
}

/** The apps that are not Ready. With Deployments this takes as long as their controller does, besides the operator. */
export function unready(world: World): Promise<string[]> {
  return withoutCondition(world, "Ready");
}

/** The Deployments whose controller, as the API server shows it, has not rolled out what is wanted. */
export async function rollingOut(world: World, model: Model): Promise<string[]> {
  return [...(await liveOf(world, "Deployment"))].flatMap(([name, { metadata, spec, status }]) => {
    const { replicas: wanted } = spec as { replicas: number };
    const { observedGeneration, replicas, updatedReplicas, availableReplicas } = (status ?? {}) as Rollout;
    const done = [replicas, updatedReplicas, availableReplicas].every((count) => count === wanted);
    if (!model.entries.has(name) || (observedGeneration === metadata.generation && done)) return [];
    return [`${name} waits for its controller`];
  });
}

interface Rollout {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
}

async function withoutCondition({ kube, namespace }: World, type: string): Promise<string[]> {
  const apps = await kube.list<LiveApp>("gitops.overseer.io/v1alpha1", "OverseerApp", namespace);
  return apps.flatMap((app) => {
    const found = condition(app, type);
    if (found?.status === "True") return [];
    return [`${app.metadata.name} is not ${type} since ${found?.lastTransitionTime}: ${found?.message}`];
  });
}

/**
 * The version of each managed object, by kind and name: it changes with each write of the operator. Deployments are written by
 * their controller, too, so theirs is made of what the operator writes.
 */
export async function versions(world: World, model: Model): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const kind of KINDS)
    for (const [name, { metadata }] of await liveOf(world, kind)) {
      if (!model.entries.has(name)) continue;
      const ours = metadata.managedFields?.filter(({ manager }) => manager?.startsWith("overseer:"));
      const own = JSON.stringify([metadata.uid, metadata.generation, metadata.annotations, metadata.labels, ours]);
      all.set(`${kind} ${name}`, kind === "Deployment" ? own : metadata.resourceVersion);
    }
  return all;
}

async function liveOf({ kube, namespace }: World, kind: Kind): Promise<Map<string, RawObject>> {
  const items = await kube.list(apiVersionOf(kind), kind, namespace);
  return new Map(items.map((item) => [item.metadata.name, item]));
}

/** Whether all that is wanted is there; what else is there does not count. */
function holds(wanted: unknown, live: unknown): boolean {
  if (wanted === null || typeof wanted !== "object") return wanted === live;
  if (Array.isArray(wanted))
    return (
      Array.isArray(live) && wanted.length === live.length && wanted.every((item, index) => holds(item, live[index]))
    );
  if (live === null || typeof live !== "object") return false;
  return Object.entries(wanted).every(([key, value]) => holds(value, (live as Record<string, unknown>)[key]));
}
