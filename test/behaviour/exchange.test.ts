import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { RawObject } from "../../src/kube/object.js";
import { type ControlPlane, startControlPlane } from "../../tools/control-plane.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { waitUntil } from "../../tools/wait-until.js";
import type { GitRepo } from "../support/git-server.js";
import { condition, configMap, World } from "../support/world.js";

const LABEL = "gitops.overseer.io/app";

/** A Role that may be told from others by what it is about. */
const role = (name: string): string =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: ${name} }\nrules: [{ apiGroups: [""], resources: [pods], verbs: [get], resourceNames: [${name}] }]\n`;

describe("Apps that exchange objects in one commit", function () {
  this.timeout(180_000);
  let world: World;
  let controlPlane: ControlPlane;

  before(async () => {
    controlPlane = await startControlPlane();
    // Without a lease, a process that follows one that was killed begins at once.
    world = await World.create("exchange", { controlPlane, operator: { flags: ["--leader-election=false"] } });
  });
  after(async () => {
    await world?.remove();
    await controlPlane?.stop();
  });

  const roleRef = (name: string) => world.object("rbac.authorization.k8s.io/v1", "Role", name);

  /** Makes the apps `name-0`, `name-1`, …, each with a Role of its own and a ConfigMap, and waits until they are synced. */
  async function ring(name: string, size: number, spec: Record<string, unknown> = {}): Promise<GitRepo> {
    const files: Record<string, string> = {};
    for (let index = 0; index < size; index++) {
      files[`${index}/own.yaml`] = configMap(`${name}-own-${index}`, {});
      files[`${index}/role.yaml`] = role(`${name}-${index}`);
    }
    const repo = await world.repository(name, files);
    for (let index = 0; index < size; index++)
      await world.app(`${name}-${index}`, name, String(index), { sync: { retry: { base: "1s", max: "5s" } }, ...spec });
    for (let index = 0; index < size; index++) await world.synced(`${name}-${index}`, await repo.head());
    return repo;
  }

  /** A commit by which each app gives its Role to the next one. */
  async function turn(repo: GitRepo, name: string, size: number, more: Record<string, string> = {}): Promise<string> {
    const files: Record<string, string> = { ...more };
    for (let index = 0; index < size; index++) {
      files[`${index}/role.yaml`] = role(`${name}-${(index + size - 1) % size}`);
      files[`${index}/new.yaml`] = configMap(`${name}-new-${index}`, {});
    }
    return repo.commit(files, "turn");
  }

  const uids = async (name: string, size: number): Promise<(string | undefined)[]> =>
    Promise.all(
      Array.from(
        { length: size },
        async (_, index) => (await world.kube.get(roleRef(`${name}-${index}`)))?.metadata.uid,
      ),
    );

  /** Waits until each Role is the next app's, and checks that none was ever deleted. */
  async function turned(
    name: string,
    size: number,
    commit: string | undefined,
    before: readonly unknown[],
  ): Promise<void> {
    for (let index = 0; index < size; index++) await world.synced(`${name}-${index}`, commit, 60_000);
    for (let index = 0; index < size; index++) {
      const owner = `${name}-${(index + 1) % size}`;
      await world.kube.until(
        roleRef(`${name}-${index}`),
        `is ${owner}'s`,
        ({ metadata }) => metadata.labels?.[LABEL] === owner,
      );
    }
    expect(await uids(name, size), "the same objects").to.deep.equal(before);
  }

  it("both get what the other had, and nothing is deleted", async () => {
    const text = async (file: string): Promise<string> =>
      readFile(join(repositoryRoot(), "test/cases/swap-between-apps", file), "utf8");
    const repo = await world.repository("swap", {
      "a/r.yaml": await text("r1.yaml"),
      "b/r.yaml": await text("r2.yaml"),
    });
    await world.app("a", "swap", "a");
    await world.app("b", "swap", "b");
    await Promise.all([world.synced("a", await repo.head()), world.synced("b", await repo.head())]);
    const before = await Promise.all(
      ["r1", "r2"].map(async (name) => (await world.kube.get(roleRef(name)))?.metadata.uid),
    );
    const commit = await repo.commit(
      {
        "a/r.yaml": await text("r2.yaml"),
        "b/r.yaml": await text("r1.yaml"),
        "a/new.yaml": configMap("swap-a", {}),
        "b/new.yaml": configMap("swap-b", {}),
      },
      "exchange",
    );
    await world.poll("swap");
    await Promise.all([world.synced("a", commit), world.synced("b", commit)]);
    const after = await Promise.all(["r1", "r2"].map((name) => world.kube.get(roleRef(name))));
    expect(after.map((live) => live?.metadata.labels?.[LABEL])).to.deep.equal(["b", "a"]);
    expect(after.map((live) => live?.metadata.uid)).to.deep.equal(before);
    const plans = (await world.changes("a")).flatMap((change) => change.status?.plan ?? []);
    expect(plans.map(({ verb }) => verb))
      .to.include("HandOver")
      .and.not.include("Delete");
  });

  it("in a ring of three and of five, with pruning off", async () => {
    for (const size of [3, 5]) {
      const name = `ring${size}`;
      const repo = await ring(name, size, { sync: { prune: false, retry: { base: "1s", max: "5s" } } });
      const before = await uids(name, size);
      const commit = await turn(repo, name, size);
      await world.poll(name);
      await turned(name, size, commit, before);
    }
  });

  it("when one of them sees the commit later than the others", async () => {
    const repo = await ring("late", 3);
    const before = await uids("late", 3);
    await world.kube.patch(world.appRef("late-1"), { spec: { suspend: true } });
    const commit = await turn(repo, "late", 3);
    await world.poll("late");
    await world.synced("late-0", commit);
    await world.untilCondition("late-2", "Ready", "False", "ApplyRefused");
    expect(await uids("late", 3), "nothing is deleted meanwhile").to.deep.equal(before);
    await world.kube.patch(world.appRef("late-1"), { spec: { suspend: false } });
    await turned("late", 3, commit, before);
  });

  it("while the operator is killed at any of its steps", async () => {
    const repo = await ring("kill", 3);
    const before = await uids("kill", 3);
    await world.operator.stop();
    const commit = await turn(repo, "kill", 3);
    for (const point of ["app:after-plan#1", "app:after-plan#3", "app:after-first-write#2", "app:after-prune#1"]) {
      await world.operator.start({ failpoint: point });
      await world.operator.ended();
    }
    await world.operator.start();
    await turned("kill", 3, commit, before);
  });

  it("while the API server is away in between", async () => {
    const repo = await ring("away", 3);
    const before = await uids("away", 3);
    const commit = await turn(repo, "away", 3);
    await world.poll("away");
    await controlPlane.apiServer.stop({ kill: true });
    await controlPlane.apiServer.start();
    await turned("away", 3, commit, before);
  });

  it("takes nothing while the app is refused for another reason, and deletes nothing for it", async () => {
    const repo = await ring("bad", 2);
    const before = await uids("bad", 2);
    await turn(repo, "bad", 2, {
      "1/bad.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bad }\ndata: { a: { b: c } }\n",
    });
    await world.poll("bad");
    const refused = await world.untilCondition("bad-1", "Ready", "False", "ApplyRefused");
    expect(condition(refused, "Ready")?.message).to.contain("bad.yaml");
    await world.kube.until(roleRef("bad-1"), "is the other's", (live) => live.metadata.labels?.[LABEL] === "bad-0");
    const kept = await world.kube.get(roleRef("bad-0"));
    expect(kept?.metadata.labels?.[LABEL]).to.equal("bad-0");
    await waitUntil({ what: "it is said why", timeoutMs: 60_000 }, async () =>
      /ObjectKept: Role .*bad-0 removed from Git; kept because OverseerApp .*bad-1 claims it but its own Change is refused/.test(
        (await world.events("bad-0")).join("\n"),
      ),
    );
    await repo.commit({ "1/bad.yaml": null }, "mended");
    await world.poll("bad");
    await turned("bad", 2, undefined, before);
  });

  it("transfers paused and protected objects only when permitted", async () => {
    const repo = await ring("held", 2);
    const before = await uids("held", 2);
    const annotate = (name: string, annotations: Record<string, string | null>): Promise<RawObject> =>
      world.kube.patch(roleRef(name), { metadata: { annotations } });
    await annotate("held-0", { "gitops.overseer.io/reconcile": "disabled" });
    await annotate("held-1", { "gitops.overseer.io/prune": "disabled" });
    await world.untilCondition("held-0", "Paused", "True");
    const commit = await turn(repo, "held", 2);
    await world.poll("held");
    await world.untilCondition("held-1", "Ready", "False", "ApplyRefused");
    expect((await world.kube.get(roleRef("held-0")))?.metadata.labels?.[LABEL]).to.equal("held-0");
    await annotate("held-0", { "gitops.overseer.io/reconcile": null });
    await turned("held", 2, commit, before);
  });

  it("does not delay apps with nothing to exchange when another one cannot be rendered", async () => {
    const repo = await ring("broken", 3);
    await repo.commit({ "0/own.yaml": "a: [", "1/role.yaml": null }, "broken, and one removed");
    await world.poll("broken");
    // Deletions wait up to 30 s for an app that has not processed the commit.
    await world.kube.untilGone(roleRef("broken-1"), 25_000);
  });
});
