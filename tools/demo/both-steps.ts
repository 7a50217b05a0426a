import { load } from "js-yaml";
import { CORE_OBJECT_GROUP, CORE_OBJECT_VERSION } from "../../src/api/core/objects.js";
import type { KubeObject } from "../../src/manifest/document.js";
import { compareApps } from "../../src/render/parity/compare.js";
import { coreFacts } from "../../src/render/parity/core-facts.js";
import { kubernetesFacts, type SignIn } from "../../src/render/parity/kubernetes-facts.js";
import type { CoreStage, DemoCore } from "./core.js";
import { describeChange, plannedObjects } from "./facts.js";
import type { WrittenObject } from "./kube.js";
import { currentChange, synced } from "./look.js";
import { CLOUD_NAMESPACE, COMPOSE_APP, composeApp } from "./sample.js";
import type { Stage } from "./stage.js";
import type { StepResult } from "./step.js";

/** Kinds that are compared with the Core. */
const KINDS = [
  ["v1", "Pod"],
  ["v1", "Service"],
  ["networking.k8s.io/v1", "Ingress"],
] as const;

/** Syncs an app that runs on the Core to the cluster, too, and compares both. */
export async function syncToCluster(stage: CoreStage, timeoutMs: number): Promise<StepResult> {
  await stage.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: CLOUD_NAMESPACE } });
  await stage.kube.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "db-host", namespace: CLOUD_NAMESPACE },
    stringData: { value: "postgres.example.com" },
  } as WrittenObject);
  // The throwaway cluster has no provisioner.
  if (stage.cluster.logFolder !== undefined) await stage.kube.apply(VOLUME);
  const began = performance.now();
  const resource = await composeApp();
  await stage.kube.apply(resource);
  const app = await synced(stage, COMPOSE_APP, await stage.repo.head(), timeoutMs);
  const ms = performance.now() - began;
  const change = await currentChange(stage, app);
  const differences = compareApps(
    coreFacts(await liveInCore(stage.core)),
    kubernetesFacts(await liveInCluster(stage), resource.spec.source.compose.ingress.signIn),
  );
  const same = "no difference in names, variables, commands, volumes and routes";
  return {
    ms,
    facts: [
      ["manual step", `namespace ${CLOUD_NAMESPACE} created, with the Secret db-host`],
      ["differs by", "environments/kubernetes/nextcloud.yaml: namespace, node and backup"],
      ...describeChange(change),
      ["objects", plannedObjects(change)],
      [
        "Core and cluster",
        differences.map(({ field, core, kubernetes }) => `${field}: ${core}, ${kubernetes}`).join("\n") || same,
      ],
    ],
  };
}

/** The app and its routes in the Core, as documents. */
async function liveInCore(core: DemoCore): Promise<KubeObject[]> {
  const [apps, routes] = await Promise.all([core.apps(), core.routes()]);
  const own = apps.filter(({ name }) => name === COMPOSE_APP);
  const document = (kind: string, name: string, spec: unknown): KubeObject => ({
    apiVersion: `${CORE_OBJECT_GROUP}/${CORE_OBJECT_VERSION}`,
    kind,
    metadata: { name },
    spec,
  });
  return [
    ...own.map(({ name, compose }) => document("App", name, { compose: load(compose) })),
    ...routes
      .filter(({ appId }) => own.some(({ id }) => id === appId))
      .map(({ hostname, path, target, tls, middleware }) =>
        document("Route", `${hostname}${path}`, { app: COMPOSE_APP, host: hostname, path, target, tls, ...middleware }),
      ),
  ];
}

/** Live pods, Services and Ingresses of the app. */
async function liveInCluster({ kube }: Stage): Promise<KubeObject[]> {
  const lists = KINDS.map(async ([apiVersion, kind]) =>
    (await kube.list<KubeObject>(apiVersion, kind, CLOUD_NAMESPACE)).map((object) => ({ ...object, apiVersion, kind })),
  );
  return (await Promise.all(lists)).flat();
}

/** The app in the cluster: its source has the sign-in providers. */
export type ComposeApp = WrittenObject & {
  readonly spec: { readonly source: { readonly compose: { readonly ingress: { readonly signIn: SignIn } } } };
};

const VOLUME = {
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name: "demo-cloud" },
  spec: {
    capacity: { storage: "10Gi" },
    accessModes: ["ReadWriteOnce"],
    persistentVolumeReclaimPolicy: "Retain",
    hostPath: { path: "/never-mounted" },
    claimRef: { namespace: CLOUD_NAMESPACE, name: "nextcloud-nextcloud-data" },
  },
} as WrittenObject;
