import { randomBytes } from "node:crypto";
import { systemClock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/logger.js";
import { ClusterConnection } from "../../../src/destinations/kubernetes/cluster-connection.js";
import { KubernetesDestination } from "../../../src/destinations/kubernetes/kubernetes-destination.js";
import { KnownManagers } from "../../../src/destinations/kubernetes/ownership/known-managers.js";
import { loadClusterAccess } from "../../../src/kube/client/auth.js";
import { KubeClient } from "../../../src/kube/client/kube-client.js";
import { Discovery } from "../../../src/kube/discovery.js";
import { createMetrics } from "../../../src/telemetry/metrics.js";
import { reflectorObserver } from "../../../src/telemetry/observers.js";
import { sharedControlPlane } from "../../support/control-plane.js";
import { keepsTheContract } from "../../support/destination-contract.js";
import { TestKube } from "../../support/kube.js";
import { renderFiles, request } from "../../unit/render/support/harness.js";

describe("A Kubernetes cluster as a destination", function () {
  this.timeout(120_000);
  keepsTheContract(async () => {
    const { kubeconfigPath } = await sharedControlPlane();
    const kube = await TestKube.connect(kubeconfigPath);
    const namespace = `contract-${randomBytes(3).toString("hex")}`;
    await kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const client = new KubeClient({
      access: await loadClusterAccess({ kubeconfig: kubeconfigPath }),
      userAgent: "tests",
    });
    const metrics = createMetrics({ clock: systemClock, version: "test" });
    const connection = new ClusterConnection({
      ...{ client, clock: systemClock, logger: silentLogger, discovery: new Discovery(client, systemClock) },
      ...{ instance: `instance-${namespace}`, digestKey: "0".repeat(32), applyConcurrency: 4, reader: "the test" },
      managers: new KnownManagers({ users: [], controllers: [] }),
      apps: { has: () => true, keys: () => [] },
      observerFor: (kind) => reflectorObserver(metrics, kind),
      appExists: () => true,
      busy: () => true,
      onVerify: () => {},
      events: { objectChanged: () => {}, verify: () => {}, retry: () => {}, granted: () => {}, rulesChanged: () => {} },
    });
    connection.start();
    const ref = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace, name });
    return {
      destination: new KubernetesDestination(connection, "kubernetes"),
      document: async (name, version) => {
        const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { version: "${version}" }\n`;
        const [document] = (await renderFiles({ "a.yaml": text }, request("", { defaultNamespace: namespace })))
          .documents;
        if (document === undefined) throw new Error("no document");
        return document;
      },
      edit: async ({ id }) => void (await kube.patch(ref(id.name), { data: { version: "edited" } })),
      exists: async ({ id }) => (await kube.get(ref(id.name))) !== undefined,
      stop: async () => {
        await connection.stop();
        await kube.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
      },
    };
  });
});
