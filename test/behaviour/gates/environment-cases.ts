import type { BadSpec } from "../crd-cases.js";

/** Bad specs of Environments. */
export const environmentCases: readonly BadSpec[] = [
  {
    kind: "Environment",
    set: { claims: [{ cluster: "https://prod.example.com" }] },
    field: "spec.claims[0]",
    message: "a claim requires either core, or namespaces or clusterObjects",
  },
  {
    kind: "Environment",
    set: { claims: [{ core: "https://core.example.com", cluster: "https://prod.example.com" }] },
    field: "spec.claims[0].cluster",
    message: "a core is not in a cluster: remove cluster from the claim",
  },
  {
    kind: "Environment",
    set: { promotion: { soak: "1h" } },
    field: "spec.promotion",
    message: "promotion requires promotesFrom",
  },
  {
    kind: "Environment",
    set: { promotesFrom: ["staging"], promotion: { pullRequests: true } },
    field: "spec.promotion.pullRequests",
    message: "pullRequests requires compare: Images, since commits need no pull request",
  },
  {
    kind: "Environment",
    set: {
      promotesFrom: ["staging"],
      promotion: { compare: "Images", groups: [{ name: "shop", apps: [{ name: "web" }, { name: "api" }] }] },
    },
    field: "spec.promotion.groups",
    message: "groups requires compare: Commit, since images are compared for each app by itself",
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
  ...(
    [
      ["10s", "must not be shorter than 1m"],
      ["9000h", "must not be longer than 8784h"],
    ] as const
  ).map(
    ([expires, message]): BadSpec => ({
      kind: "Environment",
      set: { gates: { approval: { expires } } },
      field: "spec.gates.approval.expires",
      message,
    }),
  ),
  {
    kind: "Approval",
    set: { decision: "BreakGlass" },
    field: "spec.comment",
    message: "decision BreakGlass requires a comment of at least 10 characters that says why",
  },
  ...(
    [
      ["500ms", "must not be shorter than 1s"],
      ["9000h", "must not be longer than 8784h"],
    ] as const
  ).map(
    ([duration, message]): BadSpec => ({
      kind: "Environment",
      set: { windows: [{ kind: "Deny", schedule: "0 0 * * *", duration }] },
      field: "spec.windows[0].duration",
      message,
    }),
  ),
  {
    kind: "Change",
    set: { cause: "Promotion", inputs: undefined, requester: "bob" },
    field: "spec",
    message: "cause Promotion requires promote; it must not be set for other causes",
  },
];
