import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { configMap, World } from "../../support/world.js";

const OBJECTS = 500;
/** Time that Kubernetes gives a pod to end. */
const GRACE_MS = 30_000;

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

  it("ends in time with exit code 0, tells what it had to tell, and the next start goes on", async () => {
    const files = Object.fromEntries(
      Array.from({ length: OBJECTS }, (_, index) => [`cm-${index}.yaml`, configMap(`cm-${index}`, { v: `${index}` })]),
    );
    const repo = await world.repository("many", files);
    await world.app("many", "many", ".");
    const operator = await world.startOperator({ kubeconfigPath: await proxy.kubeconfig() });
    await waitUntil(
      { what: "writes are under way", timeoutMs: 60_000, intervalMs: 5 },
      () => proxy.count(isWrite) > 50,
    );
    process.kill(operator.pid, "SIGTERM");
    expect(proxy.count(isWrite), "it is told to stop in the middle").to.be.below(OBJECTS);
    await waitUntil({ what: "it ends", timeoutMs: GRACE_MS, intervalMs: 10 }, () => !operator.running);
    expect(operator.end).to.equal("exit code 0");
    await expectCalmLog(operator);
    expect((await world.events("many")).join("\n"), "Events were written").to.match(
      /^SyncStarted|^Change|^Plan|^Sync/m,
    );

    await operator.start();
    await world.synced("many", await repo.head(), 60_000);
    expect(await world.changes("many"), "the same Change goes on").to.have.length(1);
    await expectCalmLog(operator);
  });

  it("that hangs is ended by a second signal at once", async () => {
    const { operator } = world;
    let release: () => void = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    proxy.rule = (request) => (isWrite(request) ? { kind: "wait", until } : undefined);
    await world.kube.patch(world.configMap("cm-1"), { data: { v: "drifted" } });
    const before = proxy.count(isWrite);
    await waitUntil({ what: "a write hangs", timeoutMs: 20_000 }, () => proxy.count(isWrite) > before);
    process.kill(operator.pid, "SIGTERM");
    await waitUntil({ what: "it stops", timeoutMs: 20_000 }, async () => (await operator.log()).includes('"stopping"'));
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
