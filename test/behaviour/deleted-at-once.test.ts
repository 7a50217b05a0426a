import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../src/base/clock.js";
import { silentLogger } from "../../src/base/logger.js";
import { Reflector } from "../../src/kube/watch/reflector.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import type { TestRef } from "../support/kube.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

/** A file as `kubectl get -o yaml` leaves it, with the owner that the object had. */
const owned = (name: string, kind: string, owner: string, uid: string): string =>
  configMap(name, {}, `  ownerReferences: [{ apiVersion: v1, kind: ${kind}, name: ${owner}, uid: ${uid} }]\n`);

describe("An object that is deleted as soon as it is made", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("doomed");
  });
  after(() => world?.remove());

  /** Every status of an app from now on that says Synced while the object is not there, until `end` is called. */
  function untruths(app: string, ref: TestRef): { end: () => Promise<string[]> } {
    const found: string[] = [];
    let ended = false;
    const looking = (async () => {
      while (!ended) {
        const before = await world.kube.get(ref);
        const live = await world.kube.get<LiveApp>(world.appRef(app));
        const after = await world.kube.get(ref);
        const says = live && condition(live, "Synced");
        const seenAt = Date.parse(says?.lastTransitionTime ?? "");
        if (!before && !after && says?.status === "True" && Date.now() - seenAt > 3_000) found.push(says.message);
      }
    })();
    return {
      end: async () => {
        ended = true;
        await looking;
        return found;
      },
    };
  }

  it("for want of its owner is refused, and the message names the owner and the way out", async () => {
    const file = await readFile(join(repositoryRoot(), "test/cases/deleted-before-the-answer/cm.yaml"), "utf8");
    const repo = await world.repository("exported", { "cm.yaml": file });
    await world.app("exported", "exported", ".", { sync: { retry: { base: "1s", max: "60s" } } });
    const app = await world.untilCondition("exported", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message)
      .to.contain("the owner Deployment gone")
      .and.contain("remove metadata.ownerReferences from the file");
    expect(condition(app, "Synced")?.status).to.equal("False");
    await world.kube.until<LiveApp>(world.appRef("exported"), "waits longer", ({ status }) => status?.failures === 3);
    const fixed = await repo.commit({ "cm.yaml": configMap("exported", {}) }, "mended");
    await world.poll("exported");
    await world.synced("exported", fixed);
  });

  it("for want of any of two owners, or of one with another uid, is refused, too", async () => {
    const namespace = await world.kube.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "owner", namespace: world.namespace },
    });
    const two = `  ownerReferences:\n    - { apiVersion: v1, kind: Secret, name: none, uid: 1-1 }\n    - { apiVersion: v1, kind: ConfigMap, name: owner, uid: 2-2 }\n`;
    await world.repository("owners", {
      "two/cm.yaml": configMap("two", {}, two),
      "right/cm.yaml": owned("right", "ConfigMap", "owner", namespace.metadata.uid),
    });
    await world.app("two", "owners", "two");
    await world.app("right", "owners", "right");
    const refused = await world.untilCondition("two", "Ready", "False", "ApplyRefused");
    expect(condition(refused, "Ready")?.message).to.contain("Secret none").and.contain("ConfigMap owner");
    await world.synced("right");
    const watch = untruths("right", world.configMap("right"));
    await world.kube.delete(world.configMap("owner"));
    const lost = await world.untilCondition("right", "Synced", "False", "Drifted");
    expect(condition(lost, "Drifted")?.message).to.contain("the owner ConfigMap owner");
    expect(await watch.end()).to.deep.equal([]);
  });

  it("by a controller of Kubernetes: the app says so, and tries more and more seldom", async () => {
    const token = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\n  annotations: { kubernetes.io/service-account.name: nobody }\ntype: kubernetes.io/service-account-token\n`;
    await world.repository("token", { "s.yaml": token });
    await world.app("token", "token", ".", { sync: { retry: { base: "1s", max: "60s" } } });
    const ref = world.object("v1", "Secret", "token");
    const watch = untruths("token", ref);
    const app = await world.untilCondition("token", "Synced", "False", undefined, 60_000);
    expect(condition(app, "Ready")?.status).to.not.equal("True");
    expect(await watch.end()).to.deep.equal([]);
  });

  it("by another program is never reported as Synced, and the app says what happens", async () => {
    const { namespace } = world;
    const deleted: number[] = [];
    const deleter = new Reflector<string>({
      client: world.kube.client,
      clock: systemClock,
      logger: silentLogger,
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      fieldSelector: "metadata.name=eaten",
      mode: "metadata",
      reduce: ({ metadata }) => metadata.uid,
      uidOf: (uid) => uid,
      onEvent: ({ type }) => {
        if (type !== "Added") return;
        deleted.push(Date.now());
        void world.kube.delete(world.configMap("eaten")).catch(() => undefined);
      },
    });
    deleter.start();
    try {
      await world.repository("eaten", { "cm.yaml": configMap("eaten", {}) });
      await world.app("eaten", "eaten", ".");
      const watch = untruths("eaten", world.configMap("eaten"));
      const app = await world.untilCondition("eaten", "Drifted", "True", undefined, 60_000);
      expect(condition(app, "Drifted")?.message).to.contain("deleted repeatedly");
      expect(condition(app, "Synced")?.status).to.equal("False");
      const tries = deleted.length;
      await world.poke("eaten");
      await world.kube.until(world.appRef("eaten"), "was tried again", () => deleted.length > tries + 1, 60_000);
      expect(await watch.end()).to.deep.equal([]);
      expect(deleted.length, "not in a loop").to.be.lessThan(12);
    } finally {
      await deleter.stop();
    }
    await world.poke("eaten");
    await world.synced("eaten");
    expect(await world.kube.get(world.configMap("eaten"))).to.not.equal(undefined);
  });
});
