import { expect } from "chai";
import { condition, configMap, deployment, type LiveApp, World } from "../support/world.js";

const TWICE = deployment("twice").replace(
  "image: registry.example/web:1",
  "image: registry.example/web:1\n          env: [{ name: A, value: one }, { name: A, value: two }]",
);

/** What may be wrong with a commit, and what the condition has to say. `{ns}` stands for the namespace. */
const BAD: { what: string; files: Record<string, string>; reason: string; says: RegExp[]; stalled: boolean }[] = [
  {
    what: "a malformed document among good ones",
    files: { "b/broken.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [\n" },
    reason: "RenderFailed",
    says: [/b\/broken\.yaml:\d+/],
    stalled: true,
  },
  {
    what: "a document without a kind",
    files: { "nokind.yaml": "# nothing\n---\napiVersion: v1\nmetadata:\n  name: x\n" },
    reason: "RenderFailed",
    says: [/nokind\.yaml:3/, /kind/],
    stalled: true,
  },
  {
    what: "the same object twice",
    files: { "again.yaml": configMap("first", { v: "9" }) },
    reason: "RenderFailed",
    says: [/again\.yaml:1/, /first\.yaml:1/, /ConfigMap/],
    stalled: true,
  },
  {
    what: "two environment variables of one name",
    files: { "twice.yaml": TWICE },
    reason: "RenderFailed",
    says: [/twice\.yaml/, /env/, /A/],
    stalled: true,
  },
  {
    what: "an unknown field",
    files: { "field.yaml": deployment("field").replace("replicas:", "replicaz:") },
    reason: "ApplyRefused",
    says: [/field\.yaml:\d+: Deployment \{ns\}\/field: /, /replicaz/],
    stalled: true,
  },
  {
    what: "a value of the wrong type",
    files: { "type.yaml": deployment("type").replace("replicas: 1", "replicas: many") },
    reason: "ApplyRefused",
    says: [/type\.yaml:6/, /replicas: is text, but must be a number/],
    stalled: true,
  },
  {
    what: "an object that validation refuses",
    files: {
      "port.yaml": "apiVersion: v1\nkind: Service\nmetadata: { name: port }\nspec: { ports: [{ port: 700000 }] }\n",
    },
    reason: "ApplyRefused",
    says: [/port\.yaml:\d+: Service \{ns\}\/port: /, /700000|65535/],
    stalled: false,
  },
  {
    what: "a kind that the cluster does not have",
    files: { "kind.yaml": "apiVersion: example.org/v1\nkind: Nothing\nmetadata: { name: nothing }\n" },
    reason: "ApplyRefused",
    says: [/kind\.yaml:1/, /no kind Nothing in example\.org\/v1/, /CustomResourceDefinition/],
    stalled: false,
  },
  {
    what: "a namespace that does not exist",
    files: { "ns.yaml": configMap("lost", {}, "  namespace: nowhere-at-all\n") },
    reason: "ApplyRefused",
    says: [/ns\.yaml:1/, /nowhere-at-all/, /add a Namespace/],
    stalled: false,
  },
  {
    what: "a Kustomization with a remote base",
    files: {
      "kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- https://example.com/x.yaml\n",
    },
    reason: "RenderFailed",
    says: [/kustomization\.yaml:4/, /remote files are not fetched/],
    stalled: true,
  },
];

