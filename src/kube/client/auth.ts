import { readFile, stat } from "node:fs/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { YAMLException } from "js-yaml";
import { type Clock, systemClock } from "../../base/clock.js";
import { messageOf, OverseerError } from "../../base/errors.js";
import { type PlainKubeconfig, readImpersonation, readPlainKubeconfig } from "./kubeconfig.js";
import type { TlsOptions } from "./tls-options.js";

/** Address and credentials of an API server. */
export interface ClusterAccess {
  /** Origin, without a trailing slash. */
  readonly server: string;
  /** As last read: refreshing the credential and `renewTls` may change it. */
  readonly tls: TlsOptions;
  /** Credential and its source, for messages: `the token in <file>`. */
  readonly signIn?: string;
  /** Authentication headers; `refresh` renews them after a 401. */
  authHeaders(refresh: boolean): Promise<Readonly<Record<string, string | string[]>>>;
  /** Reads the certificates again, after the server's certificate was not trusted. */
  renewTls?(): Promise<void>;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** How long a token is used before its file is checked again. */
const TOKEN_RECHECK_MS = 60_000;

/** Location of the cluster: a kubeconfig, or the in-cluster configuration of this pod. */
export interface ClusterLocation {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Host and port of the in-cluster API server, from the pod's environment. */
  readonly serviceHost?: string;
  readonly servicePort?: string;
  /** Directory of the pod's token and CA certificate; set by tests only. */
  readonly serviceAccountFolder?: string;
}

/** Loads the access from a kubeconfig if one is set, otherwise from the pod's ServiceAccount. */
export async function loadClusterAccess(location: ClusterLocation, clock: Clock = systemClock): Promise<ClusterAccess> {
  if (location.kubeconfig) return fromKubeconfig(location.kubeconfig, location.context);
  if (location.serviceHost) return inCluster(location.serviceHost, location, clock);
  throw new OverseerError(
    "no cluster configuration: the operator does not run in a pod, and neither --kubeconfig nor KUBECONFIG is set",
    { code: "KUBE_NO_CONFIG", reason: "NoClusterConfig", class: "terminal" },
  );
}

async function inCluster(host: string, location: ClusterLocation, clock: Clock): Promise<ClusterAccess> {
  const folder = location.serviceAccountFolder ?? SERVICE_ACCOUNT;
  const readTls = async (): Promise<TlsOptions> => ({ ca: await readFile(`${folder}/ca.crt`, "utf8") });
  let tls = await readTls();
  const name = host.includes(":") ? `[${host}]` : host;
  const token = `${folder}/token`;
  return {
    server: `https://${name}:${location.servicePort ?? "443"}`,
    get tls() {
      return tls;
    },
    signIn: `the token in ${token}`,
    authHeaders: tokenFile(token, clock),
    renewTls: async () => {
      tls = await readTls();
    },
  };
}

/** Reads a token that the kubelet rotates: again if the file changed (checked once a minute), or on `refresh`. */
function tokenFile(path: string, clock: Clock): ClusterAccess["authHeaders"] {
  let cached: { token: string; mtimeMs: number; checkedAt: number } | undefined;
  return async (refresh) => {
    const now = clock.monotonic();
    if (!cached || refresh || now - cached.checkedAt > TOKEN_RECHECK_MS) {
      const { mtimeMs } = await stat(path);
      if (!cached || refresh || cached.mtimeMs !== mtimeMs) {
        cached = { token: (await readFile(path, "utf8")).trim(), mtimeMs, checkedAt: now };
      } else cached.checkedAt = now;
    }
    return { authorization: `Bearer ${cached.token}` };
  };
}

/** Reads a plain kubeconfig directly; one with auth plugins and the like is loaded by the client library. */
async function fromKubeconfig(path: string, context: string | undefined): Promise<ClusterAccess> {
  try {
    const plain = await readPlainKubeconfig(path, context);
    if (!plain) return await byLibrary(path, context);
    return plainAccess(path, context, plain);
  } catch (error) {
    throw error instanceof OverseerError ? error : badConfig(`${path}: ${describe(error)}`);
  }
}

/** Access by a plain kubeconfig, which is read again when its credential is rejected. */
function plainAccess(path: string, context: string | undefined, first: PlainKubeconfig): ClusterAccess {
  let current = first;
  const readAgain = singleFlight(async () => {
    const next = await readPlainKubeconfig(path, context);
    // The credential of one server must not be sent to another.
    if (next?.server === current.server) current = next;
  });
  return {
    server: first.server,
    get tls() {
      return current.tls;
    },
    signIn: `the credential in ${path}`,
    authHeaders: async (refresh): Promise<Record<string, string>> => {
      if (refresh) await readAgain();
      return current.token ? { authorization: `Bearer ${current.token}` } : {};
    },
    renewTls: readAgain,
  };
}

/** Merges concurrent calls into one. */
function singleFlight(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** A YAML error quotes the lines around it, which may contain a token. */
function describe(error: unknown): string {
  if (!(error instanceof YAMLException)) return messageOf(error);
  return `line ${(error.mark?.line ?? 0) + 1}: ${error.reason}`;
}

function badConfig(message: string): OverseerError {
  return new OverseerError(message, { code: "KUBE_BAD_CONFIG", reason: "InvalidKubeconfig", class: "terminal" });
}

/** The library only authenticates; requests use this client. */
async function byLibrary(path: string, context: string | undefined): Promise<ClusterAccess> {
  const config = await loadByLibrary(path, context);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw badConfig(`${path}: the context ${JSON.stringify(config.getCurrentContext())} has no cluster`);
  if (cluster.proxyUrl)
    throw badConfig(`${path}: proxy-url of the cluster ${cluster.name} is not supported: remove it`);
  const files = path.split(":").filter((part) => part !== "");
  const impersonation = await readImpersonation(files, config.getCurrentUser()?.name);
  let current = await httpsOptions(config);
  const authenticateAgain = singleFlight(async () => {
    // A new library object is needed: the old one caches a plugin's credential until it expires, or indefinitely.
    const next = await loadByLibrary(path, context);
    if (next.getCurrentCluster()?.server === cluster.server) current = await httpsOptions(next);
  });
  return {
    server: cluster.server.replace(/\/+$/, ""),
    get tls() {
      return current.tls;
    },
    signIn: `the credential or auth plugin in ${path}`,
    authHeaders: async (refresh) => {
      if (refresh) await authenticateAgain();
      return { ...current.headers, ...impersonation };
    },
    renewTls: authenticateAgain,
  };
}

/** Merges several files as kubectl does: the first entry of a name and the first current context win. */
async function loadByLibrary(path: string, context: string | undefined): Promise<KubeConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const files = path.split(":").filter((part) => part !== "");
  const config = new KubeConfig();
  for (const [index, file] of files.entries()) {
    if (index === 0) {
      config.loadFromFile(file);
      continue;
    }
    const next = new KubeConfig();
    next.loadFromFile(file);
    for (const cluster of next.clusters) if (!config.getCluster(cluster.name)) config.addCluster(cluster);
    for (const user of next.users) if (!config.getUser(user.name)) config.addUser(user);
    for (const context of next.contexts) if (!config.getContextObject(context.name)) config.addContext(context);
    if (!config.getCurrentContext()) config.setCurrentContext(next.getCurrentContext());
  }
  if (context) config.setCurrentContext(context);
  return config;
}

interface HttpsOptions {
  readonly tls: TlsOptions;
  readonly headers: Readonly<Record<string, string>>;
}

async function httpsOptions(config: { applyToHTTPSOptions(options: object): Promise<void> }): Promise<HttpsOptions> {
  const options: Record<string, unknown> & { headers: Record<string, string> } = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const tls: Record<string, unknown> = {};
  for (const name of ["ca", "cert", "key", "passphrase", "servername", "rejectUnauthorized"]) {
    if (options[name] !== undefined) tls[name] = options[name];
  }
  if (typeof options.auth === "string") {
    options.headers.authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers)) headers[name.toLowerCase()] = String(value);
  return { tls, headers };
}
