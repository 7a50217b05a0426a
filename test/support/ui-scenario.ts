import { API_VERSION } from "../../src/api/group.js";
import type { AppDetail } from "../../src/api/rest/apps.js";
import type { ChangeList } from "../../src/api/rest/changes.js";
import { waitUntil } from "../../tools/wait-until.js";
import {
  grantAccount,
  leaderTokenFile,
  startInstalledApi,
  startRestricted,
} from "../behaviour/install/restricted-operator.js";
import { ApiClient } from "./api-client.js";
import { appDocument, CoreBench } from "./core-bench.js";
import type { GitRepo } from "./git-server.js";
import type { OperatorProcess } from "./operator-process.js";
import { kubectlUser } from "./user-kubectl.js";
import { configMap, deployment, World } from "./world.js";

/** Rights that the apps of the scenario need. */
const RULES = [
  { apiGroups: [""], resources: ["configmaps", "secrets", "services"], verbs: ["*"] },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["*"] },
] as const;
const CLUSTER_BINDING = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" };
const SPEC = { serviceAccountName: "deployer" };

/** Two ConfigMaps and a Secret whose deletion needs an approval. */
const CART = {
  "cart/config.yaml": configMap("cart", { "cart.toml": "[server]\nport = 8080\ntimeout = 30\n", mode: "fast" }),
  "cart/old.yaml": configMap("cart-old", { a: "1" }, "  annotations: { gitops.overseer.io/prune: confirm }\n"),
};

const SETUP = "      initContainers: [{ name: setup, image: registry.example/setup:1 }]\n";

/** A Compose app with three services. */
const BILLING = appDocument("billing", {
  web: { image: "registry.example.com/billing/web:2.4.1" },
  db: { image: "postgres:17-alpine" },
  mail: { image: "registry.example.com/billing/mail:0.9" },
});
const MAIL_ERROR = "smtp: cannot connect to mail.example.com:587: connection refused";

/** A real installation with the REST API and the web UI, and apps in the states that the UI has to show. */
export class UiScenario {
  readonly world: World;
  readonly api: OperatorProcess;
  readonly repo: GitRepo;
  readonly core: CoreBench;

  private constructor(world: World, api: OperatorProcess, repo: GitRepo, core: CoreBench) {
    this.world = world;
    this.api = api;
    this.repo = repo;
    this.core = core;
  }

