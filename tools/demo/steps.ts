import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Change } from "../../src/api/change.js";
import type { GitRepository } from "../../src/api/git-repository.js";
import { ANNOTATION_RECONCILE_AT, API_VERSION } from "../../src/api/group.js";
import type { OverseerApp } from "../../src/api/overseer-app.js";
import { gitEnvironment } from "../git-repository.js";
import { runCommand } from "../run-command.js";
import { FatalWaitError, waitUntil } from "../wait-until.js";
import { conditionOf, isTrue, type ObjectRef, type WithConditions } from "./kube.js";
import { APP, DEMO_NAMESPACE, gitRepository, overseerApp, REPOSITORY, SHOP_NAMESPACE } from "./sample.js";
import { seconds } from "./screen.js";
import type { Stage } from "./stage.js";

/** What a step came to. */
export interface StepResult {
  readonly ms: number;
  readonly seen: readonly (readonly [string, string])[];
}

/** One of the things that the demo shows. */
export interface Step {
  readonly title: string;
  run(stage: Stage, timeoutMs: number): Promise<StepResult>;
}

/** The demo, in order. Each step leaves the app synced and healthy. */
export const STEPS: readonly Step[] = [
  { title: "repository fetched", run: fetchRepository },
  { title: "app synced and healthy", run: syncApp },
  { title: "pushed commit applied", run: pushCommit },
  { title: "hand-made drift healed", run: healDrift },
  { title: "file removed, its object pruned", run: pruneFile },
];

