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
]);
