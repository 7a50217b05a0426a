import { expect } from "chai";
import { dump, loadAll } from "js-yaml";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import { caseFile } from "../../support/cases.js";
import { InProcessOperator, quickClock, type TimeStop } from "../../support/in-process-operator.js";
import type { TestObject } from "../../support/kube.js";
import { configMap, World } from "../../support/world.js";

const ADMISSION = "admissionregistration.k8s.io/v1";
const WIDGETS = 6;
/** The time between two judgements, which grows to 9 s and more, is some seconds. */
const FASTER = 6;
const LONG_MS = 9_000 / FASTER;

describe("Writes that wait for what serves their webhook", function () {
  this.timeout(180_000);
  let world: World;
  let proxy: ApiProxy;
  let operator: InProcessOperator;
  let group: string;
  const time: TimeStop = { held: false };
  before(async () => {
    world = await World.create("still", { withoutOperator: true });
    proxy = await ApiProxy.start(world.controlPlane);
    group = `${world.namespace}.example.com`;
    operator = await InProcessOperator.start({
      kubeconfigPath: await proxy.kubeconfig(),
      trustedNamespaces: [world.namespace],
      clock: quickClock(FASTER, time),
    });
  });
  after(async () => {
    await operator?.stop();
    await world?.kube.delete({ apiVersion: "v1", kind: "Node", name: `${world.namespace}-op` });
    for (const name of ["op", "old"])
      await world?.kube.delete({
        ...{ apiVersion: ADMISSION, kind: "ValidatingWebhookConfiguration" },
        name: `${world.namespace}-${name}`,
      });
    await world?.remove();
    await proxy?.stop();
  });

  it("are judged again when something changes, else ever more rarely", async () => {
    const name = `${world.namespace}-op`;
    const text = (await caseFile("webhook-before-service/operator.yaml"))
      .replaceAll("gate.example.com", group)
      .replaceAll("gate-op", name)
      .replace("metadata: {name: gate}", `metadata: {name: ${name}}`)
      .replace("spec: {containers:", `spec: {nodeSelector: {${name}: 'true'}, containers:`);
    const old = { apiVersion: ADMISSION, kind: "ValidatingWebhookConfiguration", name: `${world.namespace}-old` };
    const documents = loadAll(text) as TestObject[];
    const ofKind = (kind: string): TestObject => {
      const found = documents.find((one) => one.kind === kind);
      if (!found) throw new Error(`no ${kind} in the case`);
      return found;
    };
    // A webhook that does not answer refuses what the source has; for all that is known, until the source brings its own.
    await world.kube.apply(ofKind("CustomResourceDefinition"));
    await world.kube.apply({ ...ofKind("ValidatingWebhookConfiguration"), metadata: { name: old.name } });
    await world.kube.resource(`${group}/v1`, "Widget");
    await waitUntil({ what: "the webhook is asked", timeoutMs: 30_000 }, () =>
      world.kube.apply({ apiVersion: `${group}/v1`, kind: "Widget", metadata: { name: "probe" } }).then(
        () => false,
        () => true,
      ),
    );
    const widgets = Array.from({ length: WIDGETS }, (_, index) => ({
      apiVersion: `${group}/v1`,
      kind: "Widget",
      metadata: { name: `w${index}` },
    }));
    const all = [...documents.filter(({ kind }) => kind !== "Widget"), ...widgets];
    const source = all.map((one) => dump(one)).join("---\n");
    const files = { "all.yaml": source, "drifts.yaml": configMap("drifts", { v: "1" }) };
    const repo = await world.repository("still", files);
    const judged: number[] = [];
    const isJudgement = ({ method, path, query }: ProxiedRequest): boolean =>
      method === "PATCH" && path.includes(`/apis/${group}/`) && query.get("dryRun") !== null;
    proxy.rule = (request) => {
      if (isJudgement(request) && request.path.endsWith("/w0")) judged.push(performance.now());
      return undefined;
    };
    await world.app("still", "still", ".", { health: { timeout: "1h" } });
    await waitUntil({ what: "the Change waits", timeoutMs: 60_000 }, async () => {
      expect((await world.changes("still")).at(-1)?.status?.waitingFor ?? "").to.contain(
        `waits for Deployment ${name}/op`,
      );
      return true;
    });
    const gaps = (): number[] => judged.slice(1).map((at, index) => at - (judged[index] ?? 0));
    await waitUntil({ what: "the time between two judgements grows", timeoutMs: 60_000 }, () =>
      gaps().some((gap) => gap > LONG_MS),
    );
    // From here on no time passes after which they are due.
    time.held = true;
    await waitUntil(
      { what: "the judgement is complete", timeoutMs: 60_000, intervalMs: 5 },
      () => !operator.busy && proxy.count(isJudgement) === judged.length * WIDGETS,
    );
    const before = proxy.count(isJudgement);
    for (let times = 0; times < 2; times++) {
      await world.kube.patch(world.configMap("drifts"), { data: { v: `drift ${times}` } }, { manager: "somebody" });
      await world.kube.until(
        world.configMap("drifts"),
        "is healed",
        ({ data }) => (data as { v?: string } | undefined)?.v === "1",
      );
    }
    expect(proxy.count(isJudgement) - before, "judgements while nothing that matters changed").to.equal(0);
    time.held = false;
    await world.kube.create({
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        annotations: { "kwok.x-k8s.io/node": "fake" },
        labels: { [name]: "true", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", type: "kwok" },
      },
      status: {
        allocatable: { cpu: "4", memory: "16Gi", pods: "10" },
        capacity: { cpu: "4", memory: "16Gi", pods: "10" },
      },
    });
    await world.kube.delete(old);
    await world.kube.until({ ...old, name }, "is there", () => true, 60_000);
    const head = await repo.commit(
      { "all.yaml": source.replace("failurePolicy: Fail", "failurePolicy: Ignore") },
      "in",
    );
    await world.poll("still");
    await world.synced("still", head, 60_000);
  });
});
