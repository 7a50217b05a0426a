import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { formatDuration } from "../base/duration.js";
import type { Failpoint } from "../base/failpoint.js";
import type { ProxyRules } from "../base/proxy.js";
import { type SignInSettings, signInSettings } from "./api-settings.js";
import { type Environment, type RawSettings, readCommandLine } from "./command-line.js";
import { ConfigError } from "./errors.js";
import { type HostSettings, hostSettings } from "./host-settings.js";
import type { SettingName } from "./options.js";
import { readProxies } from "./proxy.js";
import { DEFAULT_ROLES, type ListenAddress, type RoleName, SETTING_SCHEMAS } from "./settings.js";
import { checkShards, type ShardSettings } from "./shards.js";

/** Validated settings of the operator. */
export interface Config extends HostSettings {
  /** Text to print before exiting, instead of running. */
  readonly show: "help" | "version" | undefined;
  readonly cluster: ClusterSettings;
  readonly roles: ReadonlySet<RoleName>;
  /** Address on which the `server` role receives webhooks. */
  readonly serverAddress: ListenAddress;
  /** Address on which the `api` role serves the REST API. */
  readonly apiAddress: ListenAddress;
  /** How the leader answers the `api` role. */
  readonly internal: InternalSettings;
  /** File with the token by which the `api` role calls the leader. */
  readonly leaderTokenFile: string | undefined;
  /** Proxies whose X-Forwarded-For counts at the `api` role. */
  readonly trustedProxies: readonly string[];
  readonly signIn: SignInSettings;
  readonly metricsAddress: ListenAddress;
  /** Whether apps and repositories have metrics of their own. */
  readonly metricsPerApp: boolean;
  readonly logLevel: "error" | "warn" | "info" | "debug";
  /** Absolute path. */
  readonly cacheDir: string;
  /** Absolute path of the directory of audit files; undefined for the log only. */
  readonly auditDir: string | undefined;
  /** Git client; `auto` uses the git program if it is found. */
  readonly gitEngine: "auto" | "native" | "isomorphic";
  /** URL that commit statuses link to, with `{namespace}` and `{name}` for those of the app; undefined for no link. */
  readonly commitStatusUrl: string | undefined;
  /** Maximum total size of fetched Git objects; 0 means no limit. */
  readonly gitCacheBytes: number;
  /** Size limits of repositories and sources; unset limits have defaults where they are enforced. */
  readonly limits: LimitSettings;
  readonly render: RenderSettings;
  /** Proxies for requests to Git hosts. */
  readonly proxies: ProxyRules;
  /** Warnings to log about ignored environment variables. */
  readonly warnings: readonly string[];
  /** The operator's own namespace, which contains its Leases and Events. */
  readonly namespace: string;
  /** Namespaces whose custom resources are managed; undefined means all. */
  readonly watchNamespaces: readonly string[] | undefined;
  /** Whether this installation manages all namespaces, also if a shard does not. */
  readonly wholeCluster: boolean;
  /** Namespaces whose custom resources are not managed, although all are watched: those of other shards. */
  readonly exceptNamespaces: readonly string[];
  /** Groups of namespaces that replicas divide among themselves; empty means that one replica manages everything. */
  readonly shards: readonly ShardSettings[];
  readonly trustedNamespaces: readonly string[];
  /** User to impersonate for apps in trusted namespaces that set no ServiceAccount; undefined means the operator itself. */
  readonly trustedUser: string | undefined;
  /** User names of the ServiceAccounts that may approve Changes. */
  readonly approvingUsers: readonly string[];
  /** Maximum number of apps reconciled concurrently. */
  readonly concurrency: number;
  /** Maximum number of concurrent writes and dry runs, across all apps of one cluster. */
  readonly applyConcurrency: number;
  /** Field managers of people's clients and of controllers, beside the known ones. */
  readonly fieldManagers: { readonly users: readonly string[]; readonly controllers: readonly string[] };
  readonly identity: string;
  /** Leader election; undefined means that it is disabled. */
  readonly election: ElectionSettings | undefined;
  readonly failpoint: { readonly point: Failpoint; readonly occurrence: number } | undefined;
}

/** How to reach the cluster: through a kubeconfig if set, otherwise through the in-cluster configuration. */
export interface ClusterSettings {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly serviceHost?: string;
  readonly servicePort?: string;
}

