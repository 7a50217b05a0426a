import { expect } from "chai";
import { API_VERSION, LABEL_APP } from "../../src/api/group.js";
import { waitUntil } from "../../tools/wait-until.js";
import { caseFile } from "../support/cases.js";
import type { GitRepo } from "../support/git-server.js";
import type { TestRef } from "../support/kube.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

const RBAC = "rbac.authorization.k8s.io/v1";

describe("An app of apps", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("roots");
  });
  after(() => world?.remove());

  /** What the root of a test brings, in a namespace of its own. */
  class Tenant {
    readonly name: string;
    readonly repo: GitRepo;
    constructor(name: string, repo: GitRepo) {
      this.name = name;
      this.repo = repo;
    }
    get namespace(): string {
      return `${world.namespace}-${this.name}`;
    }
    ref(apiVersion: string, kind: string, name: string): TestRef {
      return { apiVersion, kind, namespace: this.namespace, name };
    }
    get child(): TestRef {
      return this.ref(API_VERSION, "OverseerApp", "child");
    }
    get own(): TestRef {
      return { apiVersion: "v1", kind: "Namespace", name: this.namespace };
    }
    get object(): TestRef {
      return this.ref("v1", "ConfigMap", "a");
    }
    get needed(): readonly TestRef[] {
      return [
        this.ref("v1", "ServiceAccount", "deployer"),
        this.ref(RBAC, "RoleBinding", "deployer"),
        this.ref(API_VERSION, "GitRepository", "tenant"),
        this.own,
      ];
    }
    /** Waits until the child has brought its newest commit. */
    async synced(): Promise<LiveApp> {
      const head = await this.repo.head();
      const token = `poll-${head}`;
      const repository = this.ref(API_VERSION, "GitRepository", "tenant");
      await world.kube.patch(repository, { metadata: { annotations: { "gitops.overseer.io/reconcile-at": token } } });
      return world.kube.until<LiveApp>(
        this.child,
        "the child is Ready",
        (app) => condition(app, "Ready")?.status === "True" && app.status?.applied?.commit === head,
        60_000,
      );
    }
  }

  /** The documents of a root, in a namespace of their own. */
  const rootOf = async (namespace: string): Promise<string> =>
    (await caseFile("root-app-deleted/root.yaml"))
      .replace("metadata: {name: tenant}", `metadata: {name: ${namespace}}`)
      .replaceAll("namespace: tenant", `namespace: ${namespace}`);

  const make = async (name: string, spec: Record<string, unknown> = {}): Promise<Tenant> => {
    const namespace = `${world.namespace}-${name}`;
    const root = await rootOf(namespace);
    const repo = await world.git.createRepository(name);
    const files = {
      "root/root.yaml": root.replace("https://git.example.com/team/fleet.git", repo.url),
      "child/child.yaml": await caseFile("root-app-deleted/child.yaml"),
    };
    await repo.commit(files, "first");
    await world.kube.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name, namespace: world.namespace },
      spec: { url: repo.url, ref: { branch: "main" }, interval: "1h" },
    });
    await world.app(name, name, "root", spec);
    const tenant = new Tenant(name, repo);
    await waitUntil({ what: "the child exists", timeoutMs: 60_000 }, () => world.kube.get(tenant.child));
    await tenant.synced();
    await world.synced(name, await repo.head());
    return tenant;
  };
  const confirm = (ref: TestRef): Promise<unknown> =>
    world.kube.patch(ref, { metadata: { annotations: { "gitops.overseer.io/prune": "confirmed" } } });
  const end = async (tenant: Tenant): Promise<void> => {
    await world.kube.delete(tenant.child);
    await world.kube.untilGone(tenant.child, 60_000);
    await world.kube.delete(tenant.own);
  };

  it("keeps its child and what the child needs when it is deleted", async () => {
    const tenant = await make("kept");
    await world.kube.delete(world.appRef("kept"));
    await world.kube.untilGone(world.appRef("kept"), 60_000);
    for (const ref of [tenant.child, ...tenant.needed]) {
      const live = await world.kube.get(ref);
      expect(live?.metadata.deletionTimestamp, ref.kind).to.equal(undefined);
      expect(live, ref.kind).to.not.equal(undefined);
      expect(live?.metadata.labels ?? {}, ref.kind).to.not.have.property(LABEL_APP);
    }
    await world.told(
      "kept",
      `OverseerApp ${tenant.namespace}/child kept by deletionPolicy Delete; DeleteAll deletes it too`,
      `ServiceAccount ${tenant.namespace}/deployer kept because OverseerApp ${tenant.namespace}/child, which is kept, may need it`,
    );
    await tenant.repo.commit({ "child/more.yaml": configMap("more", {}) }, "goes on");
    await tenant.synced();
    expect(await world.kube.get(tenant.ref("v1", "ConfigMap", "more"))).to.not.equal(undefined);
    await end(tenant);
    expect(await world.kube.get(tenant.object), "nothing of the child stays for ever").to.equal(undefined);
  });

  it("that is made again takes what it kept", async () => {
    const tenant = await make("again");
    await world.kube.delete(world.appRef("again"));
    await world.kube.untilGone(world.appRef("again"), 60_000);
    await world.app("again", "again", "root");
    await world.synced("again", undefined, 60_000);
    expect((await world.kube.get(tenant.child))?.metadata.labels?.[LABEL_APP]).to.equal("again");
    await world.kube.patch(world.appRef("again"), { spec: { deletionPolicy: "DeleteAll" } });
    await world.kube.delete(world.appRef("again"));
    await world.kube.untilGone(world.appRef("again"), 60_000);
  });

  it("that is deleted with DeleteAll takes its children and their objects along", async () => {
    const tenant = await make("all", { deletionPolicy: "DeleteAll" });
    await world.kube.delete(world.appRef("all"));
    await world.kube.untilGone(world.appRef("all"), 60_000);
    for (const ref of [tenant.child, tenant.object, ...tenant.needed.slice(0, 3)])
      expect(await world.kube.get(ref), ref.kind).to.equal(undefined);
    await world.kube.untilGone(tenant.own, 60_000);
  });

  it("that is deleted takes along the child whose deletion a person has confirmed", async () => {
    const tenant = await make("one");
    await confirm(tenant.child);
    await world.kube.delete(world.appRef("one"));
    await world.kube.untilGone(world.appRef("one"), 60_000);
    expect(await world.kube.get(tenant.child)).to.equal(undefined);
    expect(await world.kube.get(tenant.object)).to.equal(undefined);
    expect(await world.kube.get(tenant.ref(API_VERSION, "GitRepository", "tenant"))).to.not.equal(undefined);
    await world.kube.delete(tenant.own);
  });

  it("waits for a confirmation before it deletes a child that has left its source", async () => {
    const tenant = await make("leaves");
    const before = await tenant.repo.head();
    const documents = (await rootOf(tenant.namespace)).split("---\n");
    expect(documents.pop()).to.contain("kind: OverseerApp");
    const root = documents.join("---\n").replace("https://git.example.com/team/fleet.git", tenant.repo.url);
    await tenant.repo.commit({ "root/root.yaml": root }, "no child");
    await world.poll("leaves");
    const app = await world.untilCondition("leaves", "Waiting", "True", "Deletions");
    expect(condition(app, "Waiting")?.message).to.contain(
      "would delete OverseerApp child, which requires approval: annotate the object gitops.overseer.io/prune: confirmed to delete it, or gitops.overseer.io/prune: disabled to keep it, or restore it in Git",
    );
    expect(app.status?.applied?.commit).to.equal(before);
    await confirm(tenant.child);
    await world.kube.untilGone(tenant.child, 60_000);
    expect(await world.kube.get(tenant.object)).to.equal(undefined);
    await world.synced("leaves", await tenant.repo.head());
    await world.kube.delete(tenant.own);
  });
});
