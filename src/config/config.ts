import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { formatDuration } from "../base/duration.js";
import type { Failpoint } from "../base/failpoint.js";
import type { ProxyRules } from "../base/proxy.js";
import { type Environment, type RawSettings, readCommandLine } from "./command-line.js";
import { ConfigError } from "./errors.js";
import type { SettingName } from "./options.js";
import { readProxies } from "./proxy.js";
import { type ListenAddress, ROLES, type RoleName, SETTING_SCHEMAS } from "./settings.js";

/** Every setting of the operator, checked. */
export interface Config {
  /** Print this and exit, instead of running. */
  readonly show: "help" | "version" | undefined;
  readonly cluster: ClusterSettings;
  readonly roles: ReadonlySet<RoleName>;
  /** Where webhooks are received, with the role `server`. */
  readonly serverAddress: ListenAddress;
  readonly metricsAddress: ListenAddress;
  readonly logLevel: "error" | "warn" | "info" | "debug";
  /** Absolute path. */
  readonly cacheDir: string;
  /** Which engine fetches from Git; `auto` takes the program git where there is one. */
  readonly gitEngine: "auto" | "native" | "isomorphic";
  /** What all fetched Git objects may take; 0: no limit. */
  readonly gitCacheBytes: number;
  /** What repositories and sources may grow to; what is undefined has the default of its room. */
  readonly limits: LimitSettings;
  readonly render: RenderSettings;
  /** Which proxy requests to Git hosts go through. */
  readonly proxies: ProxyRules;
  /** What of the environment is ignored, and why: for the log. */
  readonly warnings: readonly string[];
  /** The operator's own namespace: its leases and Events live there. */
  readonly namespace: string;
  /** Namespaces whose custom resources are looked after; undefined: all. */
  readonly watchNamespaces: readonly string[] | undefined;
  readonly trustedNamespaces: readonly string[];
  /** The user that apps of these write as when they name no ServiceAccount; undefined: the operator itself. */
  readonly trustedUser: string | undefined;
  /** Apps reconciled at once. */
  readonly concurrency: number;
  /** Writes and dry runs of objects under way at once, over all apps of one cluster. */
  readonly applyConcurrency: number;
  readonly identity: string;
  /** How a leader is elected; undefined: this process works alone. */
  readonly election: ElectionSettings | undefined;
  readonly failpoint: { readonly point: Failpoint; readonly occurrence: number } | undefined;
}

/** Which cluster to work on: a kubeconfig where one is named, else the one whose pod we are. */
export interface ClusterSettings {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly serviceHost?: string;
  readonly servicePort?: string;
}

/** How Kustomize and Helm sources are rendered. */
export interface RenderSettings {
  /** Path or name of the program; undefined: looked for by its name. */
  readonly kubectl: string | undefined;
  readonly helm: string | undefined;
  /** Time limit of one run of a program. */
  readonly timeoutMs: number;
  /** Size limit of kept results; 0: none are kept. */
  readonly cacheBytes: number;
}

/** Limits that somebody has set, by the names that the rooms have for them. */
export interface LimitSettings {
  readonly maxPackBytes?: number;
  readonly maxObjectBytes?: number;
  readonly maxFileBytes?: number;
  readonly maxTotalBytes?: number;
  readonly maxFiles?: number;
}

/** The lease by which one of several operators is elected; times in milliseconds. */
export interface ElectionSettings {
  readonly leaseName: string;
  readonly durationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

/** Namespace of the operator where nothing else names it. */
export const DEFAULT_NAMESPACE = "overseer-system";
const NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
const POD_CACHE_DIR = "/var/cache/overseer-gitops";

/** Reads a file of the machine; undefined when it is not there. A test gives its own. */
export type ReadText = (path: string) => string | undefined;

/**
 * Reads flags, variables and defaults into one Config: nobody else reads the environment. Throws ConfigError, whose
 * message names the flag or variable, what is wrong and what was expected.
 */
export function loadConfig(argv: readonly string[], env: Environment, read: ReadText = readText): Config {
  const raw = readCommandLine(argv, env);
  const values = checkSettings(raw);
  const proxies = readProxies(env);
  const namespace = env.POD_NAMESPACE || read(NAMESPACE_FILE)?.trim() || DEFAULT_NAMESPACE;
  return {
    show: raw.show,
    cluster: clusterSettings(values, env),
    roles: values.roles ?? new Set(ROLES),
    serverAddress: values["server-address"] ?? { port: 9090 },
    metricsAddress: values["metrics-address"] ?? { port: 8080 },
    logLevel: values["log-level"] ?? "info",
    cacheDir: resolve(values["cache-dir"] ?? defaultCacheDir(env)),
    gitEngine: values["git-engine"] ?? "auto",
    gitCacheBytes: values["git-cache-bytes"] ?? 0,
    limits: limitSettings(values),
    render: {
      kubectl: values.kubectl,
      helm: values.helm,
      timeoutMs: values["render-timeout"] ?? 30_000,
      cacheBytes: values["render-cache-bytes"] ?? 256 * 2 ** 20,
    },
    proxies: proxies.rules,
    warnings: proxies.warnings,
    namespace,
    watchNamespaces: values["watch-namespaces"]?.length ? values["watch-namespaces"] : undefined,
    trustedNamespaces: values["trusted-namespaces"] ?? [namespace],
    trustedUser: trustedUser(values, namespace),
    concurrency: values.concurrency ?? 8,
    applyConcurrency: values["apply-concurrency"] ?? 8,
    identity: values.identity ?? `${env.POD_NAME || hostname()}_${randomBytes(4).toString("hex")}`,
    election: values["leader-election"] === false ? undefined : electionSettings(values),
    failpoint: values.failpoint,
  };
}

const SAID = z.object(SETTING_SCHEMAS).partial();
/** The checked values of all settings that something was said about. */
type Values = z.infer<typeof SAID>;

function checkSettings(raw: RawSettings): Values {
  const texts = Object.fromEntries([...raw.settings].map(([name, said]) => [name, said.text]));
  const result = SAID.safeParse(texts);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const said = raw.settings.get(issue?.path[0] as SettingName);
  throw new ConfigError(`${said?.from} ${issue?.message}; got ${JSON.stringify(said?.text)}`, "CONFIG_INVALID");
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

/** The order of the times is what keeps two leaders apart: others may begin only after the leader has ended. */
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
  return { leaseName: values["lease-name"] ?? "overseer-gitops", durationMs, renewDeadlineMs, retryMs };
}

function outOfOrder(rule: string, first: number, second: number): ConfigError {
  return new ConfigError(`${rule}; got ${formatDuration(first)} and ${formatDuration(second)}`, "CONFIG_INVALID");
}

/** In a pod the home folder is read-only or not there; the manifests mount a volume at a fixed place. */
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
