import type { InputObject } from "../../../../src/migration/conversion.js";

/** An Application with these fields of its spec, over those of a directory in Git. */
export function application(spec: Record<string, unknown> = {}, more: Record<string, unknown> = {}): InputObject {
  const { metadata, ...rest } = more;
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "shop", namespace: "argocd", ...(metadata as object) },
    spec: {
      project: "default",
      source: { repoURL: "https://git.example.com/team/shop.git", path: "deploy", targetRevision: "HEAD" },
      destination: { server: "https://kubernetes.default.svc", namespace: "shop" },
      ...spec,
    },
    ...rest,
  } as InputObject;
}

/** An object of Flux in flux-system. */
export function flux(kind: string, name: string, spec: Record<string, unknown>, more: object = {}): InputObject {
  const groups: Record<string, string> = { Kustomization: "kustomize", HelmRelease: "helm" };
  const group = groups[kind] ?? "source";
  return {
    apiVersion: `${group}.toolkit.fluxcd.io/${kind === "HelmRelease" ? "v2" : "v1"}`,
    kind,
    metadata: { name, namespace: "flux-system" },
    spec,
    ...more,
  };
}

/** The repository of most tests. */
export const REPOSITORY = flux("GitRepository", "fleet", {
  url: "ssh://git@git.example.com/team/fleet.git",
  ref: { branch: "main" },
  interval: "5m",
  secretRef: { name: "fleet" },
});

/** An Application with every field that is known, each with a value that occurs once. */
export const FULL_APPLICATION: InputObject = application(
  {
    source: undefined,
    sources: [
      {
        repoURL: "https://git.example.com/team/full.git",
        path: "full-path",
        targetRevision: "full-branch",
        name: "full-name",
        kustomize: {
          namePrefix: "full-prefix-",
          nameSuffix: "-full-suffix",
          namespace: "full-namespace",
          images: ["full-image=full-new:full-tag"],
          replicas: [{ name: "full-replica", count: 7001 }],
          commonLabels: { "full-label": "full-label-value" },
          labelWithoutSelector: true,
          forceCommonLabels: true,
          patches: [{ target: { kind: "Full", name: "full-target" }, patch: "full: patch" }],
          components: ["full-component"],
          version: "full-kustomize",
        },
      },
      {
        repoURL: "https://git.example.com/team/full.git",
        path: "full-chart",
        helm: {
          releaseName: "full-release",
          valueFiles: ["full-values.yaml"],
          ignoreMissingValueFiles: true,
          values: "full: ignored",
          valuesObject: { full: "full-value" },
          parameters: [{ name: "full.parameter", value: "full-parameter", forceString: true }],
          skipCrds: true,
          skipTests: true,
          kubeVersion: "1.33.7",
          apiVersions: ["full.example.com/v1"],
          version: "v3",
          passCredentials: true,
        },
      },
      {
        repoURL: "https://git.example.com/team/full.git",
        path: "full-directory",
        directory: { recurse: true, include: "{*.yaml,full-include.yml}", exclude: "full-exclude/*" },
      },
    ],
    syncPolicy: {
      automated: { prune: true, selfHeal: true, allowEmpty: true, enabled: true },
      syncOptions: ["CreateNamespace=true", "PrunePropagationPolicy=foreground", "ServerSideApply=true"],
      retry: { limit: 5, refresh: true, backoff: { duration: "7s", factor: 3, maxDuration: "9m" } },
      managedNamespaceMetadata: { labels: { "full-namespace-label": "x" } },
    },
    ignoreDifferences: [
      {
        group: "full.group",
        kind: "FullKind",
        name: "full-ignored",
        namespace: "full-ignored-namespace",
        jsonPointers: ["/full/pointer"],
        jqPathExpressions: [".full.jq", ".full[] | select(.x)"],
        managedFieldsManagers: ["full-manager"],
      },
    ],
    info: [{ name: "full-info", value: "full-info-value" }],
    revisionHistoryLimit: 17,
    project: "full-project",
  },
  {
    metadata: {
      name: "full",
      namespace: "argocd",
      labels: { "full-kept": "full-kept-value" },
      annotations: { "notifications.argoproj.io/subscribe.on-failed.slack": "full-slack" },
      finalizers: ["resources-finalizer.argocd.argoproj.io"],
    },
  },
);

