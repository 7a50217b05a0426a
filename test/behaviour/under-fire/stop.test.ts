import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import { holdRequests } from "../../support/git-server.js";
import type { TestRef } from "../../support/kube.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { condition, configMap, type LiveRepository, World } from "../../support/world.js";

const OBJECTS = 300;
/** Time that Kubernetes gives a pod to end. */
const GRACE_MS = 30_000;
/** Much less than a server that hangs is given, and much more than ending takes. */
const SOON_MS = 10_000;
/** Requests of one app that are on their way at once, and those that they bring with them. */
const IN_FLIGHT = 16;

describe("A stop in the middle of many writes", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: ApiProxy;
  before(async () => {
    world = await World.create("stop", { withoutOperator: true });
    proxy = await ApiProxy.start(world.controlPlane);
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  /** A write of one of the objects, no dry run. */
  const isWrite = ({ method, path, query }: ProxiedRequest): boolean =>
    method === "PATCH" && path.includes(`/${world.namespace}/configmaps/`) && !query.has("dryRun");

  const isDryRun = ({ method, path, query }: ProxiedRequest): boolean =>
    method === "PATCH" && path.includes(`/${world.namespace}/configmaps/`) && query.has("dryRun");

  /** Lets the operator do so much of its work, tells it to stop, and gives how much it did after that. */
  async function stopAfter(count: number, isWork: (request: ProxiedRequest) => boolean): Promise<number> {
    let goOn: () => void = () => {};
    const until = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    proxy.requests.length = 0;
    proxy.rule = (request) => (isWork(request) && proxy.count(isWork) > count ? { kind: "wait", until } : undefined);
    const operator = await world.startOperator({ kubeconfigPath: await proxy.kubeconfig() });
    await waitUntil({ what: "work is under way", timeoutMs: 60_000, intervalMs: 5 }, () => proxy.count(isWork) > count);
    process.kill(operator.pid, "SIGTERM");
    await waitUntil({ what: "it stops", timeoutMs: 60_000 }, async () => (await operator.log()).includes('"stopping"'));
    goOn();
    await waitUntil({ what: "it ends", timeoutMs: GRACE_MS, intervalMs: 10 }, () => !operator.running);
    expect(operator.end).to.equal("exit code 0");
    await expectCalmLog(operator);
    proxy.rule = () => undefined;
    return proxy.count(isWork) - count;
  }

  it("ends with what is under way, in time, with exit code 0; another one goes on where it ended", async () => {
    const files = Object.fromEntries(
      Array.from({ length: OBJECTS }, (_, index) => [`cm-${index}.yaml`, configMap(`cm-${index}`, { v: `${index}` })]),
    );
    const repo = await world.repository("many", files);
    await world.app("many", "many", ".");
    expect(await stopAfter(50, isDryRun), "dry runs that were under way").to.be.at.most(IN_FLIGHT);
    expect(await world.changes("many"), "nothing was begun").to.have.length(0);
    await world.operator.remove();

    expect(await stopAfter(50, isWrite), "writes that were under way").to.be.at.most(IN_FLIGHT);
    expect((await world.changes("many")).map(({ status }) => status?.phase)).to.deep.equal(["Applying"]);
    await world.operator.remove();

    await world.startOperator({ kubeconfigPath: await proxy.kubeconfig() });
    await world.synced("many", await repo.head(), 60_000);
    const [change, ...others] = await world.changes("many");
    expect(others, "the same Change goes on").to.deep.equal([]);
    expect(change?.status).to.include({ phase: "Succeeded", summary: `+${OBJECTS} ~0 -0`, attempts: 1 });
    const synced = (await world.told("many", "Synced:")).filter((event) => event.startsWith("Synced:"));
    expect(synced, "it is told once").to.have.length(1);
    await expectCalmLog(world.operator);
  });

  it("that hangs is ended by a second signal at once", async () => {
    const { operator } = world;
    let release: () => void = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    proxy.rule = (request) => (isWrite(request) ? { kind: "wait", until } : undefined);
    const before = proxy.count(isWrite);
    await world.kube.patch(world.configMap("cm-1"), { data: { v: "drifted" } });
    await waitUntil({ what: "a write hangs", timeoutMs: 60_000 }, () => proxy.count(isWrite) > before);
    process.kill(operator.pid, "SIGTERM");
    await waitUntil({ what: "it stops", timeoutMs: 60_000 }, async () => (await operator.log()).includes('"stopping"'));
    expect(operator.running).to.equal(true);
    process.kill(operator.pid, "SIGTERM");
    await operator.ended();
    expect(operator.end).to.equal("signal SIGTERM");
    release();
    proxy.rule = () => undefined;
    await operator.start();
    await world.kube.until(world.configMap("cm-1"), "is healed", ({ data }) => (data as { v?: string }).v === "1");
    await world.synced("many");
    await expectCalmLog(operator);
  });
});

describe("A stop while a Git server hangs", function () {
  this.timeout(120_000);
  let world: World;
  let lease: TestRef;
  before(async () => {
    world = await World.create("stop-git", { withoutOperator: true });
    await world.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "overseer-system" } });
    lease = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      namespace: "overseer-system",
      name: world.namespace,
    };
    await world.startOperator({ flags: ["--leader-election=true", `--lease-name=${world.namespace}`] });
  });
  after(async () => {
    await world?.kube.delete(lease);
    await world?.remove();
  });

  it("waits for no answer: it gives up its lease, and ends with exit code 0", async () => {
    const hold = holdRequests();
    const hanging = new Set<string>();
    world.git.setFault(({ url }) => {
      const [, name = ""] = url.split("/");
      // One server says nothing at all, the other one hangs when it is to send the commit.
      const requests = world.git.requests.filter((request) => request.url.startsWith(`/${name}/`));
      if (name === "late.git" && requests.length === 1) return undefined;
      hanging.add(name);
      return { kind: "delay", until: hold.until };
    });
    for (const name of ["early", "late"]) {
      await world.repository(name, { "a.yaml": configMap(name, {}) }, { timeout: "10m" });
    }
    await waitUntil({ what: "both hang", timeoutMs: 60_000 }, () => hanging.size === 2);
    const { operator } = world;
    expect(await holder())
      .to.be.a("string")
      .and.not.equal("");
    process.kill(operator.pid, "SIGTERM");
    await waitUntil({ what: "it ends", timeoutMs: SOON_MS, intervalMs: 10 }, () => !operator.running);
    expect(operator.end).to.equal("exit code 0");
    expect(await holder()).to.equal("");
    await expectCalmLog(operator);
    world.git.setFault(undefined);
    hold.release();
    await operator.start();
    for (const name of ["early", "late"]) {
      await world.kube.until<LiveRepository>(
        world.repositoryRef(name),
        "is fetched",
        (repository) => condition(repository, "Ready")?.status === "True",
      );
    }
    await expectCalmLog(operator);
  });

  async function holder(): Promise<string | undefined> {
    const found = await world.kube.get<RawObject & { readonly spec: { readonly holderIdentity?: string } }>(lease);
    return found && (found.spec.holderIdentity ?? "");
  }
});