/** Settings of the address at which the leader answers the `api` role. */
export interface InternalSettings {
  readonly address: ListenAddress | undefined;
  /** Host to announce if the address has none. */
  readonly host: string;
  /** Name of the Lease that announces it. */
  readonly leaseName: string;
  /** User names of the ServiceAccounts that may call it. */
  readonly callers: readonly string[];
}

/** Settings for rendering Kustomize and Helm sources. */
export interface RenderSettings {
  /** Path or name of the program; undefined means the default search path. */
  readonly kubectl: string | undefined;
  readonly helm: string | undefined;
  readonly sops: string | undefined;
  readonly timeoutMs: number;
  /** Maximum size of cached results; 0 disables the cache. */
  readonly cacheBytes: number;
  /** Whether Secrets that are readable in Git are refused. */
  readonly refusesPlaintextSecrets: boolean;
}

/** Limits set by the user, under the names used by the modules that enforce them. */
export interface LimitSettings {
  readonly maxPackBytes?: number;
  readonly maxObjectBytes?: number;
  readonly maxFileBytes?: number;
  readonly maxTotalBytes?: number;
  readonly maxFiles?: number;
}

/** Settings of the leader election Lease; times in milliseconds. */
export interface ElectionSettings {
  readonly leaseName: string;
  readonly durationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

/** Namespace of the operator if neither `POD_NAMESPACE` nor a service account specifies it. */
export const DEFAULT_NAMESPACE = "overseer-system";
const DEFAULT_LEASE_NAME = "overseer-gitops";
const NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
const POD_CACHE_DIR = "/var/cache/overseer-gitops";

/** Reads a local file; returns undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/**
 * Builds the configuration from flags, environment variables and defaults. This is the only reader of the environment.
 *
 * @throws ConfigError whose message names the flag or variable, the error and the expected value.
 */
export function loadConfig(argv: readonly string[], env: Environment, read: ReadText = readText): Config {
  const raw = readCommandLine(argv, env);
  const values = checkSettings(raw);
  const proxies = readProxies(env);
  const shards = values.shards ?? [];
  checkShards(shards, {
    elects: values["leader-election"] !== false,
    watched: values["watch-namespaces"]?.length ? values["watch-namespaces"] : undefined,
    leaderCalls: values["internal-address"] !== undefined,
  });
  const namespace = env.POD_NAMESPACE || read(NAMESPACE_FILE)?.trim() || DEFAULT_NAMESPACE;
  return {
    show: raw.show,
    cluster: clusterSettings(values, env),
    roles: values.roles ?? new Set(DEFAULT_ROLES),
    serverAddress: values["server-address"] ?? { port: 9090 },
    apiAddress: values["api-address"] ?? { port: 9091 },
    internal: {
      address: values["internal-address"],
      host: env.POD_IP || hostname(),
      leaseName: values["lease-name"] ?? DEFAULT_LEASE_NAME,
      callers: userNames(values["internal-callers"]),
    },
    leaderTokenFile: values["leader-token-file"],
    trustedProxies: values["trusted-proxies"] ?? [],
    signIn: signInSettings(values),
    metricsAddress: values["metrics-address"] ?? { port: 8080 },
    metricsPerApp: values["metrics-per-app"] ?? true,
    logLevel: values["log-level"] ?? "info",
    auditDir: values["audit-dir"] === undefined ? undefined : resolve(values["audit-dir"]),
    cacheDir: resolve(values["cache-dir"] ?? defaultCacheDir(env)),
    gitEngine: values["git-engine"] ?? "auto",
    ...hostSettings(values),
    commitStatusUrl: values["commit-status-url"],
    gitCacheBytes: values["git-cache-bytes"] ?? 0,
    limits: limitSettings(values),
    render: {
      kubectl: values.kubectl,
      helm: values.helm,
      sops: values.sops,
      timeoutMs: values["render-timeout"] ?? 30_000,
      cacheBytes: values["render-cache-bytes"] ?? 256 * 2 ** 20,
      refusesPlaintextSecrets: values["refuse-plaintext-secrets"] ?? false,
    },
    proxies: proxies.rules,
    warnings: proxies.warnings,
    namespace,
    watchNamespaces: values["watch-namespaces"]?.length ? values["watch-namespaces"] : undefined,
    wholeCluster: !values["watch-namespaces"]?.length,
    exceptNamespaces: [],
    shards,
    trustedNamespaces: values["trusted-namespaces"] ?? [namespace],
    trustedUser: trustedUser(values, namespace),
    approvingUsers: userNames(values["approving-service-accounts"]),
    concurrency: values.concurrency ?? 8,
    applyConcurrency: values["apply-concurrency"] ?? 8,
    fieldManagers: {
      users: values["user-field-managers"] ?? USER_FIELD_MANAGERS,
      controllers: values["controller-field-managers"] ?? [],
    },
    identity: values.identity ?? `${env.POD_NAME || hostname()}_${randomBytes(4).toString("hex")}`,
    election: values["leader-election"] === false ? undefined : electionSettings(values),
    failpoint: values.failpoint,
  };
}

const USER_FIELD_MANAGERS = ["k9s", "Lens", "OpenLens", "Freelens", "headlamp", "Mozilla"];

const SETTINGS_SCHEMA = z.object(SETTING_SCHEMAS).partial();
/** Validated values of the settings that are set. */
type Values = z.infer<typeof SETTINGS_SCHEMA>;

function checkSettings(raw: RawSettings): Values {
  const texts = Object.fromEntries([...raw.settings].map(([name, setting]) => [name, setting.text]));
  const result = SETTINGS_SCHEMA.safeParse(texts);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const invalid = raw.settings.get(issue?.path[0] as SettingName);
  throw new ConfigError(`${invalid?.from} ${issue?.message}; got ${JSON.stringify(invalid?.text)}`, "CONFIG_INVALID");
}

function limitSettings(values: Values): LimitSettings {
  const { "git-max-fetch-bytes": pack, "git-max-object-bytes": object, "max-file-bytes": file } = values;
  const { "max-source-bytes": total, "max-source-files": files } = values;
  return {
    ...(pack === undefined ? {} : { maxPackBytes: pack }),
    ...(object === undefined ? {} : { maxObjectBytes: object }),
    ...(file === undefined ? {} : { maxFileBytes: file }),
    ...(total === undefined ? {} : { maxTotalBytes: total }),
    ...(files === undefined ? {} : { maxFiles: files }),
  };
}

function userNames(accounts: readonly string[] = []): readonly string[] {
  return accounts.map((account) => `system:serviceaccount:${account.replace("/", ":")}`);
}

function trustedUser({ "trusted-service-account": name }: Values, namespace: string): string | undefined {
  return name === undefined ? undefined : `system:serviceaccount:${namespace}:${name}`;
}

function clusterSettings(values: Values, env: Environment): ClusterSettings {
  const { kubeconfig, context } = values;
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(env.KUBERNETES_SERVICE_HOST ? { serviceHost: env.KUBERNETES_SERVICE_HOST } : {}),
    ...(env.KUBERNETES_SERVICE_PORT ? { servicePort: env.KUBERNETES_SERVICE_PORT } : {}),
  };
}