describe("A bad commit", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("bad");
  });
  after(() => world?.remove());

  for (const [index, { what, files, reason, says, stalled }] of BAD.entries()) {
    it(`with ${what} changes nothing, says what and where, and the next good commit mends it`, async () => {
      const name = `bad-${index}`;
      const repo = await world.repository(name, { "first.yaml": configMap(name, { v: "1" }) });
      await world.app(name, name, ".", { sync: { retry: { base: "1h", max: "1h" } } });
      const before = await world.synced(name, await repo.head());
      const conflicting = Object.fromEntries(
        Object.entries(files).map(([file, text]) => [file, text.replace("name: first", `name: ${name}`)]),
      );
      const bad = await repo.commit({ "first.yaml": configMap(name, { v: "2" }), ...conflicting }, "bad");
      await world.poll(name);
      const failed = await world.untilCondition(name, "Ready", "False", reason);
      const message = condition(failed, "Ready")?.message ?? "";
      expect(message, "names the revision").to.contain(bad.slice(0, 12));
      for (const pattern of says)
        expect(message).to.match(new RegExp(pattern.source.replace("\\{ns\\}", world.namespace)));
      expect(condition(failed, "Stalled") !== undefined, "Stalled").to.equal(stalled);
      expect(condition(failed, "Synced")?.status).to.equal("False");
      expect(failed.status?.applied?.commit, "the applied inputs stay").to.equal(before.status?.applied?.commit);
      expect((await world.kube.get(world.configMap(name)))?.data, "nothing was written").to.deep.equal({ v: "1" });
      const removed = Object.fromEntries(Object.keys(files).map((file) => [file, null]));
      const good = await repo.commit({ "first.yaml": configMap(name, { v: "3" }), ...removed }, "good");
      await world.poll(name);
      const mended = await world.synced(name, good);
      expect(condition(mended, "Stalled")).to.equal(undefined);
      expect((await world.kube.get(world.configMap(name)))?.data).to.deep.equal({ v: "3" });
    });
  }

  it("has all its refusals told at once", async () => {
    const service = (name: string): string =>
      `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { ports: [{ port: 700000 }] }\n`;
    await world.repository("all", {
      "good.yaml": configMap("all", { v: "1" }),
      "one.yaml": service("one"),
      "two.yaml": service("two"),
    });
    await world.app("all", "all", ".");
    const app = await world.untilCondition("all", "Ready", "False", "ApplyRefused");
    const message = condition(app, "Ready")?.message ?? "";
    expect(message)
      .to.contain("2 of 3 changed objects are refused")
      .and.contain("one.yaml:4")
      .and.contain("two.yaml:4")
      .and.contain("nothing was written");
    expect(await world.kube.get(world.configMap("all"))).to.equal(undefined);
    const [change] = await world.changes("all");
    expect(change?.status?.phase).to.equal("Refused");
    expect(change?.status?.message).to.contain("one.yaml:4");
    expect(change?.status?.summary, "what it would do").to.equal("+3 ~0 -0");
    expect(change?.status?.plan?.filter(({ result }) => result === "Failed").map(({ object }) => object)).to.deep.equal(
      [`Service ${world.namespace}/one`, `Service ${world.namespace}/two`],
    );
    expect(condition(change ?? {}, "Ready")).to.include({ status: "False", reason: "Refused" });
  });

  it("that admission refuses is told object by object, and nothing of it is written", async () => {
    const name = `refuse-${world.namespace}`;
    const match = {
      resourceRules: [
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] },
      ],
    };
    await world.kube.apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
      spec: {
        matchConstraints: match,
        validations: [
          {
            expression: "!has(object.data) || !('forbidden' in object.data)",
            message: "the key forbidden is forbidden",
          },
        ],
      },
    });
    await world.kube.apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: {
        policyName: name,
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": world.namespace } } },
      },
    });
    const probe = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "probe", namespace: world.namespace },
      data: { forbidden: "x" },
    };
    const { waitUntil } = await import("../../tools/wait-until.js");
    await waitUntil({ what: "the policy is enforced", timeoutMs: 30_000 }, () =>
      world.kube.apply(probe, "probe", { dryRun: "All" }).then(
        () => false,
        () => true,
      ),
    );
    const repo = await world.repository("policy", {
      "a.yaml": configMap("policy-a", { v: "1" }),
      "b.yaml": configMap("policy-b", { forbidden: "1" }),
      "c.yaml": configMap("policy-c", { forbidden: "1" }),
    });
    await world.app("policy", "policy", ".");
    const app = await world.untilCondition("policy", "Ready", "False", "ApplyRefused");
    const message = condition(app, "Ready")?.message ?? "";
    expect(message).to.contain("b.yaml:1").and.contain("c.yaml:1").and.contain("the key forbidden is forbidden");
    expect(await world.kube.get(world.configMap("policy-a"))).to.equal(undefined);
    await repo.commit({ "b.yaml": configMap("policy-b", {}), "c.yaml": null }, "allowed");
    await world.poll("policy");
    await world.synced("policy", await repo.head());
    for (const kind of ["ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"])
      await world.kube.delete({ apiVersion: "admissionregistration.k8s.io/v1", kind, name });
  });

  it("is tried again by itself, and applied as soon as the cluster takes it", async () => {
    await world.repository("later", {
      "x.yaml": "apiVersion: example.org/v1\nkind: Gadget\nmetadata: { name: g }\nspec: { size: 3 }\n",
    });
    await world.app("later", "later", ".", { sync: { retry: { base: "1h", max: "1h" } } });
    await world.untilCondition("later", "Ready", "False", "ApplyRefused");
    await world.kube.apply({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "gadgets.example.org" },
      spec: {
        group: "example.org",
        scope: "Namespaced",
        names: { kind: "Gadget", plural: "gadgets" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
              },
            },
          },
        ],
      },
    });
    await world.synced("later");
    expect((await world.kube.get(world.object("example.org/v1", "Gadget", "g")))?.spec).to.deep.equal({ size: 3 });
    await world.kube.delete({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      name: "gadgets.example.org",
    });
  });

  it("never shows the value of a Secret, whatever is wrong with it", async () => {
    const secret = world.canary();
    const text = (data: string): string => `apiVersion: v1\nkind: Secret\nmetadata:\n  name: hidden\n${data}`;
    const repo = await world.repository("hidden", { "s.yaml": text(`stringData:\n  password: ${secret}\n`) });
    await world.app("hidden", "hidden", ".");
    await world.synced("hidden", await repo.head());
    const next = world.canary();
    await repo.commit({ "s.yaml": text(`stringData:\n  password: ${next}\n`) }, "changed");
    await world.poll("hidden");
    await world.synced("hidden", await repo.head());
    const changes = await world.changes("hidden");
    expect(JSON.stringify(changes[1]?.status?.plan)).to.contain("password").and.not.contain(next);
    await repo.commit({ "s.yaml": text(`data:\n  password: "${next} is not base64 !"\n`) }, "broken");
    await world.poll("hidden");
    await world.untilCondition("hidden", "Ready", "False");
    await repo.commit({ "s.yaml": text(`stringData:\n  password: [${next}\n`) }, "malformed");
    await world.poll("hidden");
    const app = await world.kube.until<LiveApp>(
      world.appRef("hidden"),
      "render failed",
      (object) => condition(object, "Ready")?.reason === "RenderFailed",
    );
    expect(condition(app, "Ready")?.message).to.match(/s\.yaml:\d+/);
  });
});
