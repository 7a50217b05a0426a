import { waitUntil } from "../../tools/wait-until.js";
import type { World } from "../support/world.js";
import { versions } from "./compare.js";
import type { Model } from "./model.js";

const LOOKS = 'overseer_resync_objects_total{cause="definitions"}';

/**
 * Kills the operator and starts it again, and waits until the new process has verified each object by an apply. Gives the
 * objects that it has written by that: none, where live is as in Git.
 */
export async function writtenAfterRestart(world: World, model: Model, apps: readonly string[]): Promise<string[]> {
  const { operator } = world;
  const before = await versions(world, model);
  await operator.stop("SIGKILL");
  await operator.start();
  await world.poll("walk");
  for (const app of apps) await world.poke(app);
  await lookAtAll(world, before.size);
  // What a look found is settled by the reconcile that follows it.
  for (const app of apps) await world.poke(app);
  const after = await versions(world, model);
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
}

/** A policy that might mean something else for every object makes the operator look at each of them. This one means nothing. */
async function lookAtAll({ kube, namespace, operator }: World, objects: number): Promise<void> {
  const everything = { apiGroups: ["*"], apiVersions: ["*"], operations: ["CREATE"], resources: ["*"] };
  const policy = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: `all.${namespace}` },
    spec: { matchConstraints: { resourceRules: [everything] }, validations: [{ expression: "true" }] },
  };
  await kube.apply(policy);
  try {
    await waitUntil(
      { what: `the operator looks at ${objects} objects`, timeoutMs: 120_000 },
      async () => (await operator.metric(LOOKS)) >= objects,
    );
  } finally {
    await kube.delete({ apiVersion: policy.apiVersion, kind: policy.kind, name: policy.metadata.name });
  }
}
