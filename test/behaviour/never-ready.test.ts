import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { RawObject } from "../../src/kube/object.js";
import { waitUntil } from "../../tools/wait-until.js";
import { condition, type LiveApp, World } from "../support/world.js";

/** A workload whose pods are never available, so that its Change stays Verifying: the test says what becomes of the pods. */
function workload(kind: string, name: string, pod: string, spec = ""): string {
  const own = kind === "Deployment" ? "minReadySeconds: 300" : "serviceName: none";
  return `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name} }
spec:
  ${own}
  ${spec}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: ${pod}
`;
}

const CONTAINER = "{ name: web, image: registry.example/web:9 }";
const CLAIM = (name: string, storageClass: string): string =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: ${name} }\nspec: { storageClassName: ${storageClass}, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n`;

describe("What is never ready", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("never-ready");
  });
  after(() => world?.remove());

  /** Waits until the problem of an object says this, and that Ready and Healthy say it, too. */
  const problem = async (app: string, pattern: RegExp): Promise<string> => {
    const live = await world.kube.until<LiveApp>(world.appRef(app), `a problem says ${pattern}`, ({ status }) =>
      pattern.test(status?.problems?.[0]?.message ?? ""),
    );
    const { message = "" } = live.status?.problems?.[0] ?? {};
    for (const type of ["Ready", "Healthy"]) expect(condition(live, type)?.message, type).to.contain(message);
    return message;
  };
  /** The only pod of a workload, once it is there and `when` holds. */
  const podOf = async (app: string, when: (pod: RawObject) => boolean = () => true): Promise<string> => {
    return waitUntil({ what: `a pod of ${app}`, timeoutMs: 30_000 }, async () => {
      const pods = await world.kube.list<RawObject>("v1", "Pod", world.namespace);
      return pods.find((pod) => pod.metadata.labels?.app === app && when(pod))?.metadata.name;
    });
  };
  const isRunning = ({ status }: RawObject): boolean => (status as { phase?: string } | undefined)?.phase === "Running";
  const tell = (pod: string, status: object): Promise<unknown> =>
    world.kube.patch(world.object("v1", "Pod", pod), { status }, { subresource: "status" });
  const notReady = (state: object, more: object = {}): object => ({
    conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady" }],
    containerStatuses: [{ name: "web", ready: false, restartCount: 2, image: "web:9", imageID: "", state, ...more }],
  });

  it("says that no node takes its pod, in the words of the scheduler, also when the time is over", async () => {
    const pod = `{ nodeSelector: { disk: none }, containers: [${CONTAINER}] }`;
    await world.repository("nowhere", { "d.yaml": workload("Deployment", "nowhere", pod) });
    await world.app("nowhere", "nowhere", ".", { health: { timeout: "3s" } });
    const app = await world.untilCondition("nowhere", "Ready", "False", "HealthTimeout");
    const said = await problem("nowhere", /Unschedulable/);
    expect(said).to.match(
      /^0 of 1 replicas are available: Unschedulable: 0\/\d+ nodes are available: .*affinity\/selector\. \(pod nowhere-\w+-\w+\)$/,
    );
    const [change] = await world.changes("nowhere");
    expect(change?.status?.message).to.equal(`not healthy after 3s: Deployment ${world.namespace}/nowhere ${said}`);
    expect(app.status?.health).to.equal("Degraded");
  });

  it("says why an image cannot be pulled, then how a container ends, by the newest pod", async () => {
    await world.repository("image", { "d.yaml": workload("Deployment", "image", `{ containers: [${CONTAINER}] }`) });
    await world.app("image", "image", ".");
    const pod = await podOf("image", isRunning);
    const pull = { reason: "ImagePullBackOff", message: 'Back-off pulling image "registry.example/web:9": not found' };
    await tell(pod, notReady({ waiting: pull }));
    expect(await problem("image", /ImagePull/)).to.equal(
      `0 of 1 replicas are available: container web: ${pull.reason}: ${pull.message} (pod ${pod})`,
    );
    const waiting = { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" };
    const terminated = { exitCode: 78, reason: "Error", message: "no DATABASE_URL\n" };
    await tell(pod, notReady({ waiting }, { lastState: { terminated } }));
    expect(await problem("image", /CrashLoop/)).to.equal(
      `0 of 1 replicas are available: container web: CrashLoopBackOff: exit code 78: no DATABASE_URL (pod ${pod})`,
    );
    expect((await world.changes("image"))[0]?.status?.phase, "only told").to.equal("Verifying");
  });

  it("says what the pod of a StatefulSet lacks", async () => {
    const pod = `{ containers: [${CONTAINER}] }`;
    await world.repository("needs", { "s.yaml": workload("StatefulSet", "needs", pod) });
    await world.app("needs", "needs", ".");
    await podOf("needs", isRunning);
    const waiting = { reason: "CreateContainerConfigError", message: 'secret "db" not found' };
    await tell("needs-0", notReady({ waiting }));
    expect(await problem("needs", /ConfigError/)).to.equal(
      '0 of 1 replicas are ready: container web: CreateContainerConfigError: secret "db" not found (pod needs-0)',
    );
  });

  it("says how the pod of a failed Job ended, at once", async () => {
    const job = `apiVersion: batch/v1
kind: Job
metadata: { name: migrate }
spec:
  backoffLimit: 0
  template:
    metadata: { labels: { app: migrate } }
    spec: { restartPolicy: Never, nodeSelector: { disk: none }, containers: [${CONTAINER}] }
`;
    await world.repository("migrate", { "j.yaml": job });
    await world.app("migrate", "migrate", ".");
    const pod = await podOf("migrate");
    const terminated = { exitCode: 4, reason: "Error", message: "relation users exists" };
    await tell(pod, { phase: "Failed", ...notReady({ terminated }) });
    const app = await world.untilCondition("migrate", "Ready", "False", "Degraded");
    expect(condition(app, "Ready")?.message).to.equal(
      `Job ${world.namespace}/migrate BackoffLimitExceeded: Job has reached the specified backoff limit: container web: exit code 4: relation users exists (pod ${pod})`,
    );
    const [change] = await world.changes("migrate");
    expect(change?.status?.phase).to.equal("Failed");
    expect(change?.status?.message).to.contain("exit code 4");
  });

  it("says which quota keeps its pods from being made", async () => {
    const hard = { "requests.example.com/gpu": "0" };
    const metadata = { name: "gpus", namespace: world.namespace };
    await world.kube.create({ apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard } });
    await world.kube.until(world.object("v1", "ResourceQuota", "gpus"), "counted", ({ status }) =>
      Boolean((status as { used?: object } | undefined)?.used),
    );
    const pod =
      "{ containers: [{ name: web, image: registry.example/web:9, resources: { limits: { example.com/gpu: 1 } } }] }";
    for (const kind of ["StatefulSet", "Deployment"]) {
      const name = `quota-${kind.toLowerCase()}`;
      await world.repository(name, { "w.yaml": workload(kind, name, pod) });
      await world.app(name, name, ".");
      const said = await problem(name, /exceeded quota/);
      expect(said, `${kind} ${said}`).to.contain("FailedCreate: exceeded quota: gpus");
    }
  });

  it("a claim without its class is unhealthy, one that waits for its first pod is healthy", async () => {
    const name = `late-${randomBytes(3).toString("hex")}`;
    const create = (): Promise<unknown> =>
      world.kube.create({
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name },
        provisioner: "example.com/none",
        volumeBindingMode: "WaitForFirstConsumer",
      } as never);
    await world.repository("claim", { "c.yaml": CLAIM("data", name) });
    await world.app("claim", "claim", ".");
    expect(await problem("claim", /StorageClass/)).to.equal(`is not bound yet: StorageClass ${name} does not exist`);
    expect((await world.changes("claim"))[0]?.status?.phase).to.equal("Verifying");
    await create();
    try {
      await world.synced("claim");
      await world.repository("waits", { "c.yaml": CLAIM("waits", name) });
      await world.app("waits", "waits", ".");
      await world.synced("waits");
    } finally {
      await world.kube.delete({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name } as never);
    }
  });
});
