import type { GitRepo } from "../../../tools/git-repository.js";
import { CoreBench } from "../../support/core-bench.js";
import { condition, configMap, type LiveApp, type World } from "../../support/world.js";

/** A Deployment that never becomes available. */
const NEVER = `apiVersion: apps/v1
kind: Deployment
metadata: { name: never }
spec:
  minReadySeconds: 300
  selector: { matchLabels: { app: never } }
  template:
    metadata: { labels: { app: never } }
    spec: { containers: [{ name: web, image: registry.example/web:9 }] }
`;
const COMPOSE = `apiVersion: overseer.io/v1
kind: App
metadata: { name: shop }
spec:
  targetNode: node-1
  compose: |
    services: { web: { image: registry.example/shop:1 } }
`;

/** Apps in every state that metrics tell of. */
export class Scenario {
  readonly #world: World;
  readonly #main: GitRepo;
  readonly core: CoreBench;
  #version = 1;

  private constructor(world: World, main: GitRepo, core: CoreBench) {
    this.#world = world;
    this.#main = main;
    this.core = core;
  }

  /** Brings all apps into their states. */
  static async create(world: World): Promise<Scenario> {
    const files = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`wait/w${n}.yaml`, configMap(`wait-${n}`, {})]));
    const main = await world.repository("main", {
      "web/a.yaml": configMap("web", { v: "1" }),
      "web/old.yaml": configMap("old", {}),
      "never/a.yaml": NEVER,
      "core/a.yaml": COMPOSE,
      "remote/a.yaml": configMap("remote", {}),
      "report/a.yaml": configMap("report", { v: "1" }),
      ...files,
    });
    const core = await CoreBench.start(world);
    const scenario = new Scenario(world, main, core);
    await world.app("web", "main", "web");
    await world.app("wait", "main", "wait", { sync: { pruneBudget: 1 } });
    await world.app("never", "main", "never", { health: { timeout: "1s" } });
    await world.app("lost", "main", "nowhere");
    await world.app("off", "main", "web", { suspend: true });
    await world.app("report", "main", "report", { sync: { selfHeal: false } });
    await core.app("shop", "main", "core");
    await scenario.#remote();
    await world.kube.apply({
      ...{ apiVersion: "gitops.overseer.io/v1alpha1", kind: "GitRepository" },
      metadata: { name: "away", namespace: world.namespace },
      spec: { url: "http://127.0.0.1:1/away.git", interval: "1h" },
    });
    for (const name of ["web", "wait", "report"]) await world.synced(name);
    await world.untilCondition("never", "Ready", "False", "HealthTimeout");
    await world.untilCondition("lost", "Ready", "False", "PathNotFound");
    await world.kube.patch(world.configMap("report"), { data: { v: "drift" } });
    await world.untilCondition("report", "Drifted", "True", "Reported");
    await main.commit(
      { "wait/w1.yaml": null, "wait/w2.yaml": null, "wait/w3.yaml": null, "web/old.yaml": null },
      "remove",
    );
    await world.poll("main");
    await world.untilCondition("wait", "Waiting", "True", "Deletions");
    return scenario;
  }

  /** Lets time pass in the counters: a commit, drift, a gate that opens and closes again, and webhooks. */
  async again(): Promise<void> {
    const world = this.#world;
    const v = String(++this.#version);
    const files = { "web/a.yaml": configMap("web", { v }), "core/a.yaml": COMPOSE.replace("shop:1", `shop:${v}`) };
    // Other inputs end the Change that waits, and the next one waits again.
    await this.#main.commit({ ...files, "wait/w4.yaml": configMap("wait-4", { v }) }, `version ${v}`);
    await world.poll("main");
    const head = await this.#main.head();
    await world.synced("web", head);
    await world.kube.until<LiveApp>(
      world.appRef("wait"),
      "waits with the new commit",
      (app) => app.status?.attempted?.commit === head && condition(app, "Waiting")?.status === "True",
    );
    await world.kube.patch(world.configMap("web"), { data: { v: "drift" } });
    await world.kube.until(world.configMap("web"), "is healed", ({ data }) => (data as Record<string, string>).v === v);
    const url = `${await world.operator.webhooks()}/hooks/${world.namespace}/main`;
    await fetch(url, { method: "POST", headers: { "x-github-event": "push" }, body: "{}" });
    await world.poll("away");
  }

  /** An app in a remote cluster, which is the same one by another way. */
  async #remote(): Promise<void> {
    const { namespace, kube, controlPlane } = this.#world;
    const kubeconfig = {
      ...{ apiVersion: "v1", kind: "Config", "current-context": "there" },
      contexts: [{ name: "there", context: { cluster: "there", user: "me" } }],
      clusters: [
        {
          name: "there",
          cluster: {
            server: controlPlane.url,
            "certificate-authority-data": Buffer.from(controlPlane.caPem).toString("base64"),
          },
        },
      ],
      users: [{ name: "me", user: { token: controlPlane.adminToken } }],
    };
    const metadata = { name: "there", namespace };
    await kube.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData: { value: JSON.stringify(kubeconfig) } });
    const destination = { kubernetes: { kubeConfigSecretRef: { name: "there" } } };
    await this.#world.app("remote", "main", "remote", { destination });
    await this.#world.synced("remote");
  }
}
