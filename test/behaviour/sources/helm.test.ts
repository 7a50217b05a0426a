import { expect } from "chai";
import { renderFlags } from "../../support/render-flags.js";
import { condition, configMap, deployment, World } from "../../support/world.js";

const VALUES = `apiVersion: v1
kind: ConfigMap
metadata: { name: "{{ .Release.Name }}-values" }
data:
  a: {{ .Values.a | quote }}
  version: {{ .Capabilities.KubeVersion.Version | quote }}
  gadget: {{ .Capabilities.APIVersions.Has "helm-test.example.com/v1/Gadget" | quote }}
`;

const CHART = {
  "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
  "charts/web/values.yaml": "a: chart\nreplicas: 1\n",
  "charts/web/templates/values.yaml": VALUES,
  "charts/web/templates/web.yaml": deployment("web").replace("replicas: 1", "replicas: {{ .Values.replicas }}"),
  "charts/web/templates/NOTES.txt": "Thank you for installing {{ .Release.Name }}.\n",
  "charts/web/templates/hook.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: hook, annotations: { helm.sh/hook: pre-install } }\n",
  "charts/web/templates/tests/test.yaml": configMap("test", {}, "  annotations: { helm.sh/hook: test }\n"),
  "values/prod.yaml": "a: prod\nreplicas: 2\n",
  "docs/readme.md": "hello\n",
};

const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gadgets.helm-test.example.com" },
  spec: {
    group: "helm-test.example.com",
    scope: "Namespaced",
    names: { kind: "Gadget", plural: "gadgets" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};

describe("Helm sources", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("helm", { operator: { flags: [...(await renderFlags()), "--render-timeout", "10s"] } });
  });
  after(async () => {
    await world?.kube.delete({
      apiVersion: DEFINITION.apiVersion,
      kind: DEFINITION.kind,
      name: DEFINITION.metadata.name,
    });
    await world?.remove();
  });

  const renders = (result: string): Promise<number> =>
    world.operator.freshMetric(`overseer_renders_total{renderer="helm",result="${result}"}`);
  const values = async (): Promise<Record<string, string>> =>
    ((await world.kube.get(world.configMap("web-values")))?.data ?? {}) as Record<string, string>;

  it("are rendered again for changes of values, templates and cluster only", async () => {
    const repo = await world.repository("web", CHART);
    await world.app("web", "web", "charts/web", {
      source: {
        repositoryRef: { name: "web" },
        path: "charts/web",
        helm: { valueFiles: ["../../values/prod.yaml"], parameters: [{ name: "replicas", value: "3" }] },
      },
    });
    const app = await world.synced("web");
    const { gitVersion } = (
      await world.kube.client.request<{ gitVersion: string }>({ method: "GET", path: "/version" })
    ).body;
    expect(await values()).to.deep.equal({ a: "prod", version: gitVersion, gadget: "false" });
    expect((await world.kube.get(world.object("apps/v1", "Deployment", "web")))?.spec).to.deep.include({ replicas: 3 });
    expect(await world.kube.get(world.configMap("test")), "a test of the release").to.equal(undefined);
    expect(app.status?.notes ?? [], "hooks are run").to.deep.equal([]);
    const [change] = await world.changes("web");
    expect(change?.status?.hooks?.map(({ phase, state }) => `${phase} ${state}`)).to.deep.equal(["PreSync Succeeded"]);
    expect(await renders("miss")).to.equal(1);

    await repo.commit({ "docs/readme.md": "other\n" }, "elsewhere");
    await world.poll("web");
    await world.poke("web");
    expect(await renders("miss")).to.equal(1);

    const next = await repo.commit({ "values/prod.yaml": "a: next\n" }, "values");
    await world.poll("web");
    await world.synced("web", next);
    expect(await values()).to.deep.include({ a: "next" });
    expect(await renders("miss")).to.equal(2);

    // The chart asks which kinds there are: it is rendered again when one comes.
    await world.kube.apply(DEFINITION);
    await world.kube.until(world.configMap("web-values"), "knows the kind", (object) =>
      JSON.stringify(object.data).includes('"gadget":"true"'),
    );
    expect(await renders("miss")).to.equal(3);

    await world.operator.stop();
    await world.operator.start();
    await world.poke("web");
    await world.synced("web");
    expect(await renders("disk")).to.equal(1);
    expect(await renders("miss")).to.equal(0);
  });

  it("keep their objects while a template never ends, prints too much or leaves the repository", async () => {
    const repo = await world.repository("hostile", {
      "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
      "app/templates/cm.yaml": configMap("kept", { v: "1" }),
      "other/cm.yaml": configMap("other", { v: "1" }),
    });
    await world.app("hostile", "hostile", "app");
    await world.app("neighbor", "hostile", "other");
    await world.synced("hostile");
    const bad = "app/templates/bad.yaml";
    const says: readonly (readonly [Record<string, string | null>, RegExp])[] = [
      [
        { [bad]: '{{ range $i := untilStep 0 2000000000 1 }}{{ repeat 100 "x" }}{{ end }}' },
        /takes longer than 10 s|MiB of memory/,
      ],
      [
        { [bad]: `${configMap("x", {})}  a: '{{ repeat 70000000 "x" }}'\n` },
        /prints more than \d+ bytes|longer than 10 s|MiB of memory/,
      ],
      [
        { [bad]: '{{ .Files.Get "/etc/passwd" }}{{ .Files.Get "../../../../etc/passwd" }}{{ fail "nothing read" }}' },
        /app\/templates\/bad\.yaml:1:\d+: helm: nothing read/,
      ],
      [
        {
          [bad]: null,
          "app/Chart.yaml":
            "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: [{name: db, version: 1.x, repository: 'https://example.com'}]\n",
        },
        /app\/Chart\.yaml: the dependency db is not in charts\/: run helm dependency build/,
      ],
    ];
    for (const [index, [files, message]] of says.entries()) {
      const commit = await repo.commit(
        { ...files, "other/cm.yaml": configMap("other", { v: String(index + 2) }) },
        "bad",
      );
      await world.poll("hostile");
      await world.synced("neighbor", commit);
      const app = await world.kube.until(
        world.appRef("hostile"),
        `says ${message}`,
        (object) => message.test(condition(object as never, "Ready")?.message ?? ""),
        60_000,
      );
      expect(condition(app as never, "Ready")).to.include({ status: "False", reason: "RenderFailed" });
      expect((await world.kube.get(world.configMap("kept")))?.data).to.deep.equal({ v: "1" });
    }
    await repo.commit({ "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n" }, "good");
    await world.poll("hostile");
    await world.synced("hostile");
  });
});
