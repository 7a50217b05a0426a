import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitRepository } from "../../src/api/git-repository.js";
import type { OverseerApp } from "../../src/api/overseer-app.js";
import { gitEnvironment } from "../git-repository.js";
import { runCommand } from "../run-command.js";
import { describeChange, event, plannedObjects } from "./facts.js";
import { isTrue, type ObjectRef } from "./kube.js";
import { appRef, currentChange, REPOSITORY_REF, requestPoll, synced, until, untilObject } from "./look.js";
import { APP, gitRepository, overseerApp, SHOP_NAMESPACE } from "./sample.js";
import { seconds } from "./screen.js";
import type { Stage } from "./stage.js";
import type { Step, StepResult } from "./step.js";

/** Steps for an app in the cluster, in order. Each step leaves the app synced and healthy. */
export const STEPS: readonly Step[] = [
  { title: "repository fetched", run: fetchRepository },
  { title: "app synced and healthy", run: syncApp },
  { title: "pushed commit applied", run: pushCommit },
  { title: "drift reverted", run: healDrift },
  { title: "object pruned after its file was removed", run: pruneFile },
];

const WEB: ObjectRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: SHOP_NAMESPACE, name: "web" };
const GREETING: ObjectRef = { apiVersion: "v1", kind: "ConfigMap", namespace: SHOP_NAMESPACE, name: "greeting" };
const DEPLOYMENT_FILE = "k8s/deployment.yaml";
const CONFIG_FILE = "k8s/configmap.yaml";

interface Deployment {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly readyReplicas?: number };
}

async function fetchRepository(stage: Stage, timeoutMs: number): Promise<StepResult> {
  const began = performance.now();
  await stage.kube.apply(await gitRepository(stage.repo.url));
  const what = "GitRepository is Ready";
  const repository = await untilObject<GitRepository>(stage, REPOSITORY_REF, what, timeoutMs, (one) =>
    isTrue(one, "Ready"),
  );
  const ms = performance.now() - began;
  const { revision, commit } = repository.status ?? {};
  return {
    ms,
    facts: [
      ["from", stage.repo.url],
      ["revision", `${revision ?? ""}  “${commit?.message ?? ""}”`],
    ],
  };
}

async function syncApp(stage: Stage, timeoutMs: number): Promise<StepResult> {
  const began = performance.now();
  await stage.kube.apply(await overseerApp());
  const app = await synced(stage, APP, await stage.repo.head(), timeoutMs);
  const ms = performance.now() - began;
  const change = await currentChange(stage, app);
  const web = await stage.kube.get<Deployment>(WEB);
  return {
    ms,
    facts: [
      ...describeChange(change),
      ["objects", plannedObjects(change)],
      [
        "health",
        `${app.status?.health}: ${web?.status?.readyReplicas} of ${web?.spec.replicas} replicas of web are ready`,
      ],
      ...(await event(stage, APP, "Synced")),
    ],
  };
}

async function pushCommit(stage: Stage, timeoutMs: number): Promise<StepResult> {
  const path = join(stage.clone, DEPLOYMENT_FILE);
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/image: .*/, "image: nginx:1.28-alpine"));
  const commit = await push(stage, "Serve by nginx 1.28");
  const began = performance.now();
  await requestPoll(stage);
  await untilObject<OverseerApp>(stage, appRef(APP), "the commit is applied", timeoutMs, async (one) => {
    if (one.status?.applied?.commit !== commit) return false;
    return (await currentChange(stage, one))?.status?.appliedTime !== undefined;
  });
  const ms = performance.now() - began;
  const app = await synced(stage, APP, commit, timeoutMs);
  const healthy = performance.now() - began;
  const change = await currentChange(stage, app);
  return {
    ms,
    facts: [
      [
        "poll",
        "requested with the annotation gitops.overseer.io/reconcile-at, instead of waiting for the interval of 10 s",
      ],
      ...describeChange(change),
      ["healthy", `after${seconds(healthy)}: both new pods are ready`],
      ...(await event(stage, APP, "Synced")),
    ],
  };
}

async function healDrift(stage: Stage, timeoutMs: number): Promise<StepResult> {
  await stage.kube.patch(WEB, { spec: { replicas: 5 } }, "kubectl-scale");
  const began = performance.now();
  await untilObject<Deployment>(stage, WEB, "two replicas again", timeoutMs, (web) => web.spec.replicas === 2);
  const ms = performance.now() - began;
  await synced(stage, APP, await stage.repo.head(), timeoutMs);
  return {
    ms,
    facts: [
      ["manual step", "Deployment web scaled to 5 replicas, as with kubectl scale"],
      ...(await event(stage, APP, "DriftHealed")),
    ],
  };
}

async function pruneFile(stage: Stage, timeoutMs: number): Promise<StepResult> {
  await rm(join(stage.clone, CONFIG_FILE));
  const commit = await push(stage, "No greeting");
  const began = performance.now();
  await requestPoll(stage);
  await until(
    stage,
    "ConfigMap greeting is deleted",
    timeoutMs,
    async () => (await stage.kube.get(GREETING)) === undefined,
  );
  const ms = performance.now() - began;
  const app = await synced(stage, APP, commit, timeoutMs);
  return { ms, facts: [...describeChange(await currentChange(stage, app)), ...(await event(stage, APP, "Synced"))] };
}

/** Commits and pushes the changes in the clone. Returns the commit. */
async function push(stage: Stage, message: string): Promise<string> {
  const git = (...args: string[]) => runCommand("git", ["-C", stage.clone, ...args], { env: gitEnvironment() });
  await git("add", "--all");
  await git("commit", "--quiet", "--message", message);
  await git("push", "--quiet", "origin", "HEAD");
  return (await git("rev-parse", "HEAD")).trim();
}
