import { expect } from "chai";
import { INSTALL_NAMESPACE } from "../support/helm.js";
import { OperatorProcess } from "../support/operator-process.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";
import { forbiddenRequests, removeInstallation, startRestricted } from "./install/restricted-operator.js";

const LEASE = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: INSTALL_NAMESPACE };

/** An installation that looks after the namespace of its world alone. */
async function installation(name: string): Promise<World> {
  const world = await World.create(name, { withoutOperator: true });
  await world.startOperator({ flags: flagsOf(world) });
  return world;
}

/** Installations know of each other by their leases. */
const electedBy = (lease: string): string[] => ["--leader-election=true", `--lease-name=${lease}`];

function flagsOf({ namespace }: World, lease = namespace): string[] {
  return [`--watch-namespaces=${namespace}`, ...electedBy(lease)];
}

describe("Installations for some namespaces", function () {
  this.timeout(120_000);
  let one: World;
  let two: World;
  before(async () => {
    const first = await World.create("watch-one", { withoutOperator: true });
    // A killed operator of another test may have left it behind.
    await first.kube.delete({ ...LEASE, name: "overseer-gitops" });
    await first.startOperator({ flags: flagsOf(first) });
    one = first;
    two = await installation("watch-two");
  });
  after(async () => {
    await one?.remove();
    await two?.remove();
  });

  it("live beside each other: each syncs and heals what is its own, and touches nothing else", async () => {
    for (const world of [one, two]) {
      const repo = await world.repository("own", { "x.yaml": configMap("own", { v: "1" }) });
      await world.app("own", "own", ".");
      await world.synced("own", await repo.head());
      await world.kube.patch(world.configMap("own"), { data: { v: "2" } });
      await world.kube.until(
        world.configMap("own"),
        "is healed",
        (object) => (object.data as Record<string, string>).v === "1",
      );
    }
    for (const [world, other] of [
      [one, two],
      [two, one],
    ] as const) {
      expect(await world.operator.log()).not.to.include(other.namespace);
      const metrics = await (await fetch(`${await world.operator.address()}/metrics`)).text();
      expect(metrics).to.include(`namespace="${world.namespace}"`).and.not.include(`namespace="${other.namespace}"`);
    }
  });

  it("leave what is the other's alone, also when an app of theirs names it", async () => {
    const thief = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: own, namespace: ${two.namespace} }\ndata: { v: stolen }\n`;
    await one.repository("thief", { "x.yaml": thief });
    await one.app("thief", "thief", ".", { sync: { adopt: "Always" } });
    const app = await one.untilCondition("thief", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.include(`belongs to OverseerApp ${two.namespace}/own`);
    expect((await one.kube.get(two.configMap("own")))?.data).to.deep.equal({ v: "1" });
  });

  it("say that a repository is in a namespace that they do not look after", async () => {
    const source = { repositoryRef: { name: "own", namespace: two.namespace }, path: "." };
    await one.app("far", "own", ".", { source });
    const app: LiveApp = await one.untilCondition("far", "Ready", "False", "RepositoryNotFound");
    expect(condition(app, "Ready")?.message).to.match(/does not watch: add .* to --watch-namespaces/);
  });

  it("are refused where they overlap, by name, and give their lease up", async () => {
    const { kubeconfigPath } = one.controlPlane;
    const lease = `${one.namespace}-third`;
    for (const flags of [flagsOf(one, lease), electedBy(lease)]) {
      flags.push("--lease-duration=3s", "--lease-renew-deadline=2s", "--lease-retry-period=500ms");
      const third = await OperatorProcess.start({ kubeconfigPath, flags, heldUp: true });
      await third.ended();
      expect(await third.log()).to.match(/INSTALLATIONS|already manages the namespaces \S+: set different namespaces/);
      expect(third.end).to.equal("exit code 1");
      await third.remove();
      const live = await one.kube.get<
        { spec?: { holderIdentity?: string } } & Awaited<ReturnType<typeof one.kube.get>>
      >({
        ...LEASE,
        name: lease,
      });
      expect(live?.spec?.holderIdentity ?? "").to.equal("");
    }
    expect(one.operator.running && two.operator.running).to.equal(true);
  });
});

describe("An installation for one namespace, with the rights of the chart", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("watch-chart", { withoutOperator: true });
    await world.kube.delete({ ...LEASE, name: "overseer-gitops" });
    await startRestricted(world, { watchNamespaces: [world.namespace], "server.enabled": false });
  });
  after(async () => {
    await world?.remove();
    await removeInstallation(world);
  });

  it("syncs an app as its ServiceAccount, and leaves other namespaces alone", async () => {
    const { kube, namespace } = world;
    await kube.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "deployer", namespace } });
    await kube.create({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "deployer", namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
      subjects: [{ kind: "ServiceAccount", name: "deployer", namespace }],
    });
    const repo = await world.repository("own", { "x.yaml": configMap("own", { v: "1" }) });
    await world.app("own", "own", ".", { serviceAccountName: "deployer" });
    await world.synced("own", await repo.head());
    expect(await forbiddenRequests(world.operator)).to.equal(0);
  });
});
