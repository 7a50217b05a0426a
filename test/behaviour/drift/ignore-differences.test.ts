import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { yamlExamples } from "../../support/doc-examples.js";
import type { GitRepo } from "../../support/git-server.js";
import type { TestRef } from "../../support/kube.js";
import { condition, configMap, deployment, World } from "../../support/world.js";

const replicasOf = (object: RawObject): unknown => (object.spec as { replicas?: number }).replicas;
const dataOf = (object: RawObject): unknown => object.data;
const imageOf = (object: RawObject): unknown =>
  (object.spec as { template: { spec: { containers: { image: string }[] } } }).template.spec.containers[0]?.image;
const hooks = (object: RawObject): (string | undefined)[] =>
  (object.webhooks as { clientConfig: { caBundle?: string } }[]).map(({ clientConfig }) => clientConfig.caBundle);

const webhooks = (name: string, failurePolicy: string, ca = ""): string => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: ${name} }
webhooks:
${["a", "b"]
  .map(
    (hook) => `- name: ${hook}.${name}.example.com
  clientConfig: { url: "https://127.0.0.1:1/check"${ca} }
  rules: [{ operations: [CREATE], apiGroups: [none.example.com], apiVersions: [v1], resources: [nothing] }]
  sideEffects: None
  failurePolicy: ${failurePolicy}
  admissionReviewVersions: [v1]
`,
  )
  .join("")}`;

const ingress = (host: string, path: string): string => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: list }
spec:
  rules:
    - host: ${host}
      http: { paths: [{ path: ${path}, pathType: Prefix, backend: { service: { name: x, port: { number: 80 } } } }] }
`;

