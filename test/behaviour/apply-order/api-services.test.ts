import { expect } from "chai";
import { dump } from "js-yaml";
import type { RawObject } from "../../../src/kube/object.js";
import { type ControlPlane, startControlPlane } from "../../../tools/control-plane.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy } from "../../support/api-proxy.js";
import { servedLocally, takeServed } from "../../support/backend.js";
import { type Certificates, makeCertificates } from "../../support/certificates.js";
import type { GitRepo } from "../../support/git-server.js";
import { TestKube, type TestObject, type TestRef } from "../../support/kube.js";
import { condition, configMap, World } from "../../support/world.js";

type Conditions = RawObject & {
  readonly status?: { readonly conditions?: { type: string; status: string; lastTransitionTime: string }[] };
};

/** A definition of a kind of the cluster, whose objects may have any spec. */
function definitionOf(group: string, kind: string): TestObject {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Cluster",
      names: { plural, kind },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
}

describe("An APIService, in one commit with its backend", function () {
  this.timeout(120_000);
  let world: World;
  /** The server behind the APIService: the API server of another control plane, behind a proxy with the right certificate. */
  let plane: ControlPlane;
  let behind: TestKube;
  let proxy: ApiProxy;
  let certificates: Certificates;
  let group: string;
  let repo: GitRepo;
  before(async function () {
    const made = makeCertificates();
    if (made === undefined) return this.skip();
    certificates = made;
    world = await World.create("aggregated");
    group = `${world.namespace}.example.com`;
    plane = await startControlPlane({ controllerManager: false });
    behind = await TestKube.connect(plane.kubeconfigPath);
    await behind.apply(definitionOf(group, "Reading"));
    await behind.resource(`${group}/v1`, "Reading");
    proxy = await ApiProxy.start(plane, certificates.server);
  });
  after(async () => {
    await world?.kube.delete(apiService());
    for (const kind of ["First", "Second"]) {
      const { apiVersion, kind: type, metadata } = definitionOf(`more.${group}`, kind);
      await world?.kube.delete({ apiVersion, kind: type, name: metadata.name });
    }
    await world?.remove();
    await proxy?.stop();
    await behind?.client.close();
    await plane?.stop();
  });

  const apiService = (): TestRef => ({
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    name: `v1.${group}`,
  });
  const reading: TestRef = { apiVersion: "", kind: "Reading", name: "r" };
  const registration = (): TestObject => {
    const { name, ...type } = apiService();
    return {
      ...type,
      metadata: { name },
      spec: {
        group,
        version: "v1",
        groupPriorityMinimum: 100,
        versionPriority: 100,
        // The certificate names no Service.
        insecureSkipTLSVerify: true,
        service: { name: "api", namespace: world.namespace, port: proxy.port },
      },
    };
  };
  const served = (): string => {
    const { name, ...type } = reading;
    return dump({ ...type, metadata: { name }, spec: { of: "heat" } });
  };
  const exists = async (ref: TestRef): Promise<boolean> => (await world.kube.get(ref)) !== undefined;
  const data = (name: string, v: string): Promise<RawObject> =>
    world.kube.until(world.configMap(name), `has ${v}`, (live) => (live.data as { v?: string } | undefined)?.v === v);
  /** The API server checks an APIService when it changes, and every 30 s. */
  const untilAvailable = async (status: string): Promise<void> => {
    await world.kube.patch(apiService(), { metadata: { annotations: { checked: status } } });
    await world.kube.until<Conditions>(apiService(), `Available=${status}`, (live) =>
      (live.status?.conditions ?? []).some((one) => one.type === "Available" && one.status === status),
    );
  };

  it("is written when its backend is healthy, then what it serves, and holds up nothing else", async () => {
    reading.apiVersion = `${group}/v1`;
    const [deployment, service] = servedLocally(world, "api");
    repo = await world.repository("api", {
      "all.yaml": [registration(), deployment, service].map((one) => dump(one)).join("---\n"),
      "served.yaml": served(),
      "c.yaml": configMap("beside", { v: "1" }),
    });
    await world.app("api", "api", ".");
    const waits = `APIService v1.${group} waits for Deployment ${world.namespace}/api, which serves it`;
    await waitUntil({ what: "the APIService waits", timeoutMs: 60_000 }, async () =>
      (await world.changes("api")).at(-1)?.status?.waitingFor?.includes(waits),
    );
    const status = (await world.changes("api")).at(-1)?.status;
    expect(status?.phase).to.equal("Applying");
    const unwritten = status?.plan
      ?.filter(({ result }) => result !== "Done")
      .map(({ object: name }) => name.split(" ")[0]);
    expect(unwritten).to.have.members(["APIService", "Reading"]);
    await data("beside", "1");
    expect(await exists(apiService())).to.equal(false);
    await takeServed(world);
    await world.synced("api", await repo.head(), 60_000);
    const made = (await world.kube.get(apiService()))?.metadata.creationTimestamp ?? "";
    const ready = (
      await world.kube.get<Conditions>(world.object("apps/v1", "Deployment", "api"))
    )?.status?.conditions?.find(({ type }) => type === "Available");
    expect(made >= (ready?.lastTransitionTime ?? "9"), "made when the Deployment is available").to.equal(true);
    expect((await behind.get(reading))?.spec).to.deep.equal({ of: "heat" });
    expect(await world.changes("api"), "one Change").to.have.length(1);
  });

  it("delays no object of other APIs while it is unavailable, even after a restart", async () => {
    const other = await world.repository("other", { "c.yaml": configMap("other", { v: "1" }) });
    await world.app("other", "other", ".");
    await world.synced("other");
    await proxy.refuse();
    await untilAvailable("False");
    const app = await world.untilCondition("api", "Ready", "Unknown", "Progressing");
    expect(condition(app, "Ready")?.message).to.contain(`APIService v1.${group} FailedDiscoveryCheck`);
    for (const kind of ["First", "Second"]) {
      // An app with a new kind, which has to be discovered, and the app of the APIService itself.
      const definition = definitionOf(`more.${group}`, kind);
      const object = { apiVersion: `more.${group}/v1`, kind, metadata: { name: "one" } };
      const head = await other.commit({ [`${kind}.yaml`]: `${dump(definition)}---\n${dump(object)}` }, kind);
      const served = kind === "First" ? {} : { "served.yaml": null };
      await repo.commit({ "c.yaml": configMap("beside", { v: kind }), ...served }, kind);
      for (const name of ["api", "other"]) await world.poll(name);
      await world.synced("other", head, 60_000);
      await data("beside", kind);
      if (kind === "Second") break;
      await world.operator.stop("SIGKILL");
      await world.operator.start();
    }
    await proxy.listen(certificates.server);
    await untilAvailable("True");
    await world.synced("api", await repo.head(), 60_000);
    await behind.untilGone(reading);
  });

  it("is deleted with its app after what it serves", async () => {
    const head = await repo.commit({ "served.yaml": served() }, "served again");
    await world.poll("api");
    await world.synced("api", head);
    expect(await behind.isKept(reading)).to.equal(true);
    await world.kube.delete(world.appRef("api"));
    await world.kube.untilGone(world.appRef("api"));
    expect(await behind.get(reading)).to.equal(undefined);
    expect(await exists(apiService())).to.equal(false);
  });
});
