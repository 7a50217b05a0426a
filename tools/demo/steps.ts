import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitRepository } from "../../src/api/git-repository.js";
import type { OverseerApp } from "../../src/api/overseer-app.js";
import { gitEnvironment } from "../git-repository.js";
import { runCommand } from "../run-command.js";
import { describeChange, event, plannedObjects } from "./facts.js";
import { isTrue, type ObjectRef } from "./kube.js";
import { appRef, currentChange, look, REPOSITORY_REF, synced, tell, until } from "./look.js";
import { APP, gitRepository, overseerApp, SHOP_NAMESPACE } from "./sample.js";
import { seconds } from "./screen.js";
import type { Stage } from "./stage.js";
import type { Step, StepResult } from "./step.js";

/** What the operator does for an app in the cluster, in order. Each step leaves the app synced and healthy. */
export const STEPS: readonly Step[] = [
  { title: "repository fetched", run: fetchRepository },
  { title: "app synced and healthy", run: syncApp },
  { title: "pushed commit applied", run: pushCommit },
  { title: "hand-made drift healed", run: healDrift },
  { title: "file removed, its object pruned", run: pruneFile },
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
  const repository = await look<GitRepository>(stage, REPOSITORY_REF, what, timeoutMs, (one) => isTrue(one, "Ready"));
  const ms = performance.now() - began;
  const { revision, commit } = repository.status ?? {};
  return {
    ms,
    seen: [
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
    seen: [
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
  await tell(stage);
  await look<OverseerApp>(stage, appRef(APP), "the commit is applied", timeoutMs, async (one) => {
    if (one.status?.applied?.commit !== commit) return false;
    return (await currentChange(stage, one))?.status?.appliedTime !== undefined;
  });
  const ms = performance.now() - began;
  const app = await synced(stage, APP, commit, timeoutMs);
  const healthy = performance.now() - began;
  const change = await currentChange(stage, app);
  return {
    ms,
    seen: [
      ["told by", "annotation gitops.overseer.io/reconcile-at; the poll finds it, too, within 10 s"],
      ...describeChange(change),
      ["healthy", `after${seconds(healthy)}, when both new pods were ready`],
      ...(await event(stage, APP, "Synced")),
    ],
  };
}

async function healDrift(stage: Stage, timeoutMs: number): Promise<StepResult> {
  await stage.kube.patch(WEB, { spec: { replicas: 5 } }, "kubectl-scale");
  const began = performance.now();
  await look<Deployment>(stage, WEB, "two replicas again", timeoutMs, (web) => web.spec.replicas === 2);
  const ms = performance.now() - began;
  await synced(stage, APP, await stage.repo.head(), timeoutMs);
  return {
    ms,
    seen: [
      ["by hand", "Deployment web scaled to 5 replicas, as kubectl scale does"],
      ...(await event(stage, APP, "DriftHealed")),
    ],
  };
}

async function pruneFile(stage: Stage, timeoutMs: number): Promise<StepResult> {
  await rm(join(stage.clone, CONFIG_FILE));
  const commit = await push(stage, "No greeting");
  const began = performance.now();
  await tell(stage);
  await until(
    stage,
    "ConfigMap greeting is gone",
    timeoutMs,
    async () => (await stage.kube.get(GREETING)) === undefined,
  );
  const ms = performance.now() - began;
  const app = await synced(stage, APP, commit, timeoutMs);
  return { ms, seen: [...describeChange(await currentChange(stage, app)), ...(await event(stage, APP, "Synced"))] };
}

/** Commits what was changed in the clone, and pushes it as anybody would. Gives the commit. */
async function push(stage: Stage, message: string): Promise<string> {
  const git = (...args: string[]) => runCommand("git", ["-C", stage.clone, ...args], { env: gitEnvironment() });
  await git("add", "--all");
  await git("commit", "--quiet", "--message", message);
  await git("push", "--quiet", "origin", "HEAD");
  return (await git("rev-parse", "HEAD")).trim();
}