/** A Kustomization with every field that is known. */
export const FULL_KUSTOMIZATION = flux("Kustomization", "full", {
  interval: "10m",
  retryInterval: "2m",
  timeout: "7m",
  path: "./full/path",
  sourceRef: { kind: "GitRepository", name: "fleet", apiVersion: "source.toolkit.fluxcd.io/v1" },
  prune: true,
  deletionPolicy: "WaitForTermination",
  wait: false,
  force: true,
  suspend: true,
  targetNamespace: "full-target",
  namePrefix: "full-prefix-",
  nameSuffix: "-full-suffix",
  images: [{ name: "full-image", newName: "full-new", newTag: "full-tag", digest: "sha256:full" }],
  components: ["../full-component"],
  ignoreMissingComponents: true,
  patches: [{ target: { kind: "Full", name: "full-patched" }, patch: "full: patch" }],
  commonMetadata: { labels: { "full-label": "full-label-value" }, annotations: { "full-annotation": "full-text" } },
  postBuild: {
    substitute: { FULL_NAME: "full-substitute" },
    substituteFrom: [{ kind: "ConfigMap", name: "full-variables", optional: true }],
    substituteStrategy: "WithVariables",
  },
  decryption: { provider: "sops", secretRef: { name: "full-age" } },
  dependsOn: [{ name: "full-dependency", readyExpr: "dep.full" }],
  serviceAccountName: "full-account",
  kubeConfig: { secretRef: { name: "full-kubeconfig", key: "full-key" } },
  healthChecks: [{ apiVersion: "apps/v1", kind: "Deployment", name: "full-check", namespace: "full-check-namespace" }],
  healthCheckExprs: [
    { apiVersion: "full.example.com/v1", kind: "FullKind", current: "status.full", failed: "status.bad" },
  ],
  buildMetadata: ["originAnnotations"],
});

/** A HelmRelease with every field that is known, but what blocks it. */
export const FULL_RELEASE = flux("HelmRelease", "full", {
  interval: "10m",
  timeout: "8m",
  releaseName: "full-release",
  targetNamespace: "full-target",
  storageNamespace: "full-storage",
  maxHistory: 6,
  suspend: true,
  serviceAccountName: "full-account",
  chart: {
    metadata: { labels: { "full-chart-label": "x" } },
    spec: {
      chart: "./charts/full",
      version: "9.9.9",
      interval: "3m",
      reconcileStrategy: "Revision",
      sourceRef: { kind: "GitRepository", name: "fleet" },
      valuesFiles: ["./charts/full/full-values.yaml"],
      ignoreMissingValuesFiles: true,
      verify: { provider: "cosign" },
    },
  },
  values: { full: "full-value" },
  valuesFrom: [{ kind: "Secret", name: "full-secret", valuesKey: "full-key", targetPath: "full.path", optional: true }],
  install: { crds: "Skip", createNamespace: true, remediation: { retries: 3 } },
  upgrade: { force: true, cleanupOnFail: true, remediation: { retries: 2, strategy: "rollback" } },
  test: { enable: true },
  rollback: { recreate: true },
  uninstall: { keepHistory: true },
  driftDetection: {
    mode: "enabled",
    ignore: [{ paths: ["/full/ignored"], target: { kind: "FullKind", name: "full-ignored" } }],
  },
  postRenderers: [{ kustomize: { patches: [{ target: { kind: "Full" }, patch: "full: patch" }] } }],
  dependsOn: [{ name: "full-dependency", namespace: "flux-system" }],
  commonMetadata: { labels: { "full-common": "x" } },
});
