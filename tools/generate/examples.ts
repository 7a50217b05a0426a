/**
 * One complete example per kind, for its page. A test applies each to a real API server with strict field validation.
 */
export const EXAMPLES: ReadonlyMap<string, string> = new Map([
  [
    "GitRepository",
    `
apiVersion: gitops.overseer.io/v1alpha1
kind: GitRepository
metadata:
  name: shop
  namespace: shop
spec:
  url: https://git.example.com/team/shop.git
  ref:
    branch: main
  interval: 3m
  secretRef:
    name: shop-git
  webhook:
    secretRef:
      name: shop-webhook
`,
  ],
  [
    "OverseerApp",
    `
apiVersion: gitops.overseer.io/v1alpha1
kind: OverseerApp
metadata:
  name: web
  namespace: shop
spec:
  source:
    repositoryRef:
      name: shop
    path: deploy/web
    exclude:
      - "**/*.test.yaml"
  destination:
    kubernetes:
      namespace: shop
  serviceAccountName: shop-deployer
  sync:
    pruneBudget: 25%
    adopt: Unowned
  health:
    timeout: 5m
  deletionPolicy: Delete
`,
  ],
  [
    "Change",
    `
apiVersion: gitops.overseer.io/v1alpha1
kind: Change
metadata:
  name: web-12
  namespace: shop
spec:
  app:
    name: web
  cause: Revision
  inputs:
    key: 5df6e0e2761359d30a8275058e299fcc
    revision: main@sha1:6f3c1f0a2b4d5e6f708192a3b4c5d6e7f8091a2b
    commit: 6f3c1f0a2b4d5e6f708192a3b4c5d6e7f8091a2b
    source:
      repositoryRef:
        name: shop
      path: deploy/web
`,
  ],
  [
    "Approval",
    `
apiVersion: gitops.overseer.io/v1alpha1
kind: Approval
metadata:
  name: web-12-bob
  namespace: shop
spec:
  app:
    name: web
  change:
    name: web-12
    uid: 0b6f2c5e-7a4e-4f0e-9d1c-2f6a1c0d9e11
  planHash: 1f0a2b4d5e6f708192a3b4c5d6e7f809
  decision: Approve
  comment: reviewed with the database team
  approver: bob@example.com
  groups:
    - shop-approvers
`,
  ],
  [
    "Environment",
    `
apiVersion: gitops.overseer.io/v1alpha1
kind: Environment
metadata:
  name: prod
spec:
  namespaces:
    - name: shop-prod
      from: shop-staging
  claims:
    - cluster: https://prod.example.com:6443
      namespaces: ["*"]
  promotesFrom:
    - staging
  promotion:
    soak: 2h
`,
  ],
  [
    "NotificationChannel",
    `
apiVersion: gitops.overseer.io/v1alpha1
kind: NotificationChannel
metadata:
  name: team-chat
  namespace: shop
spec:
  slack:
    secretRef:
      name: team-chat
  topics:
    - WaitingForApproval
    - Failed
    - Recovered
`,
  ],
  [
    "OverseerAppSet",
    `
apiVersion: gitops.overseer.io/v1alpha1
kind: OverseerAppSet
metadata:
  name: shops
  namespace: shop
spec:
  serviceAccountName: app-set
  generators:
    - gitFolders:
        repositoryRef:
          name: shop
        folders:
          - apps/*
        exclude:
          - apps/drafts
  template:
    metadata:
      name: "{{ .path.basename }}"
    spec:
      serviceAccountName: deployer
      source:
        repositoryRef:
          name: shop
        path: "{{ .path.path }}"
      destination:
        kubernetes: {}
`,
  ],
]);
