import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { renderFlags } from "../../support/render-flags.js";
import { condition, configMap, deployment, World } from "../../support/world.js";

/** The examples of the documentation. */
const SUBSTITUTE = yamlExamples<{ spec: { source: { substitute: object } } }>("docs/sources/substitution.md")[0]?.spec
  .source.substitute;
const VALUES_FROM = yamlExamples<{ helm?: { valuesFrom: readonly object[] } }>("docs/sources/helm.md").flatMap(
  ({ helm }) => helm?.valuesFrom ?? [],
);

describe("Values from ConfigMaps and Secrets", function () {
  this.timeout(240_000);
  let world: World;
  before(async () => {
    world = await World.create("values", { operator: { flags: await renderFlags(), trustedNamespaces: [] } });
    const { namespace } = world;
    await world.kube.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "deployer", namespace } });
    await grant("deploy", [
      { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create", "patch", "delete"] },
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "create", "patch", "delete"] },
    ]);
  });
  after(() => world?.remove());

  const grant = async (name: string, rules: readonly object[]): Promise<void> => {
    const { namespace } = world;
    const group = "rbac.authorization.k8s.io";
    await world.kube.apply({ apiVersion: `${group}/v1`, kind: "Role", metadata: { name, namespace }, rules });
    await world.kube.apply({
      apiVersion: `${group}/v1`,
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup: group, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name: "deployer", namespace }],
    });
  };
  const grantSecret = (name: string) =>
    grant(`read-${name}`, [{ apiGroups: [""], resources: ["secrets"], resourceNames: [name], verbs: ["get"] }]);
  const secret = (name: string, stringData: Record<string, string>) =>
    world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: world.namespace }, stringData });
  const settings = (name: string, data: Record<string, string>) =>
    world.kube.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: world.namespace }, data });
  const app = (name: string, repository: string, source: object) =>
    world.app(name, repository, ".", {
      source: { repositoryRef: { name: repository }, path: ".", ...source },
      serviceAccountName: "deployer",
    });
  const dataOf = async (name: string) => (await world.kube.get(world.configMap(name)))?.data as Record<string, string>;
  const untilData = (name: string, key: string, value: string) =>
    world.kube.until(
      world.configMap(name),
      `has ${key}`,
      ({ data }) => (data as Record<string, string>)[key] === value,
    );
  const ready = (object: RawObject): string => condition(object as never, "Ready")?.message ?? "";

  /** All bytes that the operator keeps on disk. */
  const kept = async (): Promise<{ readonly files: number; readonly text: string }> => {
    const folder = join(world.operator.dir, "cache", "renders");
    const names = await readdir(folder);
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "latin1")));
    return { files: names.length, text: texts.join("\n") };
  };

  it("are variables: the app waits for missing objects, and follows their changes", async () => {
    const [first, second] = [world.canary(), world.canary()];
    await world.repository("vars", {
      "web.yaml": deployment("web")
        .replace("replicas: 1", "replicas: ${REPLICAS}")
        .concat("          env: [{ name: URL, value: 'db://${PASSWORD}@db' }, { name: PORT, value: '${PORT}' }]\n"),
      "script.yaml": configMap("script", {
        "run.sh": "echo ${HOME:-/root} $${PORT} $(date) ${UNKNOWN}",
        port: "${PORT:=80}",
      }),
    });
    await app("vars", "vars", { substitute: SUBSTITUTE });
    const missing = await world.untilCondition("vars", "Ready", "False", "ValuesNotFound");
    expect(ready(missing)).to.include(
      `spec.source.substitute.from[0]: ConfigMap ${world.namespace}/cluster does not exist: create it, or set optional if the app can do without`,
    );
    await settings("cluster", { REPLICAS: "2", "not-a-name": "x" });

    // What the ServiceAccount may not read, the app cannot learn, although the operator could.
    await secret("db", { PASSWORD: first });
    const forbidden = await world.untilCondition("vars", "Ready", "False", "ValuesForbidden");
    expect(ready(forbidden)).to.include(
      `spec.source.substitute.from[1]: ServiceAccount ${world.namespace}/deployer may not read Secret ${world.namespace}/db: grant it the verb get for secrets of this name`,
    );
    expect(await world.kube.get(world.configMap("script"))).to.equal(undefined);

    await grantSecret("db");
    await world.synced("vars");
    const live = async () =>
      (await world.kube.get(world.object("apps/v1", "Deployment", "web"))) as unknown as {
        spec: { replicas: number; template: { spec: { containers: [{ env: { value: string }[] }] } } };
      };
    const { spec } = await live();
    expect(spec.replicas).to.equal(2);
    expect(spec.template.spec.containers[0].env.map(({ value }) => value)).to.deep.equal([`db://${first}@db`, "8080"]);
    expect(await dataOf("script")).to.deep.equal({
      "run.sh": "echo ${HOME:-/root} ${PORT} $(date) ${UNKNOWN}",
      port: "8080",
    });

    // Without any request or poll: the watch tells.
    await secret("db", { PASSWORD: second });
    await world.kube.until(world.object("apps/v1", "Deployment", "web"), "has the new value", (object) =>
      JSON.stringify(object).includes(second),
    );
    await world.synced("vars");
    expect((await world.changes("vars")).at(-1)?.spec.cause).to.equal("Values");
    const changes = await world.changes("vars");
    const actions = JSON.stringify(changes.at(-1)?.status);
    expect(actions).to.include("<redacted>").and.include(".env");
    await settings("overrides", { REPLICAS: "3" });
    await world.kube.until(
      world.object("apps/v1", "Deployment", "web"),
      "has three replicas",
      (object) => (object.spec as { replicas: number }).replicas === 3,
    );

    // Drift is reverted, and a restart changes nothing.
    await world.synced("vars");
    const count = (await world.changes("vars")).length;
    await world.operator.stop();
    await world.operator.start();
    await world.kube.patch(world.object("apps/v1", "Deployment", "web"), { spec: { replicas: 9 } });
    await world.kube.until(
      world.object("apps/v1", "Deployment", "web"),
      "is restored",
      (object) => (object.spec as { replicas: number }).replicas === 3,
    );
    await world.synced("vars");
    expect(await world.changes("vars")).to.have.lengthOf(count);

    // A change while the operator is down is applied when it is back.
    await world.operator.stop();
    await settings("overrides", { REPLICAS: "1" });
    await world.operator.start();
    await world.kube.until(
      world.object("apps/v1", "Deployment", "web"),
      "has one replica",
      (object) => (object.spec as { replicas: number }).replicas === 1,
    );
    await world.synced("vars");
  });

  it("are quoted by no error: not of the API server, and not after the Secret is no longer used", async () => {
    const canary = world.canary();
    await secret("bad", { VALUE: canary });
    await grantSecret("bad");
    const repo = await world.repository("bad", {
      "web.yaml": deployment("bad").replace("replicas: 1", "replicas: ${VALUE}"),
    });
    const substitute = { from: [{ kind: "Secret", name: "bad" }] };
    await app("bad", "bad", { substitute });
    const refused = await world.untilCondition("bad", "Ready", "False", "ApplyRefused");
    expect(ready(refused)).to.include("replicas").and.not.include(canary);
    const annotated = (value: string) =>
      deployment("bad").replace("metadata:\n", `metadata:\n  annotations: { note: '${value}' }\n`);
    const commit = await repo.commit({ "web.yaml": annotated("${VALUE}") }, "annotation");
    await world.poll("bad");
    await world.synced("bad", commit);
    await repo.commit({ "web.yaml": annotated("plain") }, "plain");
    await app("bad", "bad", {});
    await world.poll("bad");
    await world.kube.until(
      world.object("apps/v1", "Deployment", "bad"),
      "is plain",
      ({ metadata }) => metadata.annotations?.note === "plain",
    );
    await world.synced("bad");
  });

  it("are values of a chart, in the order of Flux, and are kept on disk encrypted only", async () => {
    const [password, token] = [world.canary(), world.canary()];
    await world.repository("chart", {
      "Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
      "values.yaml": "a: chart\nb: chart\nc: chart\nd: chart\ndb: { password: none, port: 1 }\n",
      "prod.yaml": "b: file\nc: file\nd: file\n",
      "templates/cm.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: charted }\ndata:\n" +
        '{{- range $k, $v := pick .Values "a" "b" "c" "d" }}\n  {{ $k }}: {{ $v | quote }}\n{{- end }}\n' +
        "  password: {{ .Values.db.password | b64enc }}\n  port: {{ kindOf .Values.db.port }}\n  token: {{ .Values.token | quote }}\n",
    });
    await settings("chart-values", { "values.yaml": "c: reference\nd: reference\n", port: "5432" });
    await secret("chart-secret", { password, "values.yaml": `token: ${token}\n` });
    await grantSecret("chart-secret");
    const helm = {
      valueFiles: ["prod.yaml"],
      valuesFrom: [
        ...VALUES_FROM,
        { kind: "Secret", name: "chart-secret" },
        { kind: "ConfigMap", name: "chart-values", valuesKey: "port", targetPath: "db.port" },
      ],
      values: { d: "inline" },
    };
    await app("charted", "chart", { helm });
    await world.synced("charted");
    const base64 = Buffer.from(password).toString("base64");
    const expected = { a: "chart", b: "file", c: "reference", d: "inline", password: base64, port: "float64", token };
    expect(await dataOf("charted")).to.deep.equal(expected);

    const { files, text } = await kept();
    expect(files).to.be.above(0);
    for (const value of [password, token, base64]) expect(text.includes(value)).to.equal(false);

    // A restart finds the result on disk, since the values are the same.
    await world.operator.stop();
    await world.operator.start();
    await world.poke("charted");
    expect(await world.operator.freshMetric('overseer_renders_total{renderer="helm",result="miss"}')).to.equal(0);
    const changed = world.canary();
    await secret("chart-secret", { password: changed });
    await untilData("charted", "password", Buffer.from(changed).toString("base64"));
    await world.synced("charted");

    await app("charted", "chart", {
      helm: { valuesFrom: [{ kind: "ConfigMap", name: "chart-values", valuesKey: "none" }] },
    });
    const missing = await world.untilCondition("charted", "Ready", "False", "ValuesNotFound");
    expect(ready(missing)).to.include(`ConfigMap ${world.namespace}/chart-values has no key none`);
    expect((await dataOf("charted")).a).to.equal("chart");
  });
});
