import { API_OPTIONS } from "./api-options.js";
import { GIT_LIMIT_OPTIONS } from "./git-limit-options.js";
import { RENDER_OPTIONS } from "./render-options.js";

/** One setting of the operator: how it is read, and what `--help` shows for it. */
export interface Option {
  /** Name on the command line, without the dashes. */
  readonly flag: string;
  /** Placeholder for the value in the help. If unset, the flag takes no value. */
  readonly value?: string;
  /** Environment variable to read when the flag is not set. */
  readonly env?: string;
  /** Default value, as shown in the help. */
  readonly fallback?: string;
  readonly help: string;
}

/**
 * Every setting, in the order of the help; `settings.ts` validates the values, under the same names.
 * The flag takes precedence over the environment variable, and the variable over the default.
 */
export const OPTIONS = [
  {
    flag: "kubeconfig",
    value: "FILE",
    env: "KUBECONFIG",
    help: "Path to a kubeconfig. Defaults to the in-cluster configuration.",
  },
  { flag: "context", value: "NAME", help: "Kubeconfig context to use. Defaults to the current context." },
  {
    flag: "roles",
    value: "NAMES",
    env: "OVERSEER_ROLES",
    fallback: "controller,server",
    help: "Comma-separated roles of this process: controller (fetch, apply, revert drift), server (receive webhooks), api (serve the REST API and sign-in).",
  },
  {
    flag: "server-address",
    value: "[HOST]:PORT",
    env: "OVERSEER_SERVER_ADDRESS",
    fallback: ":9090",
    help: "Address on which the server role receives webhooks, at /hooks/NAMESPACE/NAME for each GitRepository.",
  },
  ...API_OPTIONS,
  {
    flag: "metrics-address",
    value: "[HOST]:PORT",
    env: "OVERSEER_METRICS_ADDRESS",
    fallback: ":8080",
    help: "Address that serves /metrics, /healthz, /readyz and /version.",
  },
  {
    flag: "metrics-per-app",
    value: "BOOL",
    env: "OVERSEER_METRICS_PER_APP",
    fallback: "true",
    help: "Export metrics of each OverseerApp. If false, only totals are exported: for installations with so many apps that Prometheus cannot keep about 10 series for each.",
  },
  {
    flag: "log-level",
    value: "LEVEL",
    env: "OVERSEER_LOG_LEVEL",
    fallback: "info",
    help: "Minimum severity to log: error, warn, info or debug.",
  },
  {
    flag: "cache-dir",
    value: "DIR",
    env: "OVERSEER_CACHE_DIR",
    fallback: "/var/cache/overseer-gitops in a pod, otherwise the user's cache directory",
    help: "Directory for fetched Git objects and rendered results. Its contents can be deleted at any time.",
  },
  {
    flag: "audit-dir",
    value: "DIR",
    env: "OVERSEER_AUDIT_DIR",
    help: "Directory for the audit trail: files audit*.jsonl of 64 MiB, of which 16 are kept. Must be on a volume that outlives the pod. Defaults to none: records are logged only.",
  },
  {
    flag: "git-engine",
    value: "NAME",
    env: "OVERSEER_GIT_ENGINE",
    fallback: "auto",
    help: "Git client: native (the git program, 2.31 or later), isomorphic (built in, slower for large repositories), or auto (native if git is found, otherwise isomorphic).",
  },
  {
    flag: "allowed-git-hosts",
    value: "HOST,…",
    env: "OVERSEER_ALLOWED_GIT_HOSTS",
    fallback: "all",
    help: "Comma-separated hosts that GitRepositories may use, for themselves and for proxies in spec.proxySecretRef: names, *.example.com for all names below a domain, each optionally with :port. Requests to other hosts are not sent.",
  },
  {
    flag: "notification-hosts",
    value: "HOST,…",
    env: "OVERSEER_NOTIFICATION_HOSTS",
    fallback: "none",
    help: "Comma-separated hosts that NotificationChannels may use although their addresses are private, loopback or link-local: names, *.example.com for all names below a domain, each optionally with :port. Hosts with public addresses are always allowed.",
  },
  {
    flag: "secret-store-hosts",
    value: "HOST,…",
    env: "OVERSEER_SECRET_STORE_HOSTS",
    fallback: "none",
    help: "Comma-separated hosts that source.secretStores of apps may name although their addresses are private, loopback or link-local, for example vault.vault.svc; the same forms as in --notification-hosts.",
  },
  {
    flag: "allowed-chart-hosts",
    value: "HOST,…",
    env: "OVERSEER_ALLOWED_CHART_HOSTS",
    fallback: "all",
    help: "Comma-separated hosts that charts may be pulled from, for apps with source.helm.chart; the same forms as in --allowed-git-hosts.",
  },
  {
    flag: "allowed-remote-base-hosts",
    value: "HOST,…",
    env: "OVERSEER_ALLOWED_REMOTE_BASE_HOSTS",
    fallback: "none",
    help: "Comma-separated hosts that remote bases of Kustomize may be fetched from, for apps with source.kustomize.allowRemoteBases; the same forms as in --allowed-git-hosts, which applies as well.",
  },
  {
    flag: "refuse-plaintext-secrets",
    value: "BOOL",
    env: "OVERSEER_REFUSE_PLAINTEXT_SECRETS",
    fallback: "false",
    help: "Refuse sources with a Secret whose values are readable in Git and look like credentials, instead of noting them.",
  },
  {
    flag: "commit-status-url",
    value: "URL",
    env: "OVERSEER_COMMIT_STATUS_URL",
    help: "URL that commit statuses at Git hosts link to; {namespace} and {name} are replaced by those of the app. Defaults to no link.",
  },
  ...GIT_LIMIT_OPTIONS,
  {
    flag: "max-file-bytes",
    value: "N",
    env: "OVERSEER_MAX_FILE_BYTES",
    fallback: "16777216",
    help: "Maximum size, in bytes, of one manifest file.",
  },
  {
    flag: "max-source-bytes",
    value: "N",
    env: "OVERSEER_MAX_SOURCE_BYTES",
    fallback: "67108864",
    help: "Maximum total size, in bytes, of the manifest files of one app.",
  },
  {
    flag: "max-source-files",
    value: "N",
    env: "OVERSEER_MAX_SOURCE_FILES",
    fallback: "50000",
    help: "Maximum number of files below the path of one app, including files that are not selected.",
  },
  ...RENDER_OPTIONS,
  {
    flag: "watch-namespaces",
    value: "NAMES",
    env: "OVERSEER_WATCH_NAMESPACES",
    fallback: "all namespaces",
    help: "Comma-separated namespaces whose GitRepositories and OverseerApps this installation manages. Another installation can manage other namespaces.",
  },
  {
    flag: "shards",
    value: "GROUPS",
    env: "OVERSEER_SHARDS",
    help: "Groups of namespaces that replicas divide among themselves, like payments=pay-dev,pay-prod;web=web-dev. Each group has a Lease and one active replica. All other namespaces are one more group. Requires leader election.",
  },
  {
    flag: "trusted-namespaces",
    value: "NAMES",
    env: "OVERSEER_TRUSTED_NAMESPACES",
    fallback: "the operator's own namespace",
    help: "Comma-separated namespaces whose apps may use the operator's own permissions if they set no service account. An empty value means none.",
  },
  {
    flag: "trusted-service-account",
    value: "NAME",
    env: "OVERSEER_TRUSTED_SERVICE_ACCOUNT",
    fallback: "the operator's own identity",
    help: "ServiceAccount in the operator's namespace to impersonate for apps in trusted namespaces that set no service account.",
  },
  {
    flag: "approving-service-accounts",
    value: "NAMESPACE/NAME,…",
    env: "OVERSEER_APPROVING_SERVICE_ACCOUNTS",
    fallback: "none",
    help: "Comma-separated ServiceAccounts that may create Approvals, as in the ValidatingAdmissionPolicy of the installation. Other ServiceAccounts may not.",
  },
  {
    flag: "concurrency",
    value: "N",
    env: "OVERSEER_CONCURRENCY",
    fallback: "8",
    help: "Maximum number of apps reconciled concurrently.",
  },
  {
    flag: "apply-concurrency",
    value: "N",
    env: "OVERSEER_APPLY_CONCURRENCY",
    fallback: "8",
    help: "Maximum number of concurrent writes and dry runs of objects, across all apps of one cluster.",
  },
  {
    flag: "user-field-managers",
    value: "NAMES",
    env: "OVERSEER_USER_FIELD_MANAGERS",
    fallback: "k9s,Lens,OpenLens,Freelens,headlamp,Mozilla",
    help: "Comma-separated field managers of clients that people use, beside kubectl: what they add to live objects is drift (spec.sync.additions). A name may end with *. Mozilla is any browser, as in the web UIs that pass its user agent on.",
  },
  {
    flag: "controller-field-managers",
    value: "NAMES",
    env: "OVERSEER_CONTROLLER_FIELD_MANAGERS",
    fallback: "none",
    help: "Comma-separated field managers of controllers, beside those of Kubernetes: what they add to live objects is never reverted, also if spec.sync.additions is RevertAll. A name may end with *.",
  },
  {
    flag: "identity",
    value: "NAME",
    env: "OVERSEER_IDENTITY",
    fallback: "pod or host name with a random suffix",
    help: "Name of this process in leases and Events.",
  },
  {
    flag: "leader-election",
    value: "BOOL",
    env: "OVERSEER_LEADER_ELECTION",
    fallback: "true",
    help: "Enable leader election, so that one of several replicas is active. Disable it only with a single replica.",
  },
  {
    flag: "lease-name",
    value: "NAME",
    env: "OVERSEER_LEASE_NAME",
    fallback: "overseer-gitops",
    help: "Name of the Lease in the operator's namespace.",
  },
  {
    flag: "lease-duration",
    value: "DURATION",
    env: "OVERSEER_LEASE_DURATION",
    fallback: "15s",
    help: "Time that standby replicas wait after the last observed renewal before one of them acquires the lease. Must be whole seconds.",
  },
  {
    flag: "lease-renew-deadline",
    value: "DURATION",
    env: "OVERSEER_LEASE_RENEW_DEADLINE",
    fallback: "10s",
    help: "Time after which a leader that cannot renew its lease stops writing. Must be at least one second shorter than --lease-duration.",
  },
  {
    flag: "lease-retry-period",
    value: "DURATION",
    env: "OVERSEER_LEASE_RETRY_PERIOD",
    fallback: "2s",
    help: "Interval between renewals, and the delay after a failed attempt. Must be at most a third of --lease-renew-deadline.",
  },
  {
    flag: "failpoint",
    value: "POINT[#N]",
    env: "OVERSEER_FAILPOINT",
    help: "For tests only: exit at the named boundary between two phases, the Nth time it is reached.",
  },
  { flag: "version", help: "Print the version and exit." },
  { flag: "help", help: "Print this help and exit." },
] as const satisfies readonly Option[];

/** Name of a setting that takes a value. */
export type SettingName = Extract<(typeof OPTIONS)[number], { value: string }>["flag"];

/** Settings that take a value. */
export const SETTINGS: readonly (Option & { readonly flag: SettingName })[] = OPTIONS.filter(
  (option) => "value" in option,
);
