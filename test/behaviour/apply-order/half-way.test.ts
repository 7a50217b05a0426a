import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy, type ProxiedRequest } from "../../support/api-proxy.js";
import { condition, configMap, World } from "../../support/world.js";

const service = (name: string, port: number, namespace = ""): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}${namespace && `, namespace: ${namespace}`} }\nspec: { ports: [{ port: ${port} }] }\n`;

describe("A Change that cannot be written to its end", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("halfway");
  });
  after(() => world?.remove());

  const results = async (app: string): Promise<string[]> => {
    const change = (await world.changes(app)).at(-1);
    return (change?.status?.plan ?? []).map(({ object, result }) => `${object} ${result ?? "-"}`);
  };

  it("says what was written, and continues when the document is corrected", async () => {
    const inner = `${world.namespace}-inner`;
    const files = {
      "ns.yaml": `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${inner} }\n`,
      "a.yaml": configMap("a", { v: "1" }, `  namespace: ${inner}\n`),
      "s.yaml": service("web", 700_000, inner),
    };
    const repo = await world.repository("inner", files);
    await world.app("inner", "inner", ".", { sync: { retry: { base: "1h", max: "1h" } } });
    const app = await world.untilCondition("inner", "Ready", "False", "ApplyFailed");
    const message = condition(app, "Ready")?.message ?? "";
    expect(message)
      .to.contain("s.yaml:1")
      .and.contain("700000")
      .and.contain(`2 of 3 were written: Namespace ${inner}, ConfigMap ${inner}/a`);
    expect(message).not.to.contain("nothing was written");
    const [change] = await world.changes("inner");
    expect(change?.status).to.include({ phase: "Applying", summary: "+3 ~0 -0" });
    expect(await results("inner")).to.deep.equal([
      `Namespace ${inner} Done`,
      `ConfigMap ${inner}/a Done`,
      `Service ${inner}/web Failed`,
    ]);
    const fixed = await repo.commit({ "s.yaml": service("web", 80, inner) }, "a port");
    await world.poll("inner");
    await world.synced("inner", fixed);
    expect((await world.changes("inner")).map(({ status }) => status?.phase)).to.deep.equal([
      "Superseded",
      "Succeeded",
    ]);
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: inner });
  });

  it("that is refused before its first write says what it would do, and why it does not", async () => {
    await world.repository("refused", {
      "a.yaml": configMap("refused", { v: "1" }),
      "s.yaml": service("bad", 700_000),
    });
    await world.app("refused", "refused", ".");
    await world.untilCondition("refused", "Ready", "False", "ApplyRefused");
    const [change] = await world.changes("refused");
    expect(change?.status).to.include({ phase: "Refused", summary: "+2 ~0 -0" });
    expect(change?.status?.message).to.contain("700000").and.contain("nothing was written");
    expect(condition(change ?? {}, "Ready")).to.include({ status: "False", reason: "Refused" });
    expect(await results("refused")).to.deep.equal([
      `Service ${world.namespace}/bad Failed`,
      `ConfigMap ${world.namespace}/refused -`,
    ]);
  });

  it("goes on after an outage and another leader, and writes what is left and nothing twice", async () => {
    const name = `${world.namespace}-outage`;
    const inner = `  namespace: ${name}\n`;
    const proxy = await ApiProxy.start(world.controlPlane);
    let begun = false;
    // From the first write in the new namespace on the API server is away.
    const isWrite = ({ method, path, query }: ProxiedRequest) =>
      method === "PATCH" && path.includes(`/namespaces/${name}/`) && query.get("dryRun") === null;
    proxy.rule = (request) => {
      begun ||= isWrite(request);
      return begun && !request.watch ? { kind: "cut" } : undefined;
    };
    try {
      await world.operator.stop();
      await world.operator.start({ kubeconfigPath: await proxy.kubeconfig() });
      await world.repository("outage", {
        "ns.yaml": `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`,
        "sa.yaml": `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: own, namespace: ${name} }\n`,
        "p.yaml": `apiVersion: v1\nkind: Pod\nmetadata: { name: p, namespace: ${name} }\nspec: { serviceAccountName: own, containers: [{ name: c, image: busybox }] }\n`,
        "a.yaml": configMap("a", { v: "1" }, inner),
      });
      await world.app("outage", "outage", ".", { sync: { retry: { base: "500ms", max: "1s" } } });
      await waitUntil({ what: "it has begun", timeoutMs: 30_000 }, async () => begun);
      await world.operator.stop("SIGKILL");
      await world.operator.start({ kubeconfigPath: world.controlPlane.kubeconfigPath });
      await world.synced("outage", undefined, 60_000);
    } finally {
      await proxy.stop();
    }
    const changes = await world.changes("outage");
    expect(changes.map(({ status }) => status?.phase)).to.deep.equal(["Succeeded"]);
    for (const object of await world.kube.list("v1", "ConfigMap", name, "gitops.overseer.io/app=outage"))
      expect(object.metadata.managedFields?.filter(({ operation }) => operation === "Apply")).to.have.length(1);
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name });
  });
});
