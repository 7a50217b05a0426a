import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { configMap, World } from "../../support/world.js";

/** More than there are workers and permits. */
const SLOW_APPS = 12;

describe("A heal is not held up", function () {
  this.timeout(180_000);
  let world: World;
  let proxy: ApiProxy;
  before(async () => {
    world = await World.create("lanes", { withoutOperator: true });
    proxy = await ApiProxy.start(world.controlPlane);
    await world.repository("quick", { "q.yaml": configMap("quick", { v: "1" }) });
    await world.app("quick", "quick", ".");
    await world.startOperator({ kubeconfigPath: await proxy.kubeconfig() });
    await world.synced("quick");
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  it("behind previews of many other apps, all of which the API server does not answer", async () => {
    let release: () => void = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    const held = ({ method, path }: ProxiedRequest): boolean =>
      method === "PATCH" && path.includes("/configmaps/slow-");
    proxy.rule = (request) => (held(request) ? { kind: "wait", until } : undefined);
    const files: Record<string, string> = {};
    for (let app = 0; app < SLOW_APPS; app++)
      for (let n = 0; n < 8; n++) files[`${app}/${n}.yaml`] = configMap(`slow-${app}-${n}`, { v: "1" });
    await world.repository("slow", files);
    for (let app = 0; app < SLOW_APPS; app++) await world.app(`slow-${app}`, "slow", `${app}`);
    await waitUntil({ what: "all permits are taken", timeoutMs: 60_000 }, () => proxy.count(held) >= 8);
    await world.kube.patch(world.configMap("quick"), { data: { v: "drifted" } }, { manager: "somebody" });
    const healed = ({ data }: { readonly [field: string]: unknown }): boolean => (data as { v?: string }).v === "1";
    await world.kube.until(world.configMap("quick"), "is healed", healed, 20_000);
    release();
    proxy.rule = () => undefined;
    for (let app = 0; app < SLOW_APPS; app++) await world.synced(`slow-${app}`);
    await expectCalmLog(world.operator);
  });
});
