import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { API_VERSION, LABEL_INSTANCE } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { INSTALL_NAMESPACE } from "../../support/helm.js";
import { OverseerUser } from "../../support/overseer-cli.js";
import { kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, World } from "../../support/world.js";
import {
  APP_RULES,
  grantAccount,
  removeInstallation,
  startInstalled,
  startRestricted,
} from "../install/restricted-operator.js";

describe("overseer export --all and restore", function () {
  this.timeout(240_000);
  let world: World;
  let admin: OverseerUser;
  let folder: string;

  before(async () => {
    world = await World.create("backup", { withoutOperator: true });
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
    const request = { apiVersion: API_VERSION, kind: "Change", metadata: { generateName: "probe-" } };
    const probe = { ...request, spec: { app: { name: "probe" }, cause: "Sync", requester: "prober" } };
    const user = await kubectlUser(world, "prober", ["overseer-gitops-sync"]);
    await untilPrints(user, "created (server dry run)", ["create", "--dry-run=server", "-f", "-"], probe);
    admin = new OverseerUser(world);
    folder = await mkdtemp(join(tmpdir(), "overseer-backup-"));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
    admin?.expectNoCanary(world.canaries);
    await world?.remove();
    await removeInstallation(world);
  });

  /** Loses all objects of the operator and its key, while the objects of apps remain, as after the loss of a cluster that Velero has copied. */
  const loseInstallation = async (): Promise<void> => {
    await world.operator.stop();
    for (const kind of ["OverseerApp", "GitRepository", "Change"])
      for (const { metadata } of await world.kube.list(API_VERSION, kind, world.namespace)) {
        const ref = { apiVersion: API_VERSION, kind, namespace: world.namespace, name: metadata.name };
        if (kind === "OverseerApp") await world.kube.patch(ref, { metadata: { finalizers: null } });
        await world.kube.delete(ref);
        await world.kube.untilGone(ref);
      }
    const key = { apiVersion: "v1", kind: "Secret", namespace: INSTALL_NAMESPACE, name: "overseer-gitops-keys" };
    await world.kube.delete(key);
  };

  it("bring apps back at the commit that they had, prove ownership again, and delete nothing", async () => {
    const canary = world.canary();
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "git", namespace: world.namespace } };
    await world.kube.create({ ...secret, stringData: { username: "x", password: canary } });
    const files = { "a.yaml": configMap("a", { v: "1" }), "b.yaml": configMap("b", { v: "1" }) };
    const repo = await world.repository("web", files, { secretRef: { name: "git" } });
    const spec = { serviceAccountName: "deployer", sync: { pruneBudget: 5 }, deletionPolicy: "Orphan" };
    const first = await world.app("web", "web", ".", spec).then(() => world.synced("web"));
    const applied = first.status?.applied?.commit;
    for (let run = 0; run < 3; run++)
      await admin.prints(["export", "--all", "--output-dir", folder, "--keep", "1", "-n", world.namespace]);
    const [file = "", ...more] = await readdir(folder);
    expect(more).to.deep.equal([]);
    const text = await readFile(join(folder, file), "utf8");
    expect(text).to.include("kind: Change").and.include("name: git").and.not.include(canary);

    await loseInstallation();
    // Git moves on, without b. One object loses its managed fields, another one comes from another cluster.
    await repo.commit({ "a.yaml": configMap("a", { v: "2" }), "b.yaml": null }, "second");
    const before = await live("a");
    const { metadata, data } = (await live("b")) as RawObject & { data: object };
    await world.kube.delete(world.configMap("b"));
    const labels = { ...metadata.labels, [LABEL_INSTANCE]: "another-cluster" };
    const copy = { name: "b", namespace: world.namespace, labels, annotations: metadata.annotations };
    const copied = await world.kube.create({ apiVersion: "v1", kind: "ConfigMap", metadata: copy, data });

    await startInstalled(world);
    const restored = await admin.prints(["restore", join(folder, file)]);
    expect(restored).to.equal("2 created, 0 existed already and were not changed, 0 failed\n");
    expect(await admin.prints(["restore", join(folder, file)])).to.include("0 created, 2 existed already");
    const waiting = await world.kube.until<RawObject & { spec: { source: { ref?: object } } }>(
      world.appRef("web"),
      "has a plan",
      (app) => condition(app as object, "Ready") !== undefined,
    );
    expect(waiting.spec.source.ref).to.deep.equal({ commit: applied });
    expect((await live("a"))?.metadata.resourceVersion).to.equal(before?.metadata.resourceVersion);
    const refused = await admin.run(["sync", "web", "--timeout", "30s"]);
    expect(refused.stderr + refused.stdout).to.include("of another control cluster (instance another-cluster)");
    expect((await admin.run(["restore", "--finish", "web"])).stderr).to.include("is not synced");

    // What the message says, and the documentation: the copied proof is removed.
    await world.kube.patch(world.configMap("b"), {
      metadata: { annotations: { "gitops.overseer.io/identity": null } },
    });
    await admin.prints(["sync", "web"]);
    const app = await world.synced("web", applied);
    expect(app.metadata.uid).to.not.equal(first.metadata.uid);
    for (const [name, uid] of [
      ["a", before?.metadata.uid],
      ["b", copied.metadata.uid],
    ] as const) {
      const now = (await live(name)) as RawObject & { data: object };
      expect(now.metadata.uid).to.equal(uid);
      expect(now.data).to.deep.equal({ v: "1" });
      expect(now.metadata.annotations?.["gitops.overseer.io/identity"]).to.include(app.metadata.uid);
    }

    expect(await admin.prints(["restore", "--finish", "web"])).to.equal(
      `${world.namespace}/web has its policy again\n`,
    );
    const moved = await world.kube.until<RawObject & { data: { v: string } }>(
      world.configMap("a"),
      "is of the second commit",
      (object) => object.data.v === "2",
    );
    expect(moved.metadata.uid).to.equal(before?.metadata.uid);
    await world.kube.untilGone(world.configMap("b"));
    const { spec: final } = (await world.kube.get(world.appRef("web"))) as RawObject & {
      spec: Record<string, unknown>;
    };
    expect(final.source).to.not.have.property("ref");
    expect(final.sync).to.deep.include({ mode: "Automatic", prune: true, pruneBudget: 5 });
  });
  const live = (name: string): Promise<RawObject | undefined> => world.kube.get(world.configMap(name));
});
