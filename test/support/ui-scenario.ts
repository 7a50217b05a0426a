import { appDocument, CoreBench } from "./core-bench.js";
import type { GitRepo } from "./git-server.js";
import { AS_DEPLOYER, UiInstallation } from "./ui-installation.js";
import { configMap, deployment, type World } from "./world.js";

const CLUSTER_BINDING = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" };

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

/** An installation with apps in the states that the UI has to show. */
export class UiScenario extends UiInstallation {
  readonly repo: GitRepo;
  readonly core: CoreBench;

  private constructor(installation: UiInstallation, repo: GitRepo, core: CoreBench) {
    super(installation);
    this.repo = repo;
    this.core = core;
  }

  /**
   * Apps: `web` cannot be scheduled and is degraded, `cart` waits for the approval of a deletion, `search` has drift that is reported,
   * `stock` waits for its first sync, `docs` is healthy with several Changes, and `billing`
   * is on a Core, where one of its services has ended.
   */
  static async create(name: string): Promise<UiScenario> {
    const installation = await UiInstallation.install(name);
    const { world } = installation;
    const core = await CoreBench.start(world);
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
    await world.app("web", "shop", "web", AS_DEPLOYER);
    await world.app("cart", "shop", "cart", AS_DEPLOYER);
    await world.app("search", "shop", "search", { ...AS_DEPLOYER, sync: { selfHeal: false } });
    await world.app("stock", "shop", "stock", { ...AS_DEPLOYER, sync: { mode: "Manual" } });
    await world.app("docs", "shop", "docs", AS_DEPLOYER);
    await core.app("billing", "shop", "billing");
    const scenario = new UiScenario(installation, repo, core);
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

  override async remove(): Promise<void> {
    await this.core.stop();
    await this.world.kube.delete({ ...CLUSTER_BINDING, name: auditBinding(this.world) });
    await super.remove();
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
export function nowhere(document: string): string {
  return document
    .replace("spec:\n  replicas", "spec:\n  progressDeadlineSeconds: 1\n  replicas")
    .replace("    spec:\n      containers", `    spec:\n      nodeSelector: { disk: none }\n${SETUP}      containers`);
}
