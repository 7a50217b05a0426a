import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { type ApiFault, ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import type { TestRef } from "../../support/kube.js";
import { World } from "../../support/world.js";

describe("A stop of a leader that has not begun to work", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: ApiProxy;
  let lease: TestRef;
  let release: () => void = () => {};
  let held: ApiFault;
  before(async () => {
    world = await World.create("stop-early", { withoutOperator: true });
    await world.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "overseer-system" } });
  });
  beforeEach(async () => {
    proxy = await ApiProxy.start(world.controlPlane);
    const name = `stop-${randomBytes(4).toString("hex")}`;
    lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: "overseer-system", name };
    const spec = { holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions: 0 };
    await world.kube.create({ ...lease, metadata: { name, namespace: "overseer-system" }, spec });
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    held = { kind: "wait", until };
  });
  afterEach(async () => {
    release();
    await world.operator.remove();
    await world.kube.delete(lease);
    await proxy.stop();
  });
  after(() => world?.remove());

  const isListOfChanges = ({ path }: ProxiedRequest): boolean => path === "/apis/gitops.overseer.io/v1alpha1/changes";
  const isDiscovery = ({ path }: ProxiedRequest): boolean => path === "/apis";
  const isTaking = ({ method, path }: ProxiedRequest): boolean => method === "PUT" && path.endsWith(lease.name);

  const cases: readonly (readonly [string, (request: ProxiedRequest) => boolean, () => ApiFault])[] = [
    ["since a list does not come", isListOfChanges, () => held],
    ["since it may not list", isListOfChanges, () => ({ kind: "answer", status: 403, reason: "Forbidden" })],
    ["since nobody says which kinds there are", isDiscovery, () => held],
  ];
  for (const [why, matches, fault] of cases) {
    it(`${why} ends it at once with exit code 0, and its lease is free`, async () => {
      const inTheWay = (request: ProxiedRequest): boolean => proxy.count(isTaking) > 0 && matches(request);
      let met = 0;
      proxy.rule = (request) => (inTheWay(request) && ++met > 0 ? fault() : undefined);
      const flags = ["--leader-election=true", `--lease-name=${lease.name}`];
      const operator = await world.startOperator({ kubeconfigPath: await proxy.kubeconfig(), flags, heldUp: true });
      await waitUntil({ what: "its start is held up", timeoutMs: 30_000 }, () => met > 0);
      await world.kube.until(lease, "is held", (object) => holder(object) !== "");
      process.kill(operator.pid, "SIGTERM");
      await waitUntil({ what: "it ends", timeoutMs: 8_000, intervalMs: 10 }, () => !operator.running);
      expect(operator.end).to.equal("exit code 0");
      expect(holder(await world.kube.get(lease))).to.equal("");
      expect(await operator.log()).not.to.include('"msg":"running"');
    });
  }

  function holder(object: RawObject | undefined): string | undefined {
    return (object?.spec as { holderIdentity?: string } | undefined)?.holderIdentity;
  }
});