describe("sync.ignoreDifferences", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("ignore");
  });
  after(() => world?.remove());

  const live = async (ref: TestRef): Promise<RawObject> => {
    const object = await world.kube.get(ref);
    expect(object, ref.name).not.to.equal(undefined);
    return object as RawObject;
  };
  /** What our field manager owns, as text. */
  const owned = async (ref: TestRef): Promise<string> => {
    const { managedFields = [] } = (await live(ref)).metadata;
    return JSON.stringify(managedFields.filter(({ manager }) => manager?.startsWith("overseer:")));
  };
  const commit = async (app: string, repo: GitRepo, files: Record<string, string>) => {
    await repo.commit(files, "next");
    await world.poll(app);
    await world.synced(app, await repo.head());
  };
  const healed = async (name: string): Promise<boolean> => (await world.operator.log()).includes(`/${name} restored`);

  it("sets a field at the creation, and leaves it to the autoscaler from then on", async () => {
    const repo = await world.repository("scaled", { "x.yaml": deployment("scaled", 3) });
    await world.app("scaled", "scaled", ".", {
      sync: { ignoreDifferences: [{ preset: "AutoscaledReplicas" }] },
    });
    await world.synced("scaled");
    const ref = world.object("apps/v1", "Deployment", "scaled");
    expect(replicasOf(await live(ref))).to.equal(3);
    expect(await owned(ref)).not.to.include("f:replicas");
    await world.kube.patch(ref, { spec: { replicas: 1 } }, { manager: "hpa", subresource: "scale" });
    await world.poke("scaled");
    expect(replicasOf(await live(ref))).to.equal(1);
    // By hand as well, and when something else or the field itself changes in Git.
    await world.kube.patch(ref, { spec: { replicas: 2 } }, { manager: "kubectl-edit" });
    await commit("scaled", repo, { "x.yaml": deployment("scaled", 3, "registry.example/web:2") });
    expect([replicasOf(await live(ref)), imageOf(await live(ref))]).to.deep.equal([2, "registry.example/web:2"]);
    await commit("scaled", repo, { "x.yaml": deployment("scaled", 4, "registry.example/web:2") });
    expect(replicasOf(await live(ref))).to.equal(2);
    expect(await owned(ref)).not.to.include("f:replicas");
    const [, second] = await world.changes("scaled");
    expect(JSON.stringify(second?.status?.plan), "the plan").not.to.include("replicas");
    expect(await healed("scaled")).to.equal(false);
    // What is not ignored is reverted as ever.
    await world.kube.patch(
      ref,
      [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "registry.example/web:9" }],
      { type: "json", manager: "kubectl-edit" },
    );
    await world.kube.until(ref, "is reverted", (object) => imageOf(object) === "registry.example/web:2");
    expect(replicasOf(await live(ref))).to.equal(2);
    await world.synced("scaled");
  });

  it("leaves every caBundle to the CA injector, also where Git sets one", async () => {
    const name = `ca-${world.namespace}`;
    const repo = await world.repository("ca", { "x.yaml": webhooks(name, "Ignore", ', caBundle: "Cg=="') });
    await world.app("ca", "ca", ".", { sync: { ignoreDifferences: [{ preset: "InjectedCABundles" }] } });
    await world.synced("ca");
    const ref = { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingWebhookConfiguration", name };
    expect(hooks(await live(ref))).to.deep.equal(["Cg==", "Cg=="]);
    const injected = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==";
    const certificate = [0, 1].map((index) => ({
      ...{ op: "replace", path: `/webhooks/${index}/clientConfig/caBundle` },
      value: "Cgo=",
    }));
    expect(injected).not.to.equal("");
    await world.kube.patch(ref, certificate, { type: "json", manager: "ca-injector" });
    await commit("ca", repo, { "x.yaml": webhooks(name, "Fail", ', caBundle: "Cg=="') });
    const object = await live(ref);
    expect(hooks(object)).to.deep.equal(["Cgo=", "Cgo="]);
    expect(JSON.stringify(object)).to.include('"failurePolicy":"Fail"');
    expect(await healed(name)).to.equal(false);
  });

  it("leaves alone what named field managers own", async () => {
    const repo = await world.repository("owned", { "x.yaml": configMap("owned", { a: "git", b: "git" }) });
    await world.app("owned", "owned", ".", {
      sync: { ignoreDifferences: [{ kind: "ConfigMap", name: "own*", managers: ["some-operator"] }] },
    });
    await world.synced("owned");
    const ref = world.configMap("owned");
    await world.kube.patch(ref, { data: { a: "theirs" } }, { manager: "some-operator" });
    await world.kube.patch(ref, { data: { b: "other" } }, { manager: "another" });
    await world.kube.until(ref, "b is reverted", (object) => (dataOf(object) as { b: string }).b === "git");
    expect(dataOf(await live(ref))).to.deep.equal({ a: "theirs", b: "git" });
    await commit("owned", repo, { "x.yaml": configMap("owned", { a: "git2", b: "git2" }) });
    expect(dataOf(await live(ref))).to.deep.equal({ a: "theirs", b: "git2" });
  });

  it("follows changes of the rules: a field is released, and set from Git again without the rule", async () => {
    await world.repository("rules", { "x.yaml": configMap("rules", { a: "git", b: "git" }) });
    await world.app("rules", "rules", ".");
    await world.synced("rules");
    const ref = world.configMap("rules");
    expect(await owned(ref)).to.include("f:a");
    const ignore = [{ group: "", kind: "ConfigMap", jsonPointers: ["/data/a"] }];
    await world.kube.patch(world.appRef("rules"), { spec: { sync: { ignoreDifferences: ignore } } });
    await world.kube.until(
      ref,
      "is released",
      ({ metadata }) =>
        metadata.managedFields?.every(
          (entry) => !entry.manager?.startsWith("overseer:") || !JSON.stringify(entry).includes('f:a"'),
        ) ?? false,
    );
    expect(dataOf(await live(ref)), "the value stays").to.deep.equal({ a: "git", b: "git" });
    await world.synced("rules");
    await world.kube.patch(ref, { data: { a: "mine" } }, { manager: "kubectl-edit" });
    await world.poke("rules");
    const app = await world.synced("rules");
    expect(condition(app, "Drifted")).to.equal(undefined);
    expect(dataOf(await live(ref))).to.deep.equal({ a: "mine", b: "git" });
    await world.kube.patch(world.appRef("rules"), { spec: { sync: { ignoreDifferences: null } } });
    await world.kube.until(ref, "is as in Git", (object) => (dataOf(object) as { a: string }).a === "git");
    await world.synced("rules");
    expect((await world.changes("rules")).map(({ status }) => status?.phase)).to.deep.equal([
      "Succeeded",
      "Succeeded",
      "Succeeded",
    ]);
  });

  it("keeps a part of a list that is owned as a whole, and applies the rest of it", async () => {
    const repo = await world.repository("list", { "x.yaml": ingress("a.example.com", "/") });
    await world.app("list", "list", ".", {
      sync: { ignoreDifferences: [{ kind: "Ingress", jsonPointers: ["/spec/rules/0/host"] }] },
    });
    await world.synced("list");
    const ref = world.object("networking.k8s.io/v1", "Ingress", "list");
    const rule = (object: RawObject) =>
      (object.spec as { rules: { host: string; http: { paths: { path: string }[] } }[] }).rules[0];
    await world.kube.patch(ref, [{ op: "replace", path: "/spec/rules/0/host", value: "b.example.com" }], {
      type: "json",
      manager: "kubectl-edit",
    });
    await commit("list", repo, { "x.yaml": ingress("a.example.com", "/new") });
    const found = rule(await live(ref));
    expect([found?.host, found?.http.paths[0]?.path]).to.deep.equal(["b.example.com", "/new"]);
  });

  it("leaves alone the items and keys that conditions in CEL select, and nothing beside them", async () => {
    const two = (image: string, proxy: string): string =>
      deployment("cel", 1, image).replace(
        "        - name: web",
        `        - { name: proxy, image: "registry.example/${proxy}" }\n        - name: web`,
      );
    const repo = await world.repository("cel", { "x.yaml": two("registry.example/web:1", "proxy:1") });
    const celPaths = [
      "spec.template.spec.containers.filter(c, c.name == 'proxy').map(c, c.image)",
      "metadata.annotations.filter(k, k.startsWith('example.com/'))",
    ];
    await world.app("cel", "cel", ".", { sync: { ignoreDifferences: [{ kind: "Deployment", celPaths }] } });
    await world.synced("cel");
    const ref = world.object("apps/v1", "Deployment", "cel");
    const images = (object: RawObject): string[] =>
      (object.spec as { template: { spec: { containers: { image: string }[] } } }).template.spec.containers.map(
        ({ image }) => image.replace("registry.example/", ""),
      );
    const set = (index: number, value: string): Promise<unknown> =>
      world.kube.patch(ref, [{ op: "replace", path: `/spec/template/spec/containers/${index}/image`, value }], {
        ...{ type: "json", manager: "kubectl-edit" },
      });
    const annotations = { "example.com/a": "mine", "other.example.com/a": "mine" };
    await world.kube.patch(ref, { metadata: { annotations } }, { manager: "kubectl-annotate" });
    await set(0, "registry.example/proxy:9");
    await set(1, "registry.example/web:9");
    const reverted = await world.kube.until(
      ref,
      "is reverted beside them",
      (object) => images(object)[1] === "web:1" && object.metadata.annotations?.["other.example.com/a"] === undefined,
    );
    expect(images(reverted)).to.deep.equal(["proxy:9", "web:1"]);
    await commit("cel", repo, { "x.yaml": two("registry.example/web:2", "proxy:2") });
    const object = await live(ref);
    expect(images(object)).to.deep.equal(["proxy:9", "web:2"]);
    expect(object.metadata.annotations?.["example.com/a"]).to.equal("mine");
    await world.app("cel", "cel", ".", { sync: { ignoreDifferences: [{ celPaths: ["spec.x.filter(c, c.)"] }] } });
    const app = await world.untilCondition("cel", "Ready", "False", "InvalidExpression");
    expect(condition(app, "Ready")?.message).to.match(/^spec.sync.ignoreDifferences\[0\].celPaths\[0\]: at character/);
  });

  it("is not reported as drift while self-heal is off", async () => {
    await world.repository("told", { "x.yaml": configMap("told", { a: "git", b: "git" }) });
    await world.app("told", "told", ".", {
      sync: { selfHeal: false, ignoreDifferences: [{ jsonPointers: ["/data/a", "/metadata/labels/x"] }] },
    });
    await world.synced("told");
    const ref = world.configMap("told");
    const change = { data: { a: "mine" }, metadata: { labels: { x: "mine" } } };
    await world.kube.patch(ref, change, { manager: "kubectl-edit" });
    await world.poke("told");
    expect(condition(await world.synced("told"), "Drifted")).to.equal(undefined);
    await world.kube.patch(ref, { data: { b: "mine" } }, { manager: "kubectl-edit" });
    const app = await world.untilCondition("told", "Drifted", "True");
    expect(condition(app, "Drifted")?.message).to.include(".data.b").and.not.include(".data.a");
  });

  it("works as in the documentation", async () => {
    const examples = yamlExamples<{ spec: { sync: { ignoreDifferences?: object[] } } }>("docs/drift.md");
    const sync = examples.map(({ spec }) => spec.sync).find(({ ignoreDifferences }) => ignoreDifferences);
    const repo = await world.repository("doc", { "x.yaml": deployment("web-doc", 0) });
    await world.app("doc", "doc", ".", { sync });
    await world.synced("doc");
    const ref = world.object("apps/v1", "Deployment", "web-doc");
    const container = { name: "web", resources: { requests: { cpu: "900m" } } };
    const change = { spec: { replicas: 1, template: { spec: { containers: [container] } } } };
    await world.kube.patch(ref, change, { manager: "kubectl-edit", type: "strategic" });
    await commit("doc", repo, { "x.yaml": deployment("web-doc", 0, "registry.example/web:2") });
    const object = await live(ref);
    expect([replicasOf(object), imageOf(object)]).to.deep.equal([1, "registry.example/web:2"]);
    expect(JSON.stringify(object.spec)).to.include('"cpu":"900m"');
  });

  it("holds when the operator is killed between the creation and the release", async () => {
    await world.operator.stop();
    const operator = await world.startOperator({ failpoint: "app:after-first-write" });
    await world.repository("killed", { "x.yaml": deployment("killed", 3) });
    await world.app("killed", "killed", ".", { sync: { ignoreDifferences: [{ preset: "AutoscaledReplicas" }] } });
    await operator.ended();
    const ref = world.object("apps/v1", "Deployment", "killed");
    await world.kube.patch(ref, { spec: { replicas: 1 } }, { manager: "hpa", subresource: "scale" });
    await operator.start({ failpoint: undefined });
    await world.synced("killed");
    await world.poke("killed");
    expect(replicasOf(await live(ref))).to.equal(1);
  });
});
