import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { OverseerAppSet } from "../../src/api/app-set.js";
import {
  ANNOTATION_CONFIRM_DELETIONS,
  ANNOTATION_PRUNE,
  ANNOTATION_RECONCILE_AT,
  ANNOTATION_RESTORED_POLICY,
  API_VERSION,
  LABEL_APP_SET,
} from "../../src/api/group.js";
import type { RawObject } from "../../src/kube/object.js";
import type { GitRepo } from "../support/git-server.js";
import type { TestRef } from "../support/kube.js";
import { OverseerUser } from "../support/overseer-cli.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

type LiveSet = OverseerAppSet & RawObject;

const RBAC = "rbac.authorization.k8s.io/v1";

describe("An OverseerAppSet", function () {
  this.timeout(180_000);
  let world: World;
  let repo: GitRepo;
  before(async () => {
    world = await World.create("sets");
    repo = await world.repository("fleet", {
      ...folder("a"),
      ...folder("b"),
      ...folder("c"),
      ...folder("d"),
      "apps/README.md": "# apps\n",
    });
    await mayWriteApps("writer");
  });
  after(() => world?.remove());

  const folder = (name: string): Record<string, string> => ({
    [`apps/${name}/app.yaml`]: configMap(`app-${name}`, { name }),
  });
  const ref = (name: string): TestRef => ({ ...world.appRef(name), kind: "OverseerAppSet" });
  const isThere = (name: string): Promise<boolean> => world.kube.isKept(world.appRef(name));

  /** A set of fixed names, whose apps find nothing at their path. */
  const listed = (...names: string[]) => ({
    generators: [{ list: { elements: names.map((name) => ({ name })) } }],
    template: {
      metadata: { name: "{{ .name }}" },
      spec: { source: { repositoryRef: { name: "fleet" }, path: "none" }, destination: { kubernetes: {} } },
    },
  });

  /** Grants a ServiceAccount the rights that a set needs. */
  async function mayWriteApps(name: string, verbs: readonly string[] = ["create", "patch", "delete"]): Promise<void> {
    const { namespace } = world;
    const rule = { apiGroups: ["gitops.overseer.io"], resources: ["overseerapps"], verbs };
    await world.kube.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
    await world.kube.apply({ apiVersion: RBAC, kind: "Role", metadata: { name, namespace }, rules: [rule] });
    await world.kube.apply({
      apiVersion: RBAC,
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    });
  }

  /** Applies a set of the folders in `apps`. */
  const makeSet = (name: string, spec: Record<string, unknown> = {}): Promise<LiveSet> =>
    world.kube.apply<LiveSet>({
      apiVersion: API_VERSION,
      kind: "OverseerAppSet",
      metadata: { name, namespace: world.namespace },
      spec: {
        serviceAccountName: "writer",
        generators: [{ gitFolders: { repositoryRef: { name: "fleet" }, folders: ["apps/*"] } }],
        template: {
          metadata: { name: `${name}-{{ .path.basename }}` },
          spec: {
            source: { repositoryRef: { name: "fleet" }, path: "{{ .path.path }}" },
            destination: { kubernetes: {} },
          },
        },
        ...spec,
      },
    });

  const until = (name: string, what: string, check: (set: LiveSet) => boolean): Promise<LiveSet> =>
    world.kube.until<LiveSet>(
      ref(name),
      what,
      (set) => set.status?.observedGeneration === set.metadata.generation && check(set),
      60_000,
    );
  const untilReason = (name: string, reason: string): Promise<LiveSet> =>
    until(name, reason, (set) => condition(set, "Ready")?.reason === reason);
  const untilApps = (name: string, apps: number): Promise<LiveSet> =>
    until(
      name,
      `${apps} apps`,
      (set) => condition(set, "Ready")?.reason === "AppsUpToDate" && set.status?.counts?.apps === apps,
    );

  it("makes an app for each folder, as its ServiceAccount, and deletes it with the folder", async () => {
    await makeSet("team");
    const set = await untilApps("team", 4);
    expect(set.status?.lastWrite?.created).to.deep.equal(["team-a", "team-b", "team-c", "team-d"]);
    const live = await world.synced("team-a", await repo.head());
    expect(live.metadata.labels?.[LABEL_APP_SET]).to.equal("team");
    expect(live.spec.source.path).to.equal("apps/a");
    expect(live.metadata.managedFields?.map(({ manager }) => manager)).to.include("overseer-app-set:team");
    await repo.commit({ "apps/a/app.yaml": null, ...folder("e") }, "Replace a by e");
    await world.poll("fleet");
    await until("team", "a is replaced", ({ status }) => status?.lastWrite?.deleted?.includes("team-a") === true);
    await world.kube.untilGone(world.appRef("team-a"), 60_000);
    expect(await world.kube.get(world.configMap("app-a"))).to.equal(undefined);
    await world.synced("team-e");
    await world.told(
      "team",
      "AppCreated: created app team-e for folder apps/e",
      "AppDeleted: deleted app team-a, which is not generated any more",
    );
  });

  it("writes nothing while deletions exceed the budget, until they are confirmed", async () => {
    await makeSet("budget", { ...listed("one", "two", "three"), pruneBudget: 1 });
    await untilApps("budget", 3);
    await makeSet("budget", { ...listed("three", "four"), pruneBudget: 1 });
    const held = await untilReason("budget", "AppDeletions");
    expect(condition(held, "Waiting")?.message).to.contain(
      "2 of 3 apps would be deleted, more than the budget of 1 permits (one, two): to confirm, run kubectl",
    );
    expect(held.status?.plan).to.deep.include({ create: ["four"], update: [], delete: ["one", "two"], deletes: 2 });
    expect([await isThere("one"), await isThere("two"), await isThere("four")]).to.deep.equal([true, true, false]);
    const hash = held.status?.plan?.hash;
    await world.kube.patch(ref("budget"), { metadata: { annotations: { [ANNOTATION_CONFIRM_DELETIONS]: hash } } });
    const done = await untilApps("budget", 2);
    expect(done.status?.lastWrite).to.deep.include({ created: ["four"], deleted: ["one", "two"] });
    expect(done.status?.plan).to.equal(undefined);
  });

  it("restores fields of its template, keeps all others, and writes nothing without a change", async () => {
    await makeSet("edit", listed("edited", "still"));
    await untilApps("edit", 2);
    const suspended = { suspend: true, suspendReason: "by bob" };
    await world.kube.patch(world.appRef("edited"), { spec: { ...suspended, source: { path: "elsewhere" } } });
    const restored = await world.kube.until<LiveApp>(
      world.appRef("edited"),
      "its path is restored",
      (app) => app.spec.source.path === "none",
      60_000,
    );
    expect(restored.spec).to.deep.include(suspended);
    await world.told("edit", "AppRestored: restored fields of app edited");
    await untilApps("edit", 2);
    const before = await writesOf();
    const token = "again";
    await world.kube.patch(ref("edit"), { metadata: { annotations: { [ANNOTATION_RECONCILE_AT]: token } } });
    await until("edit", "reconciled", ({ status }) => status?.lastHandledReconcileAt === token);
    expect(await writesOf()).to.deep.equal(before);
  });

  it("never takes an app of others, unless a user hands it over", async () => {
    await world.app("taken", "fleet", "elsewhere");
    // The operator knows of it: one that is made at the same moment is another case, which is tried again.
    await world.kube.until<LiveApp>(world.appRef("taken"), "is seen", ({ status }) => status?.observedGeneration === 1);
    await makeSet("conflict", listed("free", "taken"));
    const refused = await until("conflict", "is stalled", (set) => condition(set, "Stalled") !== undefined);
    expect(condition(refused, "Ready")?.reason).to.equal("NameConflict");
    expect(condition(refused, "Stalled")?.message).to.match(
      /^OverseerApp taken \(.*\) exists and does not belong to this set/,
    );
    expect(await isThere("free")).to.equal(false);
    expect((await world.kube.get<LiveApp>(world.appRef("taken")))?.spec.source.path).to.equal("elsewhere");
    await world.kube.patch(world.appRef("taken"), { metadata: { labels: { [LABEL_APP_SET]: "conflict" } } });
    await untilApps("conflict", 2);
    expect((await world.kube.get<LiveApp>(world.appRef("taken")))?.spec.source.path).to.equal("none");
  });

  it("writes none of its apps if the API server rejects one, or if its ServiceAccount may not", async () => {
    const { template } = listed();
    const elements = [
      { name: "good", wave: "ok" },
      { name: "bad", wave: 7 },
    ];
    await makeSet("refused", {
      generators: [{ list: { elements } }],
      template: { ...template, spec: { ...template.spec, suspendReason: "{{ .wave }}" } },
    });
    const refused = await untilReason("refused", "AppRefused");
    expect(condition(refused, "Ready")?.message).to.match(/^nothing was written: app bad: .*suspendReason/);
    expect(await isThere("good")).to.equal(false);
    await mayWriteApps("reader", ["patch"]);
    await makeSet("forbidden", { ...listed("forbidden-app"), serviceAccountName: "reader" });
    const forbidden = await untilReason("forbidden", "AppForbidden");
    expect(condition(forbidden, "Ready")?.message).to.contain(`system:serviceaccount:${world.namespace}:reader`);
    await mayWriteApps("reader");
    await untilApps("forbidden", 1);
  });

  it("deletes nothing if its folder is moved, or its repository is gone", async () => {
    const moved = await world.repository("moved", { "apps/x/a.yaml": configMap("moved-x", {}) });
    const generators = [{ gitFolders: { repositoryRef: { name: "moved" }, folders: ["apps/*"] } }];
    await makeSet("moving", { generators });
    await untilApps("moving", 1);
    await moved.commit({ "apps/x/a.yaml": null, "teams/x/a.yaml": configMap("moved-x", {}) }, "Move");
    await world.poll("moved");
    const held = await untilReason("moving", "NothingGenerated");
    expect(condition(held, "Waiting")?.message).to.contain(
      "spec.generators[0] yields nothing, so moving-x would be deleted",
    );
    await world.kube.delete(world.repositoryRef("moved"));
    const failed = await untilReason("moving", "GeneratorFailed");
    expect(condition(failed, "Ready")?.message).to.contain(
      `spec.generators[0]: GitRepository ${world.namespace}/moved does not exist`,
    );
    expect(await isThere("moving-x")).to.equal(true);
  });

  it("makes an app for each cluster and file, and follows labels of Secrets", async () => {
    await world.repository("tiers", {
      "tiers/gold.yaml": "tier: gold\nvalues: { replicas: 3 }\n",
      "tiers/other.json": '[{"tier": "tin", "values": {}}]',
    });
    const secret = (name: string, labels: Record<string, string>) =>
      world.kube.apply({
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
          name,
          namespace: world.namespace,
          labels,
          annotations: { "parameter.gitops.overseer.io/region": "eu" },
        },
        stringData: { value: world.canary() },
      });
    await secret("cluster-a", { fleet: "shop" });
    await secret("cluster-b", {});
    const clusters = { clusters: { selector: { matchLabels: { fleet: "shop" } } } };
    const files = { gitFiles: { repositoryRef: { name: "tiers" }, files: ["tiers/*"] } };
    await makeSet("matrix", {
      generators: [{ matrix: { generators: [clusters, files] } }],
      template: {
        metadata: { name: "{{ .tier }}-{{ .name }}", labels: { region: "{{ .metadata.annotations.region }}" } },
        spec: {
          suspend: true,
          source: { repositoryRef: { name: "fleet" }, path: "none", helm: { values: "{{ .values }}" } },
          destination: { kubernetes: { kubeConfigSecretRef: { name: "{{ .name }}" } } },
        },
      },
    });
    const first = await untilApps("matrix", 2);
    expect(first.status?.lastWrite?.created).to.deep.equal(["gold-cluster-a", "tin-cluster-a"]);
    const gold = await world.kube.get<LiveApp>(world.appRef("gold-cluster-a"));
    expect(gold?.metadata.labels?.region).to.equal("eu");
    expect(gold?.spec.source.helm?.values).to.deep.equal({ replicas: 3 });
    await secret("cluster-b", { fleet: "shop" });
    await untilApps("matrix", 4);
    await secret("cluster-b", {});
    await untilApps("matrix", 2);
  });

  it("keeps its apps when it is deleted, or deletes those that nothing protects", async () => {
    await makeSet("orphaning", listed("orphan"));
    await untilApps("orphaning", 1);
    await world.kube.delete(ref("orphaning"));
    await world.kube.untilGone(ref("orphaning"), 60_000);
    expect(await isThere("orphan")).to.equal(true);
    await makeSet("deleting", { ...listed("gone", "protected"), deletionPolicy: "Delete", pruneBudget: 0 });
    await untilApps("deleting", 2);
    await world.kube.patch(world.appRef("protected"), {
      metadata: { annotations: { [ANNOTATION_PRUNE]: "disabled" } },
    });
    await world.kube.delete(ref("deleting"));
    await world.kube.untilGone(ref("deleting"), 60_000);
    expect([await isThere("gone"), await isThere("protected")]).to.deep.equal([false, true]);
  });

  it("is suspended after a restore until its apps have their policy again", async () => {
    const admin = new OverseerUser(world);
    const backups = await mkdtemp(join(tmpdir(), "overseer-sets-"));
    try {
      await repo.commit({ "restored/a.yaml": configMap("restored", { v: "1" }) }, "restored");
      await world.poll("fleet");
      const template = {
        metadata: { name: "{{ .name }}" },
        spec: { source: { repositoryRef: { name: "fleet" }, path: "restored" }, destination: { kubernetes: {} } },
      };
      await makeSet("lost", { generators: [{ list: { elements: [{ name: "restored" }] } }], template });
      await untilApps("lost", 1);
      const applied = (await world.synced("restored", await repo.head())).status?.applied?.commit;
      await admin.prints(["export", "--all", "--output-dir", backups, "-n", world.namespace]);
      const [file = ""] = await readdir(backups);
      await world.operator.stop();
      for (const gone of [ref("lost"), world.appRef("restored")]) {
        await world.kube.patch(gone, { metadata: { finalizers: null } });
        await world.kube.delete(gone);
        await world.kube.untilGone(gone);
      }
      await repo.commit({ "restored/a.yaml": configMap("restored", { v: "2" }) }, "newer");
      await world.operator.start({ failpoint: undefined });
      await world.poll("fleet");
      expect(await admin.prints(["restore", join(backups, file)])).to.match(
        /^2 created, \d+ existed already .*, 0 failed$/m,
      );
      expect((await untilReason("lost", "SetSuspended")).spec.suspend).to.equal(true);
      const restored = await world.kube.get<LiveApp>(world.appRef("restored"));
      expect(restored?.spec.source.ref).to.deep.equal({ commit: applied });
      expect(restored?.spec.sync.mode).to.equal("Manual");
      const early = await admin.run(["restore", "--finish", "appset/lost"]);
      expect(early.stderr).to.include("stays suspended").and.include("restored: finish these apps first");
      // As if the app were finished: without policies of admission, no request to sync counts here.
      const annotations = { [ANNOTATION_RESTORED_POLICY]: null };
      await world.kube.patch(world.appRef("restored"), { metadata: { annotations } });
      expect(await admin.prints(["restore", "--finish"])).to.equal(
        `OverseerAppSet ${world.namespace}/lost has its policy again\n`,
      );
      expect((await untilApps("lost", 1)).spec.suspend).to.equal(false);
    } finally {
      await rm(backups, { recursive: true, force: true });
    }
  });

  it("makes apps that the Environment of their namespace holds, also when its template changes", async () => {
    const environment = { apiVersion: API_VERSION, kind: "Environment", name: `frozen-${world.namespace}` };
    const { name, ...kind } = environment;
    const freeze = { reason: "audit" };
    await world.kube.apply({
      ...kind,
      metadata: { name },
      spec: { namespaces: [{ name: world.namespace }], freeze },
    });
    try {
      const template = (labels: Record<string, string>) => ({
        template: {
          metadata: { name: "held-{{ .name }}" },
          spec: {
            source: { repositoryRef: { name: "fleet" }, path: "held/{{ .name }}", commonMetadata: { labels } },
            destination: { kubernetes: {} },
          },
        },
      });
      await repo.commit({ "held/x/c.yaml": configMap("held-x", {}), "held/y/c.yaml": configMap("held-y", {}) }, "held");
      await world.poll("fleet");
      const elements = { generators: [{ list: { elements: [{ name: "x" }, { name: "y" }] } }] };
      await makeSet("held", { ...elements, ...template({ tier: "one" }) });
      for (const app of ["held-x", "held-y"]) await world.untilCondition(app, "Waiting", "True", "EnvironmentWindow");
      expect(await world.kube.get(world.configMap("held-x"))).to.equal(undefined);
      await world.kube.patch(environment, { spec: { freeze: null } });
      for (const app of ["held-x", "held-y"]) await world.synced(app);
      await world.kube.patch(environment, { spec: { freeze } });
      await makeSet("held", { ...elements, ...template({ tier: "two" }) });
      for (const app of ["held-x", "held-y"]) await world.untilCondition(app, "Waiting", "True", "EnvironmentWindow");
      expect((await world.kube.get<RawObject>(world.configMap("held-x")))?.metadata.labels?.tier).to.equal("one");
      expect((await world.changes("held-x")).map(({ spec, status }) => [spec.cause, status?.phase])).to.deep.equal([
        ["Revision", "Succeeded"],
        ["Spec", "Waiting"],
      ]);
    } finally {
      await world.kube.delete(environment);
    }
  });

  it("goes on where it was killed", async () => {
    await world.operator.stop();
    const names = Array.from({ length: 20 }, (_, index) => `k${index + 1}`);
    await makeSet("killed", listed(...names));
    await world.operator.start({ failpoint: "app-set:after-first-write" });
    await world.operator.ended();
    await world.operator.start({ failpoint: "app-set:after-writes" });
    await world.operator.ended();
    await world.operator.start({ failpoint: undefined });
    await untilApps("killed", 20);
    for (const name of names) expect(await isThere(name), name).to.equal(true);
  });

  /** Writes of the operator to the API server, by method. */
  async function writesOf(): Promise<readonly number[]> {
    const series = ["create", "update", "delete"].map(
      (verb) => `overseer_app_set_writes_total{verb="${verb}",result="success"}`,
    );
    return Promise.all(series.map((one) => world.operator.metric(one)));
  }
});
