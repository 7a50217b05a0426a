import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { type ApiFault, ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import type { GitRepo } from "../../support/git-server.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { configMap, World } from "../../support/world.js";

const REFUSALS: readonly (readonly [string, ApiFault])[] = [
  ["429 with a time to wait", { kind: "answer", status: 429, reason: "TooManyRequests", retryAfter: 1 }],
  ["500", { kind: "answer", status: 500, reason: "InternalError" }],
  ["503", { kind: "answer", status: 503, reason: "ServiceUnavailable" }],
  ["504", { kind: "answer", status: 504, reason: "Timeout" }],
  ["broken connections", { kind: "lose" }],
  ["half answers", { kind: "half" }],
];

describe("An API server in trouble", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: ApiProxy;
  let repo: GitRepo;
  let commits = 0;
  before(async () => {
    world = await World.create("outage", { withoutOperator: true });
    proxy = await ApiProxy.start(world.controlPlane);
    repo = await world.repository("web", {
      "a.yaml": configMap("a", { v: "0" }),
      "b.yaml": configMap("b", { v: "0" }),
    });
    await world.app("web", "web", ".", { sync: { retry: { base: "500ms", max: "1s" } } });
    await world.startOperator({ kubeconfigPath: await proxy.kubeconfig() });
    await world.synced("web");
  });
  beforeEach(() => {
    proxy.rule = () => undefined;
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  const ofApp = ({ method, path, watch }: ProxiedRequest): boolean =>
    !watch && method !== "GET" && path.includes(`/namespaces/${world.namespace}/`);

  async function commit(): Promise<string> {
    const n = String(++commits);
    await repo.commit({ "a.yaml": configMap("a", { v: n }), "b.yaml": configMap("b", { v: n }) }, n);
    await world.poll("web");
    return repo.head();
  }

  for (const [what, fault] of REFUSALS) {
    it(`that answers writes with ${what} for a while delays a commit, and no more`, async () => {
      proxy.requests.length = 0;
      proxy.faults(6, ofApp, fault);
      await world.synced("web", await commit());
      expect((await world.kube.get(world.configMap("b")))?.data).to.deep.equal({ v: String(commits) });
      expect(proxy.count(ofApp), "it is not asked in a loop").to.be.below(60);
    });
  }

  it("that is gone for a while: what drifted meanwhile is healed when it is back", async () => {
    await proxy.refuse();
    await world.kube.patch(world.configMap("a"), { data: { v: "drifted" } }, { manager: "somebody" });
    await waitUntil({ what: "the operator notices", timeoutMs: 60_000 }, async () =>
      (await world.operator.log()).includes("ECONNREFUSED"),
    );
    await proxy.listen();
    await world.kube.until(
      world.configMap("a"),
      "is healed",
      ({ data }) => (data as { v?: string }).v === `${commits}`,
    );
    await world.synced("web");
  });

  it("keeps the log free of what nobody expects", async () => {
    await expectCalmLog(world.operator, [/no: |no response from|cut short|ECONNREFUSED/]);
  });
});