/** Checks the order of the times: a new leader must not start before the old one has stopped writing. */
function electionSettings(values: Values): ElectionSettings {
  const durationMs = values["lease-duration"] ?? 15_000;
  const renewDeadlineMs = values["lease-renew-deadline"] ?? 10_000;
  const retryMs = values["lease-retry-period"] ?? 2_000;
  if (renewDeadlineMs + 1000 > durationMs) {
    const rule = "--lease-renew-deadline must be at least a second shorter than --lease-duration";
    throw outOfOrder(rule, renewDeadlineMs, durationMs);
  }
  if (retryMs * 3 > renewDeadlineMs) {
    const rule = "--lease-retry-period must be at most a third of --lease-renew-deadline";
    throw outOfOrder(rule, retryMs, renewDeadlineMs);
  }
  return { leaseName: values["lease-name"] ?? DEFAULT_LEASE_NAME, durationMs, renewDeadlineMs, retryMs };
}

function outOfOrder(rule: string, first: number, second: number): ConfigError {
  return new ConfigError(`${rule}; got ${formatDuration(first)} and ${formatDuration(second)}`, "CONFIG_INVALID");
}

/** In a pod the home directory is read-only or missing; the manifests mount a volume at a fixed path. */
function defaultCacheDir(env: Environment): string {
  if (env.KUBERNETES_SERVICE_HOST) return POD_CACHE_DIR;
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "overseer-gitops");
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
