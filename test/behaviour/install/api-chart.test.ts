import { expect } from "chai";
import { find, podOf, rulesOf } from "../../support/chart-objects.js";
import { API, refusalOf, renderChart, SERVER, type Values } from "../../support/helm.js";
import type { TestObject } from "../../support/kube.js";

describe("The chart", function () {
  this.timeout(60_000);

  it("has an API only when told so, whose ServiceAccount impersonates nobody by default", async () => {
    const ofApi = (objects: readonly TestObject[]): string[] =>
      objects.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(API));
    const defaults = await renderChart();
    expect(ofApi(defaults)).to.deep.equal([]);
    const objects = await renderChart({ "api.enabled": true });
    expect(podOf(objects, API).containers[0].args).to.include("--roles=api");
    const reads = { apiGroups: ["gitops.overseer.io"], resources: ["gitrepositories", "overseerapps", "changes"] };
    const review = { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] };
    const rights = [review, { ...reads, verbs: ["get", "list", "watch"] }];
    expect(rulesOf(objects, "ClusterRole", API)).to.deep.equal(rights);
    const impersonation = { enabled: true, groups: ["team-a"], serviceAccounts: true };
    const more = await renderChart({ "api.enabled": true, "api.impersonation": impersonation });
    const impersonate = (resource: string): object => ({
      ...{ apiGroups: [""], resources: [resource], verbs: ["impersonate"] },
    });
    expect(rulesOf(more, "ClusterRole", API).slice(2)).to.deep.equal([
      impersonate("users"),
      { ...impersonate("groups"), resourceNames: ["team-a"] },
      impersonate("serviceaccounts"),
    ]);
    for (const objectsOf of [defaults, more])
      expect(JSON.stringify(rulesOf(objectsOf, "ClusterRole", SERVER))).to.not.contain("impersonate");
  });

  it("keeps the audit files of the API in the pod, or of each replica on a volume", async () => {
    const kept = { "api.enabled": true, "api.replicas": 2 };
    const inPod = podOf(await renderChart(kept), API);
    expect(inPod.containers[0].args).to.include("--audit-dir=/var/lib/overseer/audit");
    expect(inPod.volumes).to.deep.include({ name: "audit", emptyDir: { sizeLimit: "2Gi" } });
    const audit = { volume: "PersistentVolumeClaim", storageClassName: "fast", size: "5Gi" };
    const objects = await renderChart({ ...kept, "api.audit": audit });
    const { volumeClaimTemplates, serviceName, template } = find(objects, "StatefulSet", API).spec as {
      readonly volumeClaimTemplates: readonly object[];
      readonly serviceName: string;
      readonly template: { readonly spec: { readonly volumes?: readonly object[] } };
    };
    expect([serviceName, volumeClaimTemplates]).to.deep.equal([
      API,
      [
        {
          metadata: { name: "audit" },
          spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: "fast",
            resources: { requests: { storage: "5Gi" } },
          },
        },
      ],
    ]);
    expect(template.spec.volumes ?? []).to.deep.equal([]);
    expect(objects.some(({ kind, metadata }) => kind === "Deployment" && metadata.name === API)).to.equal(false);
    const none = podOf(await renderChart({ ...kept, "api.audit": { enabled: false } }), API);
    expect(JSON.stringify(none)).to.not.contain("audit");
  });

  it("refuses an API whose sign-in cannot work", async () => {
    const oidc = { issuer: "https://id.example.com", clientId: "overseer" };
    const enabled = {
      "api.publicUrl": "https://x.example.com",
      "api.impersonation": { enabled: true },
      "api.oidc": oidc,
    };
    const refused: readonly (readonly [Values, string])[] = [
      [{ "api.port": 8080 }, "api.port and metrics.port are both 8080"],
      [{ "api.ingress": { enabled: true, host: "x.example.com" } }, "tokens must not be sent without TLS"],
      [{ "api.oidc": oidc }, "api.oidc.issuer needs api.oidc.clientId, api.publicUrl and api.impersonation.enabled"],
      [{ ...enabled, "api.replicas": 2 }, "without api.session.keySecret each replica knows its own sessions only"],
      [{ "api.serviceAccount": { create: false } }, "api.serviceAccount.name"],
      [{ "api.publicUrl": "gitops.example.com" }, "'/api/publicUrl'"],
    ];
    for (const [values, text] of refused) expect(await refusalOf({ "api.enabled": true, ...values })).to.contain(text);
    expect(await refusalOf({ "api.enabled": true, ...enabled })).to.equal("it was taken");
  });
});
