import type { Change } from "../../src/api/change.js";
import type { CoreApp } from "../../src/api/core/app.js";
import type { OverseerApp } from "../../src/api/overseer-app.js";
import { syncToCluster } from "./both-steps.js";
import { EDITED_IMAGE } from "./containers.js";
import type { CoreStage } from "./core.js";
import { describeChange, event, plannedObjects } from "./facts.js";
import { conditionOf, isTrue } from "./kube.js";
import { appRef, currentChange, synced, until, untilObject } from "./look.js";
import { coreApp } from "./sample.js";
import type { Step, StepResult } from "./step.js";

/** Steps for apps on a Core, in order. All but the last leave their apps synced and healthy. */
export const CORE_STEPS: readonly Step<CoreStage>[] = [
  { title: "apps/ waits for missing secrets", run: waitForSecrets },
  { title: "apps synced to the Core, deployed by the agent", run: syncApps },
  { title: "one of these apps synced to the cluster, too", run: syncToCluster },
  { title: "infrastructure synced", run: syncInfrastructure },
  { title: "manual change in the Core reverted", run: healCoreDrift },
  { title: "route refused: its sign-in provider is missing", run: refuseRoute },
];

/** Secrets that the documents in apps/ refer to. */
const SECRETS = ["db-host", "gitea-db-password", "postgres-password"];
/** App that is changed manually, and its image. */
const EDITED = "gitea";
const IMAGE = "gitea/gitea:1.22";

async function waitForSecrets(stage: CoreStage, timeoutMs: number): Promise<StepResult> {
  const began = performance.now();
  await stage.kube.apply(await coreApp("apps", stage.core.url));
  let change: Change | undefined;
  await untilObject<OverseerApp>(stage, appRef("apps"), "OverseerApp apps waits", timeoutMs, async (one) => {
    if (!isTrue(one, "Waiting")) return false;
    change = await currentChange(stage, one);
    return change?.status?.phase === "Waiting";
  });
  const ms = performance.now() - began;
  const gates = change?.status?.gates?.filter(({ state }) => state === "Wait") ?? [];
  const [apps, routes] = await Promise.all([stage.core.apps(), stage.core.routes()]);
  return {
    ms,
    facts: [
      ...describeChange(change),
      ...gates.map(({ name, message }) => [`gate ${name}`, message.replaceAll("; ", ";\n")] as const),
      ["in the Core", `${apps.length} apps and ${routes.length} routes: nothing was written`],
    ],
  };
}

async function syncApps(stage: CoreStage, timeoutMs: number): Promise<StepResult> {
  const began = performance.now();
  for (const name of SECRETS) await stage.core.storeSecret(name);
  const app = await synced(stage, "apps", await stage.repo.head(), timeoutMs);
  const ms = performance.now() - began;
  const { core } = stage;
  const [apps, routes, nodes] = await Promise.all([core.apps(), core.routes(), core.nodes()]);
  const place = ({ nodeId }: CoreApp): string => nodes.find(({ id }) => id === nodeId)?.name ?? "no node";
  const shown = apps.map((one) => `${one.name}: ${one.status}, version ${one.version}, on ${place(one)}`).sort();
  return {
    ms,
    facts: [
      ["manual step", `secrets stored in the Core, with random values: ${SECRETS.join(", ")}`],
      ...describeChange(await currentChange(stage, app)),
      ["in the Core", [...shown, ...routes.map(describeRoute)].join("\n")],
      ...(stage.containers === undefined ? [] : [["containers", await stage.containers.list()] as const]),
      ...(await event(stage, "apps", "Synced")),
    ],
  };
}

async function syncInfrastructure(stage: CoreStage, timeoutMs: number): Promise<StepResult> {
  const began = performance.now();
  await stage.kube.apply(await coreApp("infrastructure", stage.core.url));
  const app = await synced(stage, "infrastructure", await stage.repo.head(), timeoutMs);
  const ms = performance.now() - began;
  const change = await currentChange(stage, app);
  return {
    ms,
    facts: [
      ...describeChange(change),
      ["resources", plannedObjects(change)],
      ...(await event(stage, "infrastructure", "Synced")),
    ],
  };
}

async function healCoreDrift(stage: CoreStage, timeoutMs: number): Promise<StepResult> {
  const edited = (await stage.core.apps()).find(({ name }) => name === EDITED);
  if (edited === undefined) throw new Error(`the Core has no app ${EDITED}`);
  const { id, description, domain, nodeId, metadata } = edited;
  const compose = edited.compose.replace(IMAGE, EDITED_IMAGE);
  await stage.core.call("PUT", `/api/apps/${id}`, { description, domain, nodeId, metadata, compose });
  const began = performance.now();
  const find = async (): Promise<CoreApp> => (await stage.core.call<{ app: CoreApp }>("GET", `/api/apps/${id}`)).app;
  await until(stage, `${EDITED} matches Git again`, timeoutMs, async () => (await find()).compose === edited.compose);
  const ms = performance.now() - began;
  const healed = await until(stage, `${EDITED} runs again`, timeoutMs, async () => {
    const app = await find();
    return app.status === "running" && app;
  });
  const running = performance.now() - began;
  await synced(stage, "apps", await stage.repo.head(), timeoutMs);
  return {
    ms,
    facts: [
      ["manual step", `image of app ${EDITED} set to ${EDITED_IMAGE} with a PUT request to the Core`],
      ...(await event(stage, "apps", "DriftHealed")),
      [
        "in the Core",
        `${EDITED}: version ${healed.version} is ${healed.status} after ${(running / 1000).toFixed(2)} s`,
      ],
    ],
  };
}

async function refuseRoute(stage: CoreStage, timeoutMs: number): Promise<StepResult> {
  const began = performance.now();
  await stage.kube.apply(await coreApp("refused", stage.core.url));
  const what = "OverseerApp refused is refused";
  const app = await untilObject<OverseerApp>(stage, appRef("refused"), what, timeoutMs, (one) => {
    const ready = conditionOf(one, "Ready");
    return ready?.status === "False" && ready.reason === "ApplyRefused";
  });
  const ms = performance.now() - began;
  const { reason, message } = conditionOf(app, "Ready") ?? {};
  const open = (await stage.core.routes()).filter(({ hostname }) => hostname === "admin.example.com");
  return {
    ms,
    facts: [
      ...describeChange(await currentChange(stage, app)),
      ["Ready", `False, ${reason}: ${message}`],
      [
        "in the Core",
        open.length === 0 ? "no route for admin.example.com: it is never open without sign-in" : "the route exists",
      ],
    ],
  };
}

function describeRoute(route: Awaited<ReturnType<CoreStage["core"]["routes"]>>[number]): string {
  const { hostname, path, target, tls, middleware } = route;
  const guard = middleware.auth === undefined ? "" : `, sign-in by ${middleware.auth}`;
  return `${tls ? "https" : "http"}://${hostname}${path} → ${target}${guard}`;
}
