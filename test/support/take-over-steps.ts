import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { load } from "js-yaml";
import type { RawObject } from "../../src/kube/object.js";
import type { GitRepo } from "../../tools/git-repository.js";
import type { TestObject, TestRef } from "./kube.js";
import { kubectl } from "./other-tools.js";
import type { OverseerUser } from "./overseer-cli.js";
import { deployment, type World } from "./world.js";

/** `apiVersion` of the kinds of Argo CD. */
export const ARGO = "argoproj.io/v1alpha1";
/** `apiVersion` of Roles. */
export const RBAC = "rbac.authorization.k8s.io/v1";
const FINALIZER = "resources-finalizer.argocd.argoproj.io";

type Metadata = RawObject["metadata"];

/** Where a take-over is tested. */
export interface TakeOverPlace {
  readonly world: World;
  readonly admin: OverseerUser;
  /** Directory for files of the test. */
  readonly folder: string;
}

/** Objects as other tools leave them, and the commands of a take-over. `place` is asked in each step, when it exists. */
export function takeOverSteps(place: () => TakeOverPlace) {
  const urls = new Map<string, string>();
  const repository = async (name: string, content: Record<string, string>): Promise<GitRepo> => {
    const repo = await place().world.git.createRepository(name);
    await repo.commit(content, "first");
    urls.set(name, repo.url);
    return repo;
  };
  const files = (name: string): Record<string, string> => ({
    "deployment.yaml": deployment(name, 3),
    "config.yaml": JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { v: "1" } }),
    "role.yaml": JSON.stringify({
      ...{ apiVersion: RBAC, kind: "Role", metadata: { name } },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
    }),
  });
  /** The objects of Git as a tool writes them: with its marks, and a field that Git no longer has. */
  const written = (name: string, mark: (object: TestObject) => Partial<Metadata>): object[] =>
    Object.values(files(name)).map((text) => {
      const object = JSON.parse(text.startsWith("{") ? text : JSON.stringify(yaml(text))) as TestObject;
      const extra = object.kind === "ConfigMap" ? { data: { v: "1", old: "gone" } } : {};
      return {
        ...object,
        ...extra,
        metadata: { ...object.metadata, namespace: place().world.namespace, ...mark(object) },
      };
    });
  const yaml = (text: string): TestObject => load(text) as TestObject;
  const application = (name: string, spec: object = {}, metadata: object = {}): TestObject => ({
    apiVersion: ARGO,
    kind: "Application",
    metadata: { name, namespace: place().world.namespace, finalizers: [FINALIZER], ...metadata },
    spec: {
      project: "default",
      source: {
        repoURL: urls.get(name) ?? "https://git.example.com/none",
        path: ".",
        targetRevision: "main",
        directory: { recurse: true },
      },
      destination: { server: "https://kubernetes.default.svc", namespace: place().world.namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
      ...spec,
    },
  });
  const ref = (kind: string, name: string, apiVersion = ARGO): TestRef => ({
    ...{ apiVersion, kind, namespace: place().world.namespace, name },
  });
  /** Objects of Argo CD: client-side applied, and RBAC objects with the entry of its second manager. */
  const byArgo = async (name: string, args: readonly string[]): Promise<void> => {
    const marked = written(name, ({ kind }) => {
      const group = kind === "Deployment" ? "apps" : kind === "Role" ? "rbac.authorization.k8s.io" : "";
      return {
        annotations: {
          "argocd.argoproj.io/tracking-id": `${name}:${group}/${kind}:${place().world.namespace}/${name}`,
        },
      };
    });
    // The API server composes the schemas of all definitions for a validation by kubectl, which takes long on a busy machine.
    const apply = ["apply", "--validate=false", "--field-manager=argocd-controller"];
    await kubectl(place().world, [...apply, ...args, "-f", "-"], list(marked));
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
    await place().world.kube.patch(ref("Role", name, RBAC), { rules }, { manager: "argocd-application-controller" });
  };
  const list = (items: object[]): object => ({ apiVersion: "v1", kind: "List", items });
  /** UIDs of the objects and pods of an app. */
  const uids = async (name: string): Promise<string[]> => {
    const live = await Promise.all([
      place().world.kube.get(ref("Deployment", name, "apps/v1")),
      place().world.kube.get(place().world.configMap(name)),
      place().world.kube.get(ref("Role", name, RBAC)),
    ]);
    const pods = await place().world.kube.list("v1", "Pod", place().world.namespace, `app=${name}`);
    return [
      ...live.map((object) => object?.metadata.uid ?? "missing"),
      ...pods.map(({ metadata }) => metadata.uid).sort(),
    ];
  };
  const ready = async (name: string): Promise<void> => {
    await place().world.kube.until(
      ref("Deployment", name, "apps/v1"),
      "has 3 pods",
      ({ status }) => (status as { availableReplicas?: number } | undefined)?.availableReplicas === 3,
    );
  };
  /** Imports from the cluster and applies what is printed. */
  const importApps = async (tool: string): Promise<void> => {
    const printed = await place().admin.prints([
      "import",
      tool,
      "-n",
      place().world.namespace,
      "--service-account",
      "deployer",
    ]);
    const file = join(place().folder, "import.yaml");
    await writeFile(file, printed);
    await kubectl(place().world, ["apply", "--server-side", "-f", file]);
  };
  const takeOver = (name: string, args: readonly string[] = []) =>
    place().admin.run(["take-over", name, "--yes", "--timeout", "60s", ...args]);
  /** Acts as if the process had been killed before it could record its last step. */
  const forgetStep = async (name: string, step: string): Promise<void> => {
    const secret = place().world.object("v1", "Secret", `${name}-take-over`);
    const { data } = (await place().world.kube.get(secret)) as RawObject & { data: { state: string } };
    const state = JSON.parse(gunzipSync(Buffer.from(data.state, "base64")).toString("utf8")) as { step: string };
    await place().world.kube.patch(secret, {
      data: { state: gzipSync(JSON.stringify({ ...state, step })).toString("base64") },
    });
  };
  return {
    urls,
    repository,
    files,
    written,
    application,
    ref,
    list,
    byArgo,
    uids,
    ready,
    importApps,
    takeOver,
    forgetStep,
  };
}
