import { expect } from "chai";
import { dump } from "js-yaml";
import type { ChangeStatus } from "../../../src/api/change.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { servedLocally, takeServed } from "../../support/backend.js";
import { makeCertificates } from "../../support/certificates.js";
import { ConversionServer } from "../../support/conversion-server.js";
import type { GitRepo } from "../../support/git-server.js";
import type { TestObject, TestRef } from "../../support/kube.js";
import { condition, configMap, World } from "../../support/world.js";

const DEFINITION = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };

/** Version v1 has its size as a text, v2 as a number. */
function convert(object: RawObject, apiVersion: string): RawObject {
  const { size } = object.spec as { size: unknown };
  return { ...object, apiVersion, spec: { size: apiVersion.endsWith("/v1") ? String(size) : Number(size) } };
}

describe("A CustomResourceDefinition with a conversion webhook, in one commit with its backend", function () {
  this.timeout(120_000);
  let world: World;
  let server: ConversionServer;
  let group: string;
  let repo: GitRepo;
  let definition: TestObject;
  before(async function () {
    world = await World.create("converted");
    group = `${world.namespace}.example.com`;
    const certificates = makeCertificates([`hook.${world.namespace}.svc`]);
    if (certificates === undefined) return this.skip();
    server = new ConversionServer(certificates.server, convert);
    await server.listen();
    definition = define(Buffer.from(certificates.ca).toString("base64"));
  });
  after(async () => {
    await server?.listen().catch(() => {});
    await world?.kube.delete({ ...DEFINITION, name: `widgets.${group}` });
    await world?.remove();
    await server?.refuse();
  });

  const define = (caBundle: string): TestObject => {
    const versions = Object.entries({ v1: "string", v2: "integer" }).map(([name, type]) => ({
      name,
      served: true,
      storage: name === "v1",
      schema: {
        openAPIV3Schema: {
          type: "object",
          properties: { spec: { type: "object", properties: { size: { type } } } },
        },
      },
    }));
    const service = { namespace: world.namespace, name: "hook", path: "/convert", port: server.port };
    return {
      ...DEFINITION,
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget" },
        versions,
        conversion: {
          strategy: "Webhook",
          webhook: { conversionReviewVersions: ["v1"], clientConfig: { service, caBundle } },
        },
      },
    };
  };
  const widget = (version: string, name: string, size: unknown): TestObject => ({
    apiVersion: `${group}/${version}`,
    kind: "Widget",
    metadata: { name },
    spec: { size },
  });
  const ref = (name: string, version = "v1"): TestRef => world.object(`${group}/${version}`, "Widget", name);
  const lastChange = async (app: string) => (await world.changes(app)).at(-1)?.status;

  it("is written before its backend, and custom resources once the backend is healthy", async () => {
    await server.refuse();
    const [workload, service] = servedLocally(world, "hook");
    repo = await world.repository("hook", {
      "all.yaml": [definition, workload, service, widget("v1", "stored", "1"), widget("v2", "converted", 2)]
        .map((one) => dump(one))
        .join("---\n"),
      "c.yaml": configMap("beside", { v: "1" }),
    });
    await world.app("hook", "hook", ".", { sync: { retry: { base: "1s", max: "2s" } } });
    const waits = `Widget ${world.namespace}/converted waits for Deployment ${world.namespace}/hook, which converts it`;
    const unwritten = (plan: ChangeStatus["plan"] = []) =>
      plan.filter(({ result }) => result !== "Done").map(({ object }) => object);
    await waitUntil({ what: "only the custom resource waits", timeoutMs: 60_000 }, async () => {
      const { phase, waitingFor, plan } = (await lastChange("hook")) ?? {};
      return phase === "Applying" && waitingFor?.startsWith(waits) && unwritten(plan).length === 1;
    });
    expect(unwritten((await lastChange("hook"))?.plan)).to.deep.equal([`Widget ${world.namespace}/converted`]);
    expect((await world.kube.get(ref("stored")))?.spec).to.deep.equal({ size: "1" });
    await takeServed(world);
    const app = await world.untilCondition("hook", "Ready", "False", "ApplyFailed", 60_000);
    expect(condition(app, "Ready")?.message, "healthy, but not reachable")
      .to.contain("5 of 6 were written")
      .and.contain(`Widget ${world.namespace}/converted`)
      .and.contain("make sure that the conversion webhook of the CustomResourceDefinition is running");
    await server.listen();
    await world.synced("hook", await repo.head(), 60_000);
    expect((await world.kube.get(ref("converted")))?.spec, "as stored").to.deep.equal({ size: "2" });
    expect(await world.changes("hook"), "one Change").to.have.length(1);
  });

  it("delays no other documents or apps while it cannot convert, even after a restart", async () => {
    const other = await world.repository("other", { "c.yaml": configMap("other", { v: "1" }) });
    await world.app("other", "other", ".");
    await world.synced("other");
    await server.refuse();
    await world.operator.stop("SIGKILL");
    await world.operator.start();
    await repo.commit({ "c.yaml": configMap("beside", { v: "2" }) }, "beside it");
    const head = await other.commit({ "c.yaml": configMap("other", { v: "2" }) }, "elsewhere");
    for (const name of ["hook", "other"]) await world.poll(name);
    await world.synced("other", head);
    await world.kube.until(
      world.configMap("beside"),
      "is changed",
      (live) => (live.data as { v?: string } | undefined)?.v === "2",
    );
    await server.listen();
    await world.synced("hook", await repo.head(), 60_000);
    await world.kube.patch(ref("converted", "v2"), { spec: { size: 5 } }, { manager: "somebody" });
    await world.kube.until(ref("converted", "v2"), "is healed", ({ spec }) => (spec as { size: number }).size === 2);
  });
});
