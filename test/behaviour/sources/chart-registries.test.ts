import { expect } from "chai";
import { type ChartSource, HttpCharts, OciCharts } from "../../support/chart-registry.js";
import { renderFlags } from "../../support/render-flags.js";
import { condition, World } from "../../support/world.js";

const chart = (version: string): ChartSource => ({
  "Chart.yaml": `apiVersion: v2\nname: web\nversion: ${version}\n`,
  "values.yaml": "a: chart\n",
  "templates/web.yaml":
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "{{ .Release.Name }}" }\ndata: { version: {{ .Chart.Version }}, a: {{ .Values.a | quote }} }\n',
});

describe("Charts of registries", function () {
  this.timeout(180_000);
  let world: World;
  let http: HttpCharts;
  let oci: OciCharts;
  before(async () => {
    [http, oci] = await Promise.all([HttpCharts.start(), OciCharts.start()]);
    for (const registry of [http, oci]) await registry.publish(chart("1.0.0"));
    await http.publish(chart("2.0.0"));
    world = await World.create("charts", { operator: { flags: await renderFlags() } });
    await world.repository("shop", { "values/prod.yaml": "a: prod\n" });
  });
  after(async () => {
    await world?.remove();
    await http?.stop();
    await oci?.stop();
  });

  const app = (name: string, reference: Readonly<Record<string, unknown>>): Promise<unknown> =>
    world.app(name, "shop", "values", {
      source: {
        repositoryRef: { name: "shop" },
        path: "values",
        helm: { chart: { name: "web", version: "1.0.0", ...reference }, valueFiles: ["prod.yaml"] },
      },
    });
  const data = async (name: string): Promise<unknown> => (await world.kube.get(world.configMap(name)))?.data;

  it("are applied with the values of the commit, from HTTP and OCI, in each version", async () => {
    await app("http", { repository: http.url });
    await app("oci", { repository: oci.url });
    for (const name of ["http", "oci"]) {
      await world.synced(name);
      expect(await data(name)).to.deep.equal({ version: "1.0.0", a: "prod" });
    }
    const spec = { source: { helm: { chart: { repository: http.url, name: "web", version: "2.0.0" } } } };
    await world.kube.patch(world.appRef("http"), { spec });
    await world.kube.until(
      world.configMap("http"),
      "is of version 2.0.0",
      (live) => (live.data as Record<string, string>).version === "2.0.0",
    );
  });

  it("wait for credentials that are right, which appear nowhere, and sync once the Secret is corrected", async () => {
    const [right, wrong] = [world.canary(), world.canary()];
    oci.require({ username: "robot", password: right });
    const secret = (password: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "registry", namespace: world.namespace },
      stringData: { username: "robot", password },
    });
    await world.kube.apply(secret(wrong));
    await app("private", { repository: oci.url, secretRef: { name: "registry" } });
    const waiting = await world.untilCondition("private", "Ready", "False", "ChartUnavailable");
    expect(condition(waiting, "Ready")?.message).to.include("check the credentials");
    await world.kube.apply(secret(right));
    await world.synced("private");
    expect(await data("private")).to.deep.equal({ version: "1.0.0", a: "prod" });
    await world.expectContracts();
  });

  it("are read from disk after a restart, and from no registry", async () => {
    const before = [http.requests.length, oci.requests.length];
    await world.operator.stop();
    await world.operator.start();
    await world.poke("private");
    await world.poke("http");
    expect([http.requests.length, oci.requests.length]).to.deep.equal(before);
  });
});
