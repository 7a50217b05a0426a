import { API_VERSION } from "../../src/api/group.js";
import type { AppDetail } from "../../src/api/rest/apps.js";
import type { ChangeList } from "../../src/api/rest/changes.js";
import { waitUntil } from "../../tools/wait-until.js";
import {
  grantAccount,
  leaderTokenFile,
  removeInstallation,
  startInstalledApi,
  startRestricted,
} from "../behaviour/install/restricted-operator.js";
import { ApiClient } from "./api-client.js";
import type { OperatorProcess } from "./operator-process.js";
import { kubectlUser } from "./user-kubectl.js";
import { World } from "./world.js";

/** Rights that the apps of the UI tests need. */
const RULES = [
  { apiGroups: [""], resources: ["configmaps", "secrets", "services"], verbs: ["*"] },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["*"] },
] as const;
const RBAC = "rbac.authorization.k8s.io";
const CLUSTER_BINDING = { apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding" };

/** Spec of apps that are applied as the ServiceAccount of the tests. */
export const AS_DEPLOYER = { serviceAccountName: "deployer" };

/** A real installation with the REST API and the web UI. User alice may do everything in its namespace, carol only look. */
export class UiInstallation {
  readonly world: World;
  readonly api: OperatorProcess;

  protected constructor({ world, api }: Pick<UiInstallation, "world" | "api">) {
    this.world = world;
    this.api = api;
  }

  /** Starts an installation without apps. */
  static async install(name: string): Promise<UiInstallation> {
    const world = await World.create(name, { withoutOperator: true });
    const values = { "api.enabled": true, "api.leader.enabled": true };
    await startRestricted(world, values, ["--internal-address=127.0.0.1:0"]);
    const api = await startInstalledApi(world, [`--leader-token-file=${await leaderTokenFile(world)}`]);
    await grantAccount(world, "deployer", RULES);
    const roles = ["view", "sync", "approve"].map((role) => `overseer-gitops-${role}`);
    await kubectlUser(world, "alice", [...roles, "edit"]);
    await kubectlUser(world, "carol", ["overseer-gitops-view"]);
    return new UiInstallation({ world, api });
  }

  /** Address of the UI in which a user is signed in. */
  async addressFor(user: string, path = "apps"): Promise<string> {
    return `${await this.api.api()}/${path}#token=${this.world.controlPlane.tokens[user]}`;
  }

  /** The REST API as a user. */
  async as(user: string): Promise<ApiClient> {
    return ApiClient.of(this.api, this.world.controlPlane.tokens[user]);
  }

  /** Waits until alice sees an app as wanted. */
  async untilApp(name: string, wanted: (app: AppDetail) => boolean): Promise<AppDetail> {
    const alice = await this.as("alice");
    return alice.until<AppDetail>(`/apps/${this.world.namespace}/${name}`, `${name} is as wanted`, wanted);
  }

  /** Waits until an app has a Change in a phase, and returns its name. */
  async untilChange(app: string, phase: string): Promise<string> {
    const alice = await this.as("alice");
    return waitUntil({ what: `a Change of ${app} is ${phase}`, timeoutMs: 60_000 }, async () => {
      const list = await alice.get<ChangeList>(`/changes?state=all&q=${encodeURIComponent(`app:${app}`)}`);
      const found = list.items.find((change) => change.phase === phase);
      if (found === undefined) throw new Error(JSON.stringify(list.items));
      return found.name;
    });
  }

  /**
   * Two Environments for these apps of the repository `shop`, the second one with apps of its own to which alice may promote. `stop`
   * removes them.
   */
  async twoEnvironments(apps: readonly string[]) {
    const { kube, namespace } = this.world;
    const production = `${namespace}-prod`;
    const [dev, prod] = [namespace, production];
    await kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: production } });
    await grantAccount({ kube, namespace: production }, "deployer", RULES);
    const bindings = ["view", "environments", "sync"].map((role) => `overseer-gitops-${role}`);
    for (const role of bindings)
      await kube.apply({
        ...{ ...CLUSTER_BINDING, metadata: { name: `${namespace}-${role}` } },
        roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
        subjects: [{ kind: "User", name: "alice", apiGroup: RBAC }],
      });
    const environment = { apiVersion: API_VERSION, kind: "Environment" };
    await kube.apply({ ...environment, metadata: { name: dev }, spec: { namespaces: [{ name: namespace }] } });
    await kube.apply({
      ...{ ...environment, metadata: { name: prod } },
      spec: { namespaces: [{ name: production }], promotesFrom: [dev], promotion: { auto: false } },
    });
    for (const name of apps)
      await kube.apply({
        ...{ apiVersion: API_VERSION, kind: "OverseerApp", metadata: { name, namespace: production } },
        spec: {
          ...AS_DEPLOYER,
          source: { repositoryRef: { name: "shop", namespace }, path: name },
          destination: { kubernetes: {} },
        },
      });
    const stop = async (): Promise<void> => {
      await kube.delete({ apiVersion: "v1", kind: "Namespace", name: production });
      for (const name of [prod, dev]) await kube.delete({ ...environment, name });
      for (const role of bindings) await kube.delete({ ...CLUSTER_BINDING, name: `${namespace}-${role}` });
    };
    return { production, prod, stop };
  }

  /** Removes everything, also what belongs to the cluster: its policies would forbid the operators of other tests to write. */
  async remove(): Promise<void> {
    try {
      await this.api.remove();
      await this.world.remove();
    } finally {
      await removeInstallation(this.world);
    }
  }
}
