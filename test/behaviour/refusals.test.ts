import { expect } from "chai";
import { caseFile } from "../support/cases.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

describe("A refusal", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("refusal");
  });
  after(() => world?.remove());

  const ready = (app: LiveApp): string => condition(app, "Ready")?.message ?? "";

  /** An app of these files that is refused, and what it says. */
  const refused = async (
    name: string,
    files: Record<string, string>,
    spec: Record<string, unknown> = {},
  ): Promise<LiveApp> => {
    await world.repository(name, files);
    await world.app(name, name, ".", spec);
    return world.untilCondition(name, "Ready", "False", "ApplyRefused");
  };

  const refusals = async (name: string): Promise<string[]> =>
    ((await world.changes(name)).at(-1)?.status?.refusals ?? []).map(({ origin, message }) => `${origin}: ${message}`);

  const warnings = async (name: string): Promise<string[]> =>
    (await world.events(name)).filter((event) => event.startsWith("ApplyRefused: "));

  const UNKNOWN = "unknown field: correct its name, its place or its indentation";
  const CONTAINER = "spec.template.spec.containers[c]";

  it("names all faults of a document, each with its line, and waits for another commit", async () => {
    const text = await caseFile("type-errors/deployment.yaml");
    const app = await refused("types", { "deployment.yaml": text }, { sync: { retry: { base: "1s", max: "1s" } } });
    expect(await refusals("types")).to.deep.equal([
      `deployment.yaml:12: ${CONTAINER}.args[1]: 8080 is a number; put it in quotes`,
      `deployment.yaml:12: ${CONTAINER}.args[3]: true is a boolean; put it in quotes`,
      `deployment.yaml:14: ${CONTAINER}.env[PORT].value: 8080 is a number; put it in quotes`,
      `deployment.yaml:16: ${CONTAINER}.ports[0].containerPort: is text; remove the quotes`,
      `deployment.yaml:17: ${CONTAINER}.resources.limits.cpu: is not a quantity; use a value like 500m, 2 or 1.5Gi`,
      `deployment.yaml:18: ${CONTAINER}.livenesProbe: ${UNKNOWN}`,
    ]);
    expect(ready(app)).to.contain("env[PORT].value: 8080 is a number; put it in quotes");
    expect(condition(app, "Stalled")?.status).to.equal("True");
    expect(app.status?.nextRetryTime).to.equal(undefined);
    // An app that is tried again every second is tried several times, this one never.
    await refused(
      "again",
      { "x.yaml": configMap("x", {}, "  namespace: nowhere-at-all\n") },
      { sync: { retry: { base: "1s", max: "1s" } } },
    );
    await world.kube.until<LiveApp>(world.appRef("again"), "tried again", ({ status }) => (status?.failures ?? 0) > 3);
    expect((await world.changes("types"))[0]?.status?.attempts).to.equal(1);
    for (let time = 0; time < 3; time++) expect(ready(await world.poke("types"))).to.equal(ready(app));
    expect((await world.changes("types"))[0]?.status?.attempts, "once for each request of a person").to.equal(4);
    expect(await warnings("types")).to.have.length(1);
    const repo = await world.git.createRepository("types-mended");
    await repo.commit({ "a.yaml": configMap("types-mended", { v: "1" }) }, "mended");
    await world.kube.patch(world.repositoryRef("types"), { spec: { url: repo.url } });
    await world.synced("types", await repo.head());
  });

  it("of values that are no text says what to do, the same in each try", async () => {
    const app = await refused("data", {
      "configmap.yaml": await caseFile("type-errors/configmap.yaml"),
      "labels.yaml":
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  selector:\n    enabled: y\n    tier: 1\n  ports: [{port: 80}]\n",
      "many.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: many}\ndata:\n${Array.from({ length: 9 }, (_, i) => `  n${i}: ${i}\n`).join("")}`,
    });
    const first = await refusals("data");
    expect(first.slice(0, 4)).to.deep.equal([
      "configmap.yaml:5: data.PORT: 8080 is a number; put it in quotes",
      "configmap.yaml:6: data.DEBUG: true is a boolean; put it in quotes",
      "labels.yaml:6: spec.selector.enabled: true is a boolean; put it in quotes",
      "labels.yaml:7: spec.selector.tier: 1 is a number; put it in quotes",
    ]);
    expect(first, "all of them, beyond what a condition has room for").to.have.length(13);
    expect(ready(app))
      .to.contain("3 of 3 changed objects are refused")
      .and.match(/; and \d+ more \(nothing was written\)$/);
    for (const type of ["Synced", "Stalled"]) expect(condition(app, type)?.message.length, type).to.be.at.most(300);
    for (let time = 0; time < 3; time++) expect(ready(await world.poke("data"))).to.equal(ready(app));
    expect(await refusals("data")).to.deep.equal(first);
    expect(await warnings("data")).to.have.length(1);
  });

  it("of a field that may not change shows cause and remedy, however long the values are", async () => {
    const text = await caseFile("job-immutable-message/before.yaml");
    const claim =
      "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    const pod =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: false, containers: [{name: m, image: busybox}]}\n";
    const set =
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s}\nspec: {replicas: 0, serviceName: a, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: m, image: busybox}]}}}\n";
    const repo = await world.repository("fixed", {
      "job.yaml": text,
      "claim.yaml": claim,
      "pod.yaml": pod,
      "set.yaml": set,
    });
    await world.app("fixed", "fixed", ".", { health: { timeout: "1s" } });
    const live = world.object("apps/v1", "StatefulSet", "s");
    await world.kube.until(live, "is written", () => true);
    await repo.commit(
      {
        "job.yaml": text.replace("busybox:1", "busybox:2"),
        "claim.yaml": claim.replace("ReadWriteOnce", "ReadWriteMany"),
        "pod.yaml": pod.replace("hostNetwork: false", "hostNetwork: true"),
        "set.yaml": set.replace("serviceName: a", "serviceName: b"),
      },
      "changed",
    );
    await world.poll("fixed");
    await world.untilCondition("fixed", "Ready", "False", "ApplyRefused");
    const said = await refusals("fixed");
    const remedy =
      ": delete the live object, give the new one another name, or permit the operator to re-create it (sync.recreate)";
    // A Pod may have more against it: what admission put into it when it was made.
    const lines = said.filter((line) => line.endsWith(remedy));
    expect(lines, said.join("\n")).to.have.length(4);
    expect(lines[1]).to.equal(`job.yaml:5: spec.template: field is immutable${remedy}`);
    expect(lines[0]).to.match(/^claim\.yaml:4: spec: spec is immutable after creation/);
    expect(lines[2]).to.match(/^pod\.yaml:4: spec: pod updates may not change fields other than/);
    expect(lines[3]).to.match(/^set\.yaml:4: spec: updates to statefulset spec for fields other than .* are forbidden/);
    expect(said.join()).to.not.match(/core\.|@@|Volumes/);
  });

  it("of an immutable field ends when the object may be re-created", async () => {
    const map = (value: string) => `${configMap("anew-map", { v: value })}immutable: true\n`;
    const job = (image: string) =>
      `apiVersion: batch/v1\nkind: Job\nmetadata: {name: anew-job, annotations: {kustomize.toolkit.fluxcd.io/force: enabled}}\nspec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: m, image: "${image}"}]}}}\n`;
    const claim = (mode: string) =>
      `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: anew-claim}\nspec: {storageClassName: "", accessModes: [${mode}], resources: {requests: {storage: 1Gi}}}\n`;
    const files = (value: string, image: string, mode: string) => ({
      "map.yaml": map(value),
      "job.yaml": job(image),
      "claim.yaml": claim(mode),
    });
    const repo = await world.repository("anew", files("1", "busybox:1", "ReadWriteOnce"));
    await world.app("anew", "anew", ".", { sync: { recreate: true } });
    const healthy = await world.synced("anew", await repo.head());
    expect(condition(healthy, "Healthy")).to.include({ status: "True", reason: "ObjectSuspended" });
    const objects = [
      world.object("v1", "ConfigMap", "anew-map"),
      world.object("batch/v1", "Job", "anew-job"),
      world.object("v1", "PersistentVolumeClaim", "anew-claim"),
    ];
    const uids = async () => Promise.all(objects.map(async (one) => (await world.kube.get(one))?.metadata?.uid));
    const before = await uids();
    const changed = await repo.commit(files("2", "busybox:2", "ReadWriteMany"), "changed");
    await world.poll("anew");
    const refused = await world.untilCondition("anew", "Ready", "False", "ApplyRefused");
    expect(ready(refused)).to.contain(
      "claim.yaml:1: PersistentVolumeClaim refusal/anew-claim: cannot be changed without deleting it: the deletion of a PersistentVolumeClaim requires approval".replace(
        "refusal/",
        `${world.namespace}/`,
      ),
    );
    expect(await uids(), "nothing was written").to.deep.equal(before);
    await world.kube.patch(world.object("v1", "PersistentVolumeClaim", "anew-claim"), {
      metadata: { annotations: { "gitops.overseer.io/prune": "confirmed" } },
    });
    await world.synced("anew", changed);
    const after = await uids();
    for (const [at, uid] of after.entries()) expect(uid).to.be.a("string").and.not.equal(before[at]);
    const plan = (await world.changes("anew")).at(-1)?.status?.plan ?? [];
    expect(plan.map(({ verb, result }) => `${verb} ${result}`)).to.deep.equal(Array(3).fill("Recreate Done"));
    expect(plan.find(({ object }) => object.startsWith("Job"))?.reason).to.match(
      /field is immutable\), and kustomize.toolkit.fluxcd.io\/force: enabled permits .*; lost: its pods and their results$/,
    );
  });

  it("of a kind that the cluster does not have says what it has", async () => {
    const app = await refused("kinds", { "x.yaml": await caseFile("kind-hints/x.yaml") });
    const said = (await refusals("kinds")).join("\n");
    expect(said).to.contain("x.yaml:1: the cluster has no kind Configmap in v1; did you mean ConfigMap?");
    expect(said).to.match(/x\.yaml:5: policy\/v1beta1 is no longer served .*is in policy\/v1: change/);
    expect(said).to.match(
      /x\.yaml:10: extensions\/v1beta1 is no longer served .*networking\.k8s\.io\/v1 \(its fields have changed\)/,
    );
    expect(said).to.contain(
      "x.yaml:15: the cluster has no kind Deployment in v1: Deployment is in apps/v1; change the apiVersion",
    );
    expect(said).to.not.contain("CustomResourceDefinition");
    expect(ready(app)).to.contain("did you mean ConfigMap?");
  });

  it("of a ServiceAccount that does not exist names it, and not a right", async () => {
    const app = await refused("account", { "x.yaml": configMap("account", {}) }, { serviceAccountName: "nope" });
    expect(ready(app)).to.contain(
      `ServiceAccount ${world.namespace}/nope does not exist: create it, or correct spec.serviceAccountName`,
    );
    expect(ready(app)).to.not.contain("right");
  });

  it("of a quota says what fits a quota", async () => {
    await world.kube.apply({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "q", namespace: world.namespace },
      spec: { hard: { "count/cronjobs.batch": "0" } },
    });
    await world.kube.until(world.object("v1", "ResourceQuota", "q"), "is counted", ({ status }) =>
      Boolean((status as { used?: object } | undefined)?.used),
    );
    const job =
      "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: q}\nspec:\n  schedule: '0 0 1 1 *'\n  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}\n";
    const app = await refused("quota", { "job.yaml": job });
    expect(ready(app)).to.contain("exceeded quota: q").and.contain("raise the ResourceQuota");
    expect(ready(app)).to.not.contain("grant the app's ServiceAccount");
  });
});
