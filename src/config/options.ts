/** One setting of the operator, as it is read and as `--help` tells of it. */
export interface Option {
  /** Name on the command line, without the dashes. */
  readonly flag: string;
  /** What stands for the value in the help; left out: the flag takes none. */
  readonly value?: string;
  /** Environment variable that is used when the flag is not given. */
  readonly env?: string;
  /** What holds without flag and variable, for the help. */
  readonly fallback?: string;
  readonly help: string;
}

/**
 * Every setting, in the order of the help. What a value must look like stands in `settings.ts`, under the same name.
 * A setting comes from its flag, else from its variable, else from its default.
 */
export const OPTIONS = [
  {
    flag: "kubeconfig",
    value: "FILE",
    env: "KUBECONFIG",
    help: "Kubeconfig of the cluster to work on. Left out: the cluster of this pod.",
  },
  { flag: "context", value: "NAME", help: "Context of the kubeconfig. Left out: its current one." },
  {
    flag: "roles",
    value: "NAMES",
    env: "OVERSEER_ROLES",
    fallback: "controller,server",
    help: "What this process does, separated by commas: controller (fetch, apply, heal), server (receive webhooks).",
  },
  {
    flag: "server-address",
    value: "[HOST]:PORT",
    env: "OVERSEER_SERVER_ADDRESS",
    fallback: ":9090",
    help: "Where the role server receives webhooks, at /hooks/NAMESPACE/NAME of a GitRepository.",
  },
  {
    flag: "metrics-address",
    value: "[HOST]:PORT",
    env: "OVERSEER_METRICS_ADDRESS",
    fallback: ":8080",
    help: "Where /metrics, /healthz, /readyz and /version are served.",
  },
  {
    flag: "log-level",
    value: "LEVEL",
    env: "OVERSEER_LOG_LEVEL",
    fallback: "info",
    help: "Least severity that is logged: error, warn, info or debug.",
  },
  {
    flag: "cache-dir",
    value: "DIR",
    env: "OVERSEER_CACHE_DIR",
    fallback: "/var/cache/overseer-gitops in a pod, else in the user's cache folder",
    help: "Folder for fetched Git objects. What is in it can be lost at any time.",
  },
  {
    flag: "git-engine",
    value: "NAME",
    env: "OVERSEER_GIT_ENGINE",
    fallback: "auto",
    help: "What fetches from Git: native (the program git, from 2.31 on), isomorphic (built in, slower with large repositories), or auto: native where git is found.",
  },
  {
    flag: "git-cache-bytes",
    value: "N",
    env: "OVERSEER_GIT_CACHE_BYTES",
    fallback: "0",
    help: "How many bytes the fetched Git objects of all repositories may take. Above it, new and large repositories are not fetched. Fetches under way come on top, so leave some room. 0: no limit.",
  },
  {
    flag: "git-max-fetch-bytes",
    value: "N",
    env: "OVERSEER_GIT_MAX_FETCH_BYTES",
    fallback: "268435456",
    help: "How many bytes one fetch of a repository may bring: one commit, without its history.",
  },
  {
    flag: "git-max-object-bytes",
    value: "N",
    env: "OVERSEER_GIT_MAX_OBJECT_BYTES",
    fallback: "67108864",
    help: "How large one file of a repository may be. With the native Git engine a larger one is refused only where an app needs it; the built-in engine refuses the repository.",
  },
  {
    flag: "max-file-bytes",
    value: "N",
    env: "OVERSEER_MAX_FILE_BYTES",
    fallback: "16777216",
    help: "How large one file of manifests may be.",
  },
  {
    flag: "max-source-bytes",
    value: "N",
    env: "OVERSEER_MAX_SOURCE_BYTES",
    fallback: "67108864",
    help: "How large the files of manifests of one app may be together.",
  },
  {
    flag: "max-source-files",
    value: "N",
    env: "OVERSEER_MAX_SOURCE_FILES",
    fallback: "50000",
    help: "How many files there may be below the path of one app, selected or not.",
  },
  {
    flag: "kubectl",
    value: "PATH",
    env: "OVERSEER_KUBECTL",
    fallback: "kubectl in /usr/local/bin, /usr/bin or /bin",
    help: "Program that renders Kustomize sources. Without it, only these sources fail.",
  },
  {
    flag: "helm",
    value: "PATH",
    env: "OVERSEER_HELM",
    fallback: "helm in /usr/local/bin, /usr/bin or /bin",
    help: "Program that renders Helm sources. Without it, only these sources fail.",
  },
  {
    flag: "render-timeout",
    value: "DURATION",
    env: "OVERSEER_RENDER_TIMEOUT",
    fallback: "30s",
    help: "Time limit of one run of kubectl or helm.",
  },
  {
    flag: "render-cache-bytes",
    value: "N",
    env: "OVERSEER_RENDER_CACHE_BYTES",
    fallback: "268435456",
    help: "Size limit of rendered results kept in the cache folder, encrypted. The least recently used go first. 0: keep none.",
  },
  {
    flag: "watch-namespaces",
    value: "NAMES",
    env: "OVERSEER_WATCH_NAMESPACES",
    fallback: "all namespaces",
    help: "Namespaces, separated by commas, whose GitRepositories and OverseerApps this installation looks after. Another installation can look after others.",
  },
  {
    flag: "trusted-namespaces",
    value: "NAMES",
    env: "OVERSEER_TRUSTED_NAMESPACES",
    fallback: "the operator's own namespace",
    help: "Namespaces, separated by commas, whose apps may use the operator's own rights when they name no service account. An empty text: none.",
  },
  {
    flag: "trusted-service-account",
    value: "NAME",
    env: "OVERSEER_TRUSTED_SERVICE_ACCOUNT",
    fallback: "none: the operator's own rights",
    help: "ServiceAccount of the operator's own namespace that these apps write as, instead of the operator itself.",
  },
  {
    flag: "concurrency",
    value: "N",
    env: "OVERSEER_CONCURRENCY",
    fallback: "8",
    help: "How many apps are reconciled at once.",
  },
  {
    flag: "apply-concurrency",
    value: "N",
    env: "OVERSEER_APPLY_CONCURRENCY",
    fallback: "8",
    help: "How many writes and dry runs of objects are under way at once, over all apps of one cluster.",
  },
  {
    flag: "identity",
    value: "NAME",
    env: "OVERSEER_IDENTITY",
    fallback: "pod or host name, and some random digits",
    help: "Name of this process in leases and Events.",
  },
  {
    flag: "leader-election",
    value: "BOOL",
    env: "OVERSEER_LEADER_ELECTION",
    fallback: "true",
    help: "Whether one of several operators is elected to work by a lease, while the others stand by. false: this is the only one.",
  },
  {
    flag: "lease-name",
    value: "NAME",
    env: "OVERSEER_LEASE_NAME",
    fallback: "overseer-gitops",
    help: "Name of the lease, in the operator's namespace.",
  },
  {
    flag: "lease-duration",
    value: "DURATION",
    env: "OVERSEER_LEASE_DURATION",
    fallback: "15s",
    help: "How long the others wait after the last renewal that they saw before one of them takes over. Whole seconds.",
  },
  {
    flag: "lease-renew-deadline",
    value: "DURATION",
    env: "OVERSEER_LEASE_RENEW_DEADLINE",
    fallback: "10s",
    help: "How long the leader goes on writing without a renewal. At least a second shorter than --lease-duration.",
  },
  {
    flag: "lease-retry-period",
    value: "DURATION",
    env: "OVERSEER_LEASE_RETRY_PERIOD",
    fallback: "2s",
    help: "How often the leader renews, and how long a failed try rests. At most a third of --lease-renew-deadline.",
  },
  {
    flag: "failpoint",
    value: "POINT[#N]",
    env: "OVERSEER_FAILPOINT",
    help: "For tests: end this process at a boundary between two phases, the Nth time it is reached.",
  },
  { flag: "version", help: "Print the version and exit." },
  { flag: "help", help: "Print this text and exit." },
] as const satisfies readonly Option[];

/** Name of a setting that has a value. */
export type SettingName = Extract<(typeof OPTIONS)[number], { value: string }>["flag"];

/** The settings that have a value. */
export const SETTINGS: readonly (Option & { readonly flag: SettingName })[] = OPTIONS.filter(
  (option) => "value" in option,
);
