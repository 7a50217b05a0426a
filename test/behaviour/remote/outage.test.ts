import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import type { GitRepo } from "../../support/git-server.js";
import { RemotePlane } from "../../support/remote-plane.js";
import { condition, configMap, World } from "../../support/world.js";

const versionOf = (object: RawObject): string | undefined => (object.data as Record<string, string> | undefined)?.v;

describe("A remote cluster that is away", function () {
  this.timeout(180_000);
  let world: World;
  let remote: RemotePlane;
  let repo: GitRepo;
  let version = 1;
  before(async () => {
    world = await World.create("remote-outage");
    remote = await RemotePlane.start(world);
    await remote.secret("there", remote.kubeconfig({ server: remote.proxyUrl }));
    repo = await world.repository("web", {
      "there/x.yaml": configMap("web", { v: "1" }),
      "there/y.yaml": configMap("web-y", {}),
      "here/x.yaml": configMap("web", { v: "1" }),
    });
    await remote.app("there", "web", "there", { source: { repositoryRef: { name: "web" }, path: "there" } });
    await world.app("here", "web", "here");
    await world.synced("there");
    await world.synced("here");
  });
  after(async () => {
    await world?.remove();
    await remote?.stop();
  });
  /** Changes both apps. */
  const commit = async (more: Record<string, string | null> = {}): Promise<string> => {
    const v = String(++version);
    const files = { "there/x.yaml": configMap("web", { v }), "here/x.yaml": configMap("web", { v }) };
    const head = await repo.commit({ ...files, ...more }, `version ${v}`);
    await world.poll("web");
    return head;
  };

  it("was sent nothing but watches while nothing happened", async () => {
    await waitUntil({ what: "the look at its version, the last thing after a start", timeoutMs: 30_000 }, () =>
      remote.proxy.requests.some(({ path }) => path === "/version"),
    );
    const before = remote.proxy.requests.length;
    for (const _ of [1, 2, 3]) await world.poke("there");
    expect(remote.proxy.requests.slice(before).map(({ method, path }) => `${method} ${path}`)).to.deep.equal([]);
  });

  it("is said by its apps alone: others go on, and nothing is deleted", async () => {
    await remote.proxy.refuse();
    const app = await world.untilCondition("there", "Ready", "False", "ClusterUnreachable");
    expect(condition(app, "Ready")?.message).to.contain("kubeConfigSecretRef").and.contain("ECONNREFUSED");
    expect(condition(app, "Reconciling")?.status).to.equal("True");
    const head = await commit({ "there/y.yaml": null });
    await world.synced("here", head);
    await remote.kube.patch(world.configMap("web"), { data: { v: "drift" } });
    await world.poke("there");
    expect(await remote.kube.get(world.configMap("web-y"))).to.not.equal(undefined);
  });

  it("is caught up with when it is back, without a restart", async () => {
    await remote.proxy.listen();
    await world.synced("there", undefined, 90_000);
    await remote.kube.until(
      world.configMap("web"),
      "is as Git says",
      (object) => versionOf(object) === String(version),
    );
    await remote.kube.untilGone(world.configMap("web-y"));
    await remote.kube.patch(world.configMap("web"), { data: { v: "drift" } });
    await remote.kube.until(
      world.configMap("web"),
      "is healed",
      (object) => versionOf(object) === String(version),
      90_000,
    );
  });

  it("holds up no other app when it takes connections and answers nothing", async () => {
    let answer = (): void => {};
    const until = new Promise<void>((resolve) => {
      answer = resolve;
    });
    remote.proxy.rule = () => ({ kind: "wait", until });
    await world.synced("here", await commit());
    // More apps than the operator has workers, all to clusters that it has not heard of yet.
    const names = Array.from({ length: 12 }, (_, index) => `new-${index}`);
    for (const name of names) {
      await remote.secret(name, remote.kubeconfig({ server: remote.proxyUrl, token: world.canary() }));
      await remote.app(name, "web", name, { source: { repositoryRef: { name: "web" }, path: "there" } });
    }
    await world.synced("here", await commit());
    const silent = await world.untilCondition(names[0] ?? "", "Ready", "False", "ClusterUnreachable");
    expect(condition(silent, "Ready")?.message).to.contain("has not responded yet");
    for (const name of names) await world.kube.delete(world.appRef(name));
    remote.proxy.rule = () => undefined;
    answer();
    await world.synced("there", undefined, 90_000);
  });

  it("does not keep an app that is deleted without words, nor when its Secret is gone", async () => {
    for (const name of ["lost", "locked"]) {
      await remote.secret(name, remote.kubeconfig({ server: remote.proxyUrl }));
      await world.repository(name, { "x.yaml": configMap(name, {}) });
      await remote.app(name, name, name);
      await world.synced(name);
    }
    await world.kube.delete(world.object("v1", "Secret", "locked"));
    await world.untilCondition("locked", "Stalled", "True", "SecretNotFound");
    await remote.proxy.refuse();
    await world.untilCondition("lost", "Ready", "False", "ClusterUnreachable");
    for (const name of ["lost", "locked"]) {
      await world.kube.delete(world.appRef(name));
      const app = await world.untilCondition(name, "Ready", "False", "Deleting");
      expect(condition(app, "Ready")?.message).to.contain("deletionPolicy: Orphan");
      expect(condition(app, "Ready")?.message).to.contain(name === "lost" ? "ECONNREFUSED" : "does not exist");
      await world.kube.patch(world.appRef(name), { spec: { deletionPolicy: "Orphan" } });
      await world.kube.untilGone(world.appRef(name));
      expect(await remote.kube.get(world.configMap(name)), "stays").to.not.equal(undefined);
    }
    await remote.proxy.listen();
    await world.synced("there", undefined, 90_000);
  });
});