const APP_REF: ObjectRef = { apiVersion: API_VERSION, kind: "OverseerApp", namespace: DEMO_NAMESPACE, name: APP };
const REPOSITORY_REF: ObjectRef = {
  apiVersion: API_VERSION,
  kind: "GitRepository",
  namespace: DEMO_NAMESPACE,
  name: REPOSITORY,
};
const WEB: ObjectRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: SHOP_NAMESPACE, name: "web" };
const GREETING: ObjectRef = { apiVersion: "v1", kind: "ConfigMap", namespace: SHOP_NAMESPACE, name: "greeting" };
const DEPLOYMENT_FILE = "k8s/deployment.yaml";
const CONFIG_FILE = "k8s/configmap.yaml";
/** Often enough that the times on the screen are those of the operator. */
const LOOK_EVERY_MS = 10;

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
  const app = await synced(stage, await stage.repo.head(), timeoutMs);
  const ms = performance.now() - began;
  const change = await currentChange(stage, app);
  const web = await stage.kube.get<Deployment>(WEB);
  const objects = change?.status?.plan?.map(({ object }) => object) ?? [];
  return {
    ms,
    seen: [
      ...describeChange(change),
      ["objects", objects.join("\n")],
      [
        "health",
        `${app.status?.health}: ${web?.status?.readyReplicas} of ${web?.spec.replicas} replicas of web are ready`,
      ],
      ...(await event(stage, "Synced")),
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
  await look<OverseerApp>(stage, APP_REF, "the commit is applied", timeoutMs, async (one) => {
    if (one.status?.applied?.commit !== commit) return false;
    return (await currentChange(stage, one))?.status?.appliedTime !== undefined;
  });
  const ms = performance.now() - began;
  const app = await synced(stage, commit, timeoutMs);
  const healthy = performance.now() - began;
  const change = await currentChange(stage, app);
  return {
    ms,
    seen: [
      ["told by", "annotation gitops.overseer.io/reconcile-at; the poll finds it, too, within 10 s"],
      ...describeChange(change),
      ["healthy", `after${seconds(healthy)}, when both new pods were ready`],
      ...(await event(stage, "Synced")),
    ],
  };
}

async function healDrift(stage: Stage, timeoutMs: number): Promise<StepResult> {
  await stage.kube.patch(WEB, { spec: { replicas: 5 } }, "kubectl-scale");
  const began = performance.now();
  await look<Deployment>(stage, WEB, "two replicas again", timeoutMs, (web) => web.spec.replicas === 2);
  const ms = performance.now() - began;
  await synced(stage, await stage.repo.head(), timeoutMs);
  return {
    ms,
    seen: [
      ["by hand", "Deployment web scaled to 5 replicas, as kubectl scale does"],
      ...(await event(stage, "DriftHealed")),
    ],
  };
}

async function pruneFile(stage: Stage, timeoutMs: number): Promise<StepResult> {
  await rm(join(stage.clone, CONFIG_FILE));
  const commit = await push(stage, "No greeting");
  const began = performance.now();
  await tell(stage);
  await waitUntil(
    { what: "ConfigMap greeting is gone", timeoutMs, intervalMs: LOOK_EVERY_MS },
    async () => (await stage.kube.get(GREETING)) === undefined,
  );
  const ms = performance.now() - began;
  const app = await synced(stage, commit, timeoutMs);
  return { ms, seen: [...describeChange(await currentChange(stage, app)), ...(await event(stage, "Synced"))] };
}

/** Commits what was changed in the clone, and pushes it as anybody would. Gives the commit. */
async function push(stage: Stage, message: string): Promise<string> {
  const git = (...args: string[]) => runCommand("git", ["-C", stage.clone, ...args], { env: gitEnvironment() });
  await git("add", "--all");
  await git("commit", "--quiet", "--message", message);
  await git("push", "--quiet", "origin", "HEAD");
  return (await git("rev-parse", "HEAD")).trim();
}

/** Asks the operator to look at the repository now, as a webhook would. */
async function tell(stage: Stage): Promise<void> {
  const annotations = { [ANNOTATION_RECONCILE_AT]: new Date().toISOString() };
  await stage.kube.patch(REPOSITORY_REF, { metadata: { annotations } }, "overseer-demo");
}

/** Waits until the app is Ready with this commit applied. */
function synced(stage: Stage, commit: string, timeoutMs: number): Promise<OverseerApp> {
  return look<OverseerApp>(
    stage,
    APP_REF,
    "OverseerApp is Ready",
    timeoutMs,
    (app) => isTrue(app, "Ready") && isTrue(app, "Synced") && app.status?.applied?.commit === commit,
  );
}

/** Waits for an object to be as wanted; gives up at once where the object itself says that nothing will change. */
async function look<T>(
  stage: Stage,
  ref: ObjectRef,
  what: string,
  timeoutMs: number,
  test: (object: T) => boolean | Promise<boolean>,
): Promise<T> {
  return waitUntil<T>({ what, timeoutMs, intervalMs: LOOK_EVERY_MS }, async () => {
    const { operator } = stage;
    if (operator.ended() !== undefined) throw new FatalWaitError(`the operator ended with ${operator.ended()}`);
    const object = await stage.kube.get<T>(ref);
    if (object === undefined) return undefined;
    const stalled = conditionOf(object as WithConditions, "Stalled");
    if (stalled?.status === "True") throw new FatalWaitError(`${ref.kind} ${ref.name} is stalled: ${stalled.message}`);
    return (await test(object)) ? object : undefined;
  });
}

async function currentChange(stage: Stage, app: OverseerApp): Promise<Change | undefined> {
  const name = app.status?.change?.name;
  if (name === undefined) return undefined;
  return stage.kube.get<Change>({ apiVersion: API_VERSION, kind: "Change", namespace: DEMO_NAMESPACE, name });
}

function describeChange(change: Change | undefined): (readonly [string, string])[] {
  if (change === undefined) return [];
  const { summary, phase, plan = [] } = change.status ?? {};
  const diffs = plan.flatMap(({ verb, object, diff = [] }) =>
    verb === "Delete"
      ? [`- ${object}`]
      : diff.map(({ path, from, to }) => `~ ${object} ${path}: ${from ?? "nothing"} → ${to ?? "nothing"}`),
  );
  return [
    ["revision", change.spec.inputs.revision],
    ["Change", [`${change.metadata.name}  ${summary ?? ""}  ${phase ?? ""}`, ...diffs.slice(0, 4)].join("\n")],
  ];
}

/** The newest Event of a reason about the app, as soon as there is one. */
async function event(stage: Stage, reason: string): Promise<(readonly [string, string])[]> {
  const found = await waitUntil({ what: `Event ${reason}`, timeoutMs: 10_000, intervalMs: 30 }, async () => {
    const events = await stage.kube.list<AppEvent>("events.k8s.io/v1", "Event", DEMO_NAMESPACE);
    return events
      .filter((one) => one.reason === reason && one.regarding?.name === APP)
      .sort((a, b) => ((a.eventTime ?? "") < (b.eventTime ?? "") ? 1 : -1))[0];
  });
  return [["Event", `${found.reason}: ${found.note ?? ""}`]];
}

interface AppEvent {
  readonly reason: string;
  readonly note?: string;
  readonly eventTime?: string;
  readonly regarding?: { readonly name?: string };
}

/** What there is to say when a step failed: the conditions of the repository and the app. */
export async function conditionsOf(stage: Stage): Promise<(readonly [string, string])[]> {
  const lines: (readonly [string, string])[] = [];
  for (const ref of [REPOSITORY_REF, APP_REF]) {
    const object = await stage.kube.get<WithConditions>(ref);
    if (object === undefined) lines.push([ref.kind, "is not there"]);
    for (const { type, status, reason, message } of object?.status?.conditions ?? [])
      lines.push([ref.kind, `${type}=${status} ${reason}: ${message}`]);
  }
  return lines;
}
