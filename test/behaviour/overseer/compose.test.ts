import { expect } from "chai";
import { load } from "js-yaml";
import type { SourceNote } from "../../../src/api/notes.js";
import { caseFile } from "../../support/cases.js";
import { CoreBench } from "../../support/core-bench.js";
import { condition, type LiveApp, World } from "../../support/world.js";

/** A note as people read it. */
function shown({ origin, object, message }: SourceNote): string {
  return [origin, object, message].filter((part) => part !== undefined).join(": ");
}

describe("Compose documents of users", function () {
  this.timeout(120_000);
  let world: World;
  let core: CoreBench;
  before(async () => {
    world = await World.create("compose");
    core = await CoreBench.start(world);
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });
  /** An app on the Core with these files, Ready. */
  const runs = async (name: string, files: Record<string, string>): Promise<LiveApp> => {
    const repo = await world.repository(name, files);
    await core.app(name, name, ".");
    return world.synced(name, await repo.head());
  };
  const servicesOf = async (name: string): Promise<Record<string, Record<string, unknown>>> =>
    (load((await core.appNamed(name))?.compose ?? "") as { services: Record<string, Record<string, unknown>> })
      .services;

  /** What an app says that is refused as a whole. */
  const refusal = async (name: string, files: Record<string, string>): Promise<string> => {
    await world.repository(name, files);
    await core.app(name, name, ".");
    const app = await world.untilCondition(name, "Stalled", "True");
    return condition(app, "Ready")?.message ?? "";
  };

  it("run with what a service inherits, and its route leads to the port that it inherits", async () => {
    await runs("shop", { "app.yaml": await caseFile("compose-extends/app.yaml") });
    expect((await servicesOf("shop")).shop).to.deep.equal({ image: "nginx", ports: ["3000:3000"] });
    expect((await core.list("routes")).map(({ target }) => target)).to.include("shop:3000");
  });

  it("that extend a missing service are refused, with the nearest name", async () => {
    const message = await refusal("typo", { "app.yaml": await caseFile("compose-extends/typo.yaml") });
    expect(message).to.match(/app\.yaml:8: App typo: .*there is no service "bas"; did you mean base\?$/);
    expect(await core.appNamed("typo")).to.equal(undefined);
  });

  it("with an IPv6 port as in the specification run", async () => {
    await runs("six", { "app.yaml": await caseFile("compose-ipv6-port/app.yaml") });
    expect((await servicesOf("six")).web?.ports).to.deep.equal(["[::1]:6000:6000"]);
  });

  it("carry ids with all their digits", async () => {
    await runs("bot", { "app.yaml": await caseFile("compose-large-number/app.yaml") });
    expect((await servicesOf("bot")).bot?.environment).to.deep.equal({ OWNER_ID: "123456789012345678" });
  });

  it("with single dollar signs in a hash are refused, and no part of the hash is shown", async () => {
    const text = await caseFile("compose-dollar/app.yaml");
    world.canaries.push("abcDEFghiJKLmnoPQRstuv", "$2a$12");
    const message = await refusal("dollar", { "app.yaml": text });
    expect(message).to.match(/app\.yaml:10: App vpn: .*environment\[0\]: .*write \$\$ for a dollar sign$/);
    expect(await core.appNamed("vpn")).to.equal(undefined);
  });

  describe("notes on what was left out, added or assumed", () => {
    const EXPECTED = [
      "app.yaml:5: App notes: spec.domain: the service web declares no port: the route uses port 80",
      "app.yaml:7: App notes: spec.compose.name: is ignored: the project is named after the app",
      "app.yaml:11: App notes: spec.compose.services.web.build: is ignored: nodes do not build images; push the image to a registry",
      "app.yaml:12: App notes: spec.compose.services.web.environment[0]: API_KEY is omitted: it has no value here or in spec.env of the document, or spec.source.env of the OverseerApp",
      "app.yaml:13: App notes: spec.compose.services.web.volumes[0]: the volume data is not defined in top-level volumes; it is added",
    ];

    it("are in the status, the Change and one Event, with file and line", async () => {
      const files = { "app.yaml": await caseFile("notes-nobody-sees/app.yaml") };
      const app = await runs("notes", files);
      expect(app.status?.notes?.map(shown)).to.deep.equal(EXPECTED);
      expect(condition(app, "Ready")?.message).to.match(
        / is applied and healthy \(simulated\); 5 notes on the source in status\.notes$/,
      );
      expect(condition(app, "Healthy")?.message).to.match(/^\d+ of \d+ objects are healthy \(simulated\)$/);
      const [change] = await world.changes("notes");
      expect(change?.status?.notes?.map(shown)).to.deep.equal(EXPECTED);
      await world.poke("notes");
      const told = (await world.events("notes")).filter((event) => event.startsWith("SourceNotes"));
      expect(told).to.have.length(1);
      expect(told[0]).to.include("5 notes on main@sha1:").and.include("app.yaml:5").and.include("and 2 more");
      expect((await servicesOf("notes")).web).to.deep.equal({
        image: "nginx",
        environment: [],
        volumes: ["data:/data"],
      });
    });

    it("are there for Kubernetes, too, and leave the status with their cause", async () => {
      const role = (metadata: string) =>
        `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: ${world.namespace}, ${metadata} }\nrules: []\n`;
      const repo = await world.repository("k8s-notes", {
        "role.yaml": role("namespace: shop, labels: { gitops.overseer.io/app: mine }"),
      });
      await world.app("k8s-notes", "k8s-notes", ".");
      const app = await world.synced("k8s-notes", await repo.head());
      expect(app.status?.notes?.map(shown)).to.deep.equal([
        `role.yaml:1: ClusterRole ${world.namespace}: is cluster-scoped; its namespace shop is ignored`,
        `role.yaml:1: ClusterRole ${world.namespace}: label gitops.overseer.io/app: written by this operator only, and ignored`,
      ]);
      const head = await repo.commit({ "role.yaml": role("labels: { a: b }") }, "mended");
      await world.poll("k8s-notes");
      const mended = await world.synced("k8s-notes", head);
      expect(mended.status?.notes).to.equal(undefined);
      expect(condition(mended, "Ready")?.message).to.match(/is applied and healthy$/);
    });
  });
});
