import { describeChange, plannedObjects } from "./facts.js";
import type { ObjectRef } from "./kube.js";
import { currentChange, synced } from "./look.js";
import { type RENDERED_APPS, renderedApp, SHOP_NAMESPACE } from "./sample.js";
import type { Stage } from "./stage.js";
import type { Step, StepResult } from "./step.js";

/** Steps for sources that are rendered by Kustomize and Helm, in order. */
export const RENDERED_STEPS: readonly Step[] = [
  {
    title: "Kustomize overlay synced",
    run: (stage, timeoutMs) => syncRendered(stage, "catalog-dev", "dev-catalog", timeoutMs),
  },
  { title: "Helm chart synced", run: (stage, timeoutMs) => syncRendered(stage, "reviews", "reviews", timeoutMs) },
];

interface Workload {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

/** Applies an app and waits until it is healthy. */
async function syncRendered(
  stage: Stage,
  name: (typeof RENDERED_APPS)[number],
  deployment: string,
  timeoutMs: number,
): Promise<StepResult> {
  const began = performance.now();
  await stage.kube.apply(await renderedApp(name));
  const app = await synced(stage, name, await stage.repo.head(), timeoutMs);
  const ms = performance.now() - began;
  const change = await currentChange(stage, app);
  const ref: ObjectRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: SHOP_NAMESPACE, name: deployment };
  const live = await stage.kube.get<Workload>(ref);
  return {
    ms,
    facts: [
      ["path", app.spec.source.path],
      ...describeChange(change),
      ["objects", plannedObjects(change)],
      ["live", `Deployment ${deployment}: ${live?.spec.replicas} of ${live?.spec.template.spec.containers[0]?.image}`],
    ],
  };
}
