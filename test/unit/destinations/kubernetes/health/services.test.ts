import { expect } from "chai";
import { condition, health } from "./objects.js";

type Row = readonly [string, unknown, unknown, string];

function rows(kind: string, table: readonly Row[]): void {
  for (const [title, status, spec, expected] of table) {
    it(title, () => expect(health(kind, status, spec)).to.equal(expected));
  }
}

describe("health of a Service", () => {
  const balancer = { type: "LoadBalancer", clusterIP: "10.0.0.1" };
  const pending = "Progressing: is waiting for a load balancer address";
  rows("v1 Service", [
    ["is Healthy as ClusterIP", { loadBalancer: {} }, { type: "ClusterIP" }, "Healthy"],
    ["is Healthy without a type", undefined, {}, "Healthy"],
    [
      "is Healthy as NodePort, ExternalName or headless",
      { loadBalancer: {} },
      { type: "ExternalName", clusterIP: "None" },
      "Healthy",
    ],
    [
      "is Healthy as LoadBalancer with an address",
      { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
      balancer,
      "Healthy",
    ],
    [
      "is Healthy as LoadBalancer with a host name",
      { loadBalancer: { ingress: [{ hostname: "a.example.com" }] } },
      balancer,
      "Healthy",
    ],
    [
      "is Progressing as LoadBalancer without an address (kstatus: Current with a cluster IP)",
      { loadBalancer: {} },
      balancer,
      pending,
    ],
    ["is Progressing as LoadBalancer with no addresses", { loadBalancer: { ingress: [] } }, balancer, pending],
    ["is Progressing as LoadBalancer without a status", undefined, balancer, pending],
  ]);
});

describe("health of a PersistentVolumeClaim", () => {
  rows("v1 PersistentVolumeClaim", [
    ["is Healthy when bound", { phase: "Bound" }, {}, "Healthy"],
    [
      "is Healthy while pending: it may bind with its first pod (kstatus: InProgress)",
      { phase: "Pending" },
      {},
      "Healthy: is not bound yet",
    ],
    ["is Healthy without a status (kstatus: InProgress)", undefined, {}, "Healthy: is not bound yet"],
    [
      "is Degraded when its volume is lost (kstatus: InProgress)",
      { phase: "Lost" },
      {},
      "Degraded: has lost its volume",
    ],
  ]);
});

describe("health of a CustomResourceDefinition", () => {
  const established = condition("Established", "True", "InitialNamesAccepted");
  rows("apiextensions.k8s.io/v1 CustomResourceDefinition", [
    ["is Healthy when it is served", { conditions: [condition("NamesAccepted", "True"), established] }, {}, "Healthy"],
    ["is Progressing without a status", undefined, {}, "Progressing: is not served yet"],
    [
      "is Progressing while it is installed",
      { conditions: [condition("Established", "False", "Installing")] },
      {},
      "Progressing: is not served yet",
    ],
    [
      "is Degraded when its names are taken",
      {
        conditions: [
          condition("NamesAccepted", "False", "PluralConflict", '"widgets" is already in use'),
          condition("Established", "False", "NotAccepted"),
        ],
      },
      {},
      'Degraded: PluralConflict: "widgets" is already in use',
    ],
    [
      "is Degraded when a new name is taken, also while it is served",
      { conditions: [established, condition("NamesAccepted", "False", "KindConflict")] },
      {},
      "Degraded: KindConflict",
    ],
  ]);
});

describe("health of an Ingress", () => {
  rows("networking.k8s.io/v1 Ingress", [
    ["is Healthy with an address", { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } }, {}, "Healthy"],
    ["is Healthy without: nobody may ever give it one", { loadBalancer: {} }, {}, "Healthy"],
    ["is Healthy without a status", undefined, {}, "Healthy"],
  ]);
});