  /**
   * Apps: `web` cannot be scheduled and is degraded, `cart` waits for the approval of a deletion, `search` has drift that is reported,
   * `stock` waits for its first sync, `docs` is healthy with several Changes, and `billing`
   * is on a Core, where one of its services has ended. User alice may do everything with them, carol only look.
   */
  static async create(name: string): Promise<UiScenario> {
    const world = await World.create(name, { withoutOperator: true });
    const values = { "api.enabled": true, "api.leader.enabled": true };
    await startRestricted(world, values, ["--internal-address=127.0.0.1:0"]);
    const api = await startInstalledApi(world, [`--leader-token-file=${await leaderTokenFile(world)}`]);
    const core = await CoreBench.start(world);
    await grantAccount(world, "deployer", RULES);
    const roles = ["view", "sync", "approve"].map((role) => `overseer-gitops-${role}`);
    await kubectlUser(world, "alice", [...roles, "edit"]);
    await kubectlUser(world, "carol", ["overseer-gitops-view"]);
    await mayReadAudit(world, "alice");
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: web }\nstringData: { password: ${world.canary()} }\n`;
    const repo = await world.repository(
      "shop",
      {
        ...CART,
        "web/deployment.yaml": nowhere(deployment("web", 3)),
        "web/secret.yaml": secret,
        "search/config.yaml": configMap("search", { level: "info" }),
        "stock/config.yaml": configMap("stock", { shelves: "12" }),
        "docs/config.yaml": configMap("docs", { title: "one" }),
        "docs/deployment.yaml": deployment("docs"),
        "billing/app.yaml": BILLING,
      },
      { allowedNamespaces: ["*"] },
    );
    await world.app("web", "shop", "web", SPEC);
    await world.app("cart", "shop", "cart", SPEC);
    await world.app("search", "shop", "search", { ...SPEC, sync: { selfHeal: false } });
    await world.app("stock", "shop", "stock", { ...SPEC, sync: { mode: "Manual" } });
    await world.app("docs", "shop", "docs", SPEC);
    await core.app("billing", "shop", "billing");
    const scenario = new UiScenario(world, api, repo, core);
    await Promise.all(["cart", "search", "docs", "billing"].map((app) => world.synced(app)));
    await scenario.reportServices();
    await scenario.commitTwice();
    await world.kube.patch(world.configMap("search"), { data: { level: "debug" } });
    await world.untilCondition("cart", "Waiting", "True");
    await world.untilCondition("stock", "Waiting", "True");
    await world.untilCondition("search", "Drifted", "True");
    await scenario.untilApp("web", ({ row }) => row.health === "Degraded");
    return scenario;
  }

  /** Reports the services of billing, as the agent of a node with Docker does. */
  async reportServices(): Promise<void> {
    const [node] = await this.core.list("nodes");
    const config = { description: "Rack 4", labels: { disk: "ssd", zone: "a" }, schedulable: true };
    await this.core.call("PUT", `/api/nodes/${node?.id}/config`, { config, metadata: {} });
    const service = { container: null, exitCode: null, lastLine: null };
    const services = [
      { ...service, name: "web", state: "running" },
      { ...service, name: "db", state: "running" },
      { ...service, name: "mail", state: "restarting", container: "billing-mail-1", exitCode: 1, lastLine: MAIL_ERROR },
    ];
    const apps = [{ app: "billing", observed: { version: 1, services, drift: [] }, redeploy: false }];
    const { status } = await this.core.call("POST", `/api/nodes/${node?.id}/report`, { problem: null, apps });
    if (status !== 204) throw new Error(`the report was answered with ${status}`);
  }

  /** A second Change of docs, and one of cart that deletes an object, and so waits. */
  async commitTwice(): Promise<void> {
    const { repo, world } = this;
    const commit = await repo.commit(
      {
        "docs/config.yaml": configMap("docs", { title: "two" }),
        "cart/config.yaml": configMap("cart", { "cart.toml": "[server]\nport = 8080\ntimeout = 60\n", mode: "safe" }),
        "cart/old.yaml": null,
      },
      "second",
    );
    await world.poll("shop");
    await world.synced("docs", commit);
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

  /** Two Environments for `docs`, the second one with an app of its own to which alice may promote. `stop` removes them. */
  async twoEnvironments() {
    const { kube, namespace } = this.world;
    const production = `${namespace}-prod`;
    const [dev, prod] = [namespace, production];
    await kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: production } });
    await grantAccount({ kube, namespace: production }, "deployer", RULES);
    const rbac = "rbac.authorization.k8s.io";
    const binding = { apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding" };
    const bindings = ["view", "environments", "sync"].map((role) => `overseer-gitops-${role}`);
    for (const role of bindings)
      await kube.apply({
        ...{ ...binding, metadata: { name: `${namespace}-${role}` } },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
        subjects: [{ kind: "User", name: "alice", apiGroup: rbac }],
      });
    const environment = { apiVersion: API_VERSION, kind: "Environment" };
    await kube.apply({ ...environment, metadata: { name: dev }, spec: { namespaces: [{ name: namespace }] } });
    await kube.apply({
      ...{ ...environment, metadata: { name: prod } },
      spec: { namespaces: [{ name: production }], promotesFrom: [dev], promotion: { auto: false } },
    });
    await kube.apply({
      ...{ apiVersion: API_VERSION, kind: "OverseerApp", metadata: { name: "docs", namespace: production } },
      spec: {
        ...SPEC,
        source: { repositoryRef: { name: "shop", namespace }, path: "docs" },
        destination: { kubernetes: {} },
      },
    });
    const stop = async (): Promise<void> => {
      await kube.delete({ apiVersion: "v1", kind: "Namespace", name: production });
      for (const name of [prod, dev]) await kube.delete({ ...environment, name });
      for (const role of bindings) await kube.delete({ ...binding, name: `${namespace}-${role}` });
    };
    return { production, prod, stop };
  }

  async remove(): Promise<void> {
    await this.api.remove();
    await this.core.stop();
    await this.world.kube.delete({ ...CLUSTER_BINDING, name: auditBinding(this.world) });
    await this.world.remove();
  }
}

/** Lets a user read the audit trail. */
async function mayReadAudit(world: World, name: string): Promise<void> {
  const apiGroup = "rbac.authorization.k8s.io";
  await world.kube.apply({
    ...{ ...CLUSTER_BINDING, metadata: { name: auditBinding(world) } },
    roleRef: { apiGroup, kind: "ClusterRole", name: "overseer-gitops-audit" },
    subjects: [{ kind: "User", name, apiGroup }],
  });
}

function auditBinding({ namespace }: World): string {
  return `${namespace}-audit`;
}

/** A Deployment whose pods fit on no node, and that gives up at once. Its pods have an init container. */
function nowhere(document: string): string {
  return document
    .replace("spec:\n  replicas", "spec:\n  progressDeadlineSeconds: 1\n  replicas")
    .replace("    spec:\n      containers", `    spec:\n      nodeSelector: { disk: none }\n${SETUP}      containers`);
}
