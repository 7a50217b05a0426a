import type { BadSpec } from "../crd-cases.js";

/** Bad specs of Environments. */
export const environmentCases: readonly BadSpec[] = [
  {
    kind: "Environment",
    set: { claims: [{ cluster: "https://prod.example.com" }] },
    field: "spec.claims[0]",
    message: "a claim requires exactly one of namespaces and core",
  },
  {
    kind: "Environment",
    set: { claims: [{ core: "https://core.example.com", cluster: "https://prod.example.com" }] },
    field: "spec.claims[0].cluster",
    message: "cluster is for namespaces only: remove it from the claim of a core",
  },
  {
    kind: "Environment",
    set: { promotion: { soak: "1h" } },
    field: "spec.promotion",
    message: "promotion requires promotesFrom",
  },
  {
    kind: "Environment",
    set: { namespaces: [{ name: "shop-prod", from: "shop-staging" }] },
    field: "spec.namespaces",
    message: "namespaces[].from requires promotesFrom",
  },
  {
    kind: "Environment",
    set: { promotesFrom: ["staging"], promotion: { soak: "9000h" } },
    field: "spec.promotion.soak",
    message: "must not be longer than 8784h",
  },
  {
    kind: "Environment",
    set: { promotesFrom: ["staging"], promotion: { soak: "500ms" } },
    field: "spec.promotion.soak",
    message: "must not be shorter than 1s",
  },
];
