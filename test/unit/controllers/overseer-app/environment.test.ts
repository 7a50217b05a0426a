import { expect } from "chai";
import type { OverseerApp } from "../../../../src/api/overseer-app.js";
import { Heart } from "../support/heart.js";

const file = (value: string): Readonly<Record<string, string>> => ({
  "a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { v: "${value}" }\n`,
});
/** An Environment that asks for the deletion of apps, and for causes that do not occur here. */
const ON_DELETION = { namespaces: [{ name: "shop" }], gates: { approval: { causes: ["Renderer"] } } };
const ASKING = { namespaces: [{ name: "shop" }], gates: { approval: {} } };

async function synced(): Promise<Heart> {
  const heart = new Heart();
  heart.commit(file("1"));
  heart.apply("web");
  heart.start();
  await heart.settle(["web"]);
  expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded"]);
  return heart;
}

describe("an app of an Environment", () => {
  it("is deleted by a Change that waits for the gates, before its first object is deleted", async () => {
    const heart = await synced();
    heart.environment("prod", ON_DELETION);
    heart.deleteApp("web");
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Waiting"]);
    expect(heart.objects()).to.have.length(1);
    const { spec, status } = heart.change("web-2") ?? {};
    expect(spec?.cause).to.equal("Deletion");
    expect(status?.plan?.map(({ verb, object }) => `${verb} ${object}`)).to.deep.equal(["Delete ConfigMap shop/a"]);
    expect(heart.conditions("web")).to.include("Waiting=True/Approval");
    heart.start();
    await heart.settle(["web"]);
    expect(heart.objects(), "after a restart").to.have.length(1);
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal([]);
    expect(heart.app("web")).to.equal(undefined);
  });

  it("says how to continue when its deletion cannot be approved in a terminating namespace", async () => {
    const heart = await synced();
    heart.environment("prod", ON_DELETION);
    heart.api.terminating = "shop";
    heart.deleteApp("web");
    await heart.settle(["web"]);
    const waiting = heart.app("web")?.status?.conditions?.find(({ type }) => type === "Waiting");
    expect(waiting?.message).to.equal(
      "namespace shop is being deleted, so that no Change can be created there to ask the gates about 1 object of the app; set deletionPolicy: Orphan to delete the app without its objects",
    );
    expect(heart.objects()).to.have.length(1);
    heart.apply("web", { deletionPolicy: "Orphan" });
    await heart.settle(["web"]);
    expect(heart.app("web")).to.equal(undefined);
    expect(heart.objects()).to.have.length(1);
  });

  it("runs the PreDelete hooks of its deletion only once the deletion is approved", async () => {
    const heart = new Heart();
    const hook =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: dump, annotations: { gitops.overseer.io/hook: PreDelete } }\n";
    heart.commit({ ...file("1"), "dump.yaml": hook });
    heart.apply("web");
    heart.start();
    await heart.settle(["web"]);
    heart.environment("prod", ON_DELETION);
    heart.deleteApp("web");
    await heart.settle(["web"]);
    expect(heart.destination.log.join()).not.to.contain("dump");
    heart.approve("web-2", "alice");
    await heart.settle(["web"], 60_000);
    expect(heart.destination.log.join()).to.contain("Create ConfigMap shop/dump");
    expect(heart.app("web")).to.equal(undefined);
  });

  it("asks again if its deletion has begun, and would now delete what the approved plan keeps", async () => {
    const heart = new Heart();
    const claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec: {}\n";
    heart.commit({ ...file("1"), "claim.yaml": claim });
    heart.apply("web");
    heart.start();
    await heart.settle(["web"]);
    heart.environment("prod", ON_DELETION);
    heart.deleteApp("web");
    await heart.settle(["web"]);
    heart.approve("web-2", "alice");
    heart.destination.faults.remove = ({ kind }) =>
      kind === "ConfigMap" ? { message: "a finalizer", retryable: true } : undefined;
    await heart.settle(["web"], 10_000);
    expect(heart.changes("web")).to.include("web-2 Applying");
    heart.apply("web", { deletionPolicy: "DeleteAll" });
    heart.destination.faults = {};
    await heart.settle(["web"], 10_000);
    expect(heart.objects().map((one) => one.split(" ", 1)[0])).to.deep.equal(["ConfigMap", "PersistentVolumeClaim"]);
    expect(heart.changes("web")).to.include.members(["web-2 Superseded", "web-3 Waiting"]);
    expect(heart.message("web-2")).to.contain("its plan does not delete PersistentVolumeClaim shop/data");
    heart.approve("web-3", "alice");
    await heart.settle(["web"], 10_000);
    expect(heart.objects()).to.deep.equal([]);
    expect(heart.app("web")).to.equal(undefined);
  });

  it("does not take over the Change that deleted an app of the same name, which is complete", async () => {
    const heart = await synced();
    heart.environment("prod", ON_DELETION);
    heart.deleteApp("web");
    await heart.settle(["web"]);
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.include("web-2 Succeeded");
    const deletion = heart.change("web-2");
    const ownerReferences = [{ kind: "OverseerApp", name: "web", uid: "of the deleted app" }];
    if (deletion === undefined) throw new Error("there is no Change");
    const metadata = { ...deletion.metadata, ownerReferences };
    heart.api.put("changes", { ...deletion, metadata, status: { ...deletion.status, phase: "Applying" } });
    heart.apply("web");
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.include.members(["web-2 Applying", "web-3 Succeeded"]);
    expect(heart.change("web-3")?.spec.cause).to.equal("Revision");
  });

  it("keeps its Approvals and requests while the app exists but cannot be read", async () => {
    const heart = await synced();
    heart.environment("prod", ASKING);
    heart.commit(file("2"));
    await heart.settle(["web"]);
    heart.approve("web-2", "alice");
    heart.api.unreadable.add("overseerapps/shop/web");
    heart.start();
    await heart.reconcile("web");
    heart.api.unreadable.clear();
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.include("web-2 Succeeded");
  });

  it("stays when its deletion is rejected, until that is withdrawn or lifted by break-glass", async () => {
    const heart = await synced();
    heart.environment("prod", ON_DELETION);
    heart.deleteApp("web");
    await heart.settle(["web"]);
    heart.approve("web-2", "alice", "Reject");
    await heart.settle(["web"], 60_000);
    expect(heart.changes("web")).to.include("web-2 Rejected");
    expect(heart.objects()).to.have.length(1);
    heart.approve("web-2", "bob", "BreakGlass");
    await heart.settle(["web"], 60_000);
    expect(heart.changes("web"), "asks again").to.include("web-3 Waiting");
    expect(heart.objects()).to.have.length(1);
    heart.approve("web-3", "bob", "BreakGlass");
    await heart.settle(["web"], 60_000);
    expect(heart.app("web")).to.equal(undefined);
  });

  it("may be deleted at any time if it keeps its objects", async () => {
    const heart = await synced();
    heart.environment("prod", ON_DELETION);
    heart.apply("web", { deletionPolicy: "Orphan" });
    heart.deleteApp("web");
    await heart.settle(["web"]);
    expect(heart.app("web")).to.equal(undefined);
    expect(heart.objects()).to.have.length(1);
  });

  it("does not revert to inputs that were written into its status by others", async () => {
    const heart = await synced();
    const forged = structuredClone(heart.app("web")) as { status?: { applied?: { commit: string; revision: string } } };
    const evil = heart.commit(file("evil"));
    heart.commit(file("2"));
    heart.environment("prod", ASKING);
    if (forged.status?.applied === undefined) throw new Error("nothing is applied");
    forged.status.applied = { ...forged.status.applied, commit: evil, revision: `main@sha1:${evil}` };
    heart.api.put("overseerapps", forged as unknown as OverseerApp);
    heart.start();
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"1"} of shop/web']);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Waiting"]);
    expect(heart.events.join()).to.contain("Warning StatusNotSigned");
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"2"} of shop/web']);
  });

  it("waits for a user if the operator has not signed its status, also after restarts, and keeps what the status says", async () => {
    const heart = await synced();
    const { signature, ...status } = heart.app("web")?.status ?? {};
    expect(signature).to.be.a("string");
    heart.api.put("overseerapps", { ...heart.app("web"), status } as OverseerApp);
    heart.environment("prod", ON_DELETION);
    heart.commit(file("2"));
    for (const _ of [1, 2]) {
      heart.start();
      await heart.settle(["web"]);
      expect(heart.change("web-2")?.status?.waitingFor).to.contain(
        "environment: the applied inputs in the status of this app of Environment prod are not signed by the operator, and do not count: approve the plan",
      );
      expect(heart.app("web")?.status?.applied).to.deep.equal(status.applied);
      expect(heart.app("web")?.status?.signature).to.equal(undefined);
    }
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"2"} of shop/web']);
    expect(heart.app("web")?.status?.signature).to.be.a("string");
  });

  it("goes on without a user if its status is not signed, but the newest inputs are what is live", async () => {
    const heart = await synced();
    const { signature: _, ...status } = heart.app("web")?.status ?? {};
    heart.api.put("overseerapps", { ...heart.app("web"), status } as OverseerApp);
    heart.environment("prod", ON_DELETION);
    heart.start();
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded"]);
    expect(heart.app("web")?.status?.signature).to.be.a("string");
  });

  it("waits for a user if it is created again after it was deleted without its objects", async () => {
    const heart = await synced();
    heart.environment("prod", ON_DELETION);
    heart.apply("web", { deletionPolicy: "Orphan" });
    heart.deleteApp("web");
    await heart.settle(["web"]);
    heart.commit(file("2"));
    heart.apply("web");
    await heart.settle(["web"]);
    const [waiting = ""] = heart.changes("web").filter((one) => one.endsWith("Waiting"));
    const [name = ""] = waiting.split(" ");
    expect(heart.change(name)?.status?.waitingFor).to.contain(
      "environment: this app of Environment prod has applied nothing yet, and its plan takes over objects that exist: ConfigMap shop/a: approve the plan",
    );
    heart.approve(name, "alice");
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"2"} of shop/web']);
  });

  it("keeps newer commits waiting for a Change that users have begun to approve", async () => {
    const heart = await synced();
    heart.environment("prod", { ...ASKING, gates: { approval: { required: 2 } } });
    heart.commit(file("2"));
    await heart.settle(["web"]);
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    heart.commit(file("3"));
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Waiting"]);
    heart.approve("web-2", "bob");
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"2"} of shop/web']);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Succeeded", "web-3 Waiting"]);
  });

  for (const phase of ["PreSync", "Sync", "PostSync"]) {
    it(`lets the ${phase} hook of an approved Change end, and stops it when a user requests a sync`, async () => {
      const heart = await synced();
      heart.environment("prod", ASKING);
      heart.destination.faults.born = { status: "Progressing" };
      const job = `apiVersion: batch/v1\nkind: Job\nmetadata: { name: j, annotations: { gitops.overseer.io/hook: ${phase} } }\n`;
      heart.commit({ ...file("2"), "job.yaml": job });
      await heart.settle(["web"]);
      heart.approve("web-2", "alice");
      await heart.settle(["web"]);
      expect(heart.destination.log.at(-1)).to.equal("Create Job shop/j");
      heart.commit({ ...file("3"), "job.yaml": job });
      await heart.settle(["web"]);
      expect(heart.destination.log.at(-1), "a newer commit waits").to.equal("Create Job shop/j");
      heart.request("now", "web");
      await heart.settle(["web"]);
      expect(heart.destination.log.at(-1)).to.equal("Delete Job shop/j");
      expect(heart.changes("web")).to.include("web-2 Superseded");
    });
  }

  it("waits during a freeze, judged by the Environment at that time", async () => {
    const heart = await synced();
    heart.environment("prod", { namespaces: [{ name: "shop" }], freeze: { reason: "end of year" } });
    heart.commit(file("2"));
    await heart.settle(["web"]);
    expect(heart.change("web-2")?.status?.waitingFor).to.match(
      /^environmentWindows: Environment prod: frozen until spec.freeze is removed: end of year \(since .*; otherwise main@sha1:\w+ stays applied\)$/,
    );
    heart.environment("prod", { namespaces: [{ name: "shop" }] });
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.include("web-2 Succeeded");
  });

  it("waits when its Environment is gone, until a user approves the plan without it", async () => {
    const heart = await synced();
    heart.environment("prod", ASKING);
    heart.commit(file("2"));
    await heart.settle(["web"]);
    expect(heart.app("web")?.status?.environments).to.deep.equal(["prod"]);
    heart.api.remove("environments", "undefined/prod", "");
    await heart.settle(["web"]);
    expect(heart.change("web-2")?.status?.waitingFor).to.contain("environment: Environment prod has governed this app");
    heart.start();
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"1"} of shop/web']);
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    heart.commit(file("3"));
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.include("web-3 Succeeded");
    expect(heart.app("web")?.status?.environments).to.equal(undefined);
  });
});
