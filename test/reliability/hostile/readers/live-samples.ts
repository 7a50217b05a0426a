/** Fields of our manager. */
export const FIELDS = {
  "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
  "f:spec": {
    "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {} } },
    "f:finalizers": { 'v:"a"': {} },
  },
};
/** Metadata of an object of ours. */
export const OWN = {
  labels: { "gitops.overseer.io/app": "web", "gitops.overseer.io/app-namespace": "shop" },
  annotations: {
    "gitops.overseer.io/applied": "abc.def.prune=disabled,x",
    "gitops.overseer.io/identity": "uid/apps/Deployment/shop/web#00",
    "gitops.overseer.io/wave": "3",
    "gitops.overseer.io/hook": "PreSync",
    "gitops.overseer.io/hook-run": "uid PreSync",
  },
};
/** A live Deployment of ours. */
export const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "u",
    resourceVersion: "1",
    generation: 2,
    ...OWN,
    managedFields: [
      {
        manager: "overseer:shop/web",
        operation: "Apply",
        apiVersion: "apps/v1",
        time: "2026-01-01T00:00:00Z",
        fieldsType: "FieldsV1",
        fieldsV1: FIELDS,
      },
    ],
  },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { spec: { containers: [{ name: "web", image: "x:1" }] } },
  },
  status: {
    observedGeneration: 2,
    replicas: 2,
    updatedReplicas: 2,
    availableReplicas: 2,
    conditions: [{ type: "Available", status: "True", reason: "Ok", message: "fine" }],
  },
};
