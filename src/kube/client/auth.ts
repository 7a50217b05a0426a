import { readFile, stat } from "node:fs/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { YAMLException } from "js-yaml";
import { type Clock, systemClock } from "../../base/clock.js";
import { messageOf, OverseerError } from "../../base/errors.js";
import { type PlainKubeconfig, readPlainKubeconfig } from "./kubeconfig.js";
import type { TlsOptions } from "./tls-options.js";

/** How to reach an API server and who we are there. */
export interface ClusterAccess {
  /** Origin, without a trailing slash. */
  readonly server: string;
  /** As it was read last: a refresh of the sign-in and `renewTls` may change it. */
  readonly tls: TlsOptions;
  /** What proves who we are and where it is from, for people: `the token in <file>`. */
  readonly signIn?: string;
  /** Headers that prove who we are; `refresh` asks for new ones after a 401. */
  authHeaders(refresh: boolean): Promise<Readonly<Record<string, string>>>;
  /** Reads the certificates again: for when we do not trust the server. */
  renewTls?(): Promise<void>;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** How long a token from a file is used before the file is looked at again. */
const TOKEN_RECHECK_MS = 60_000;

/** Where the cluster is: a kubeconfig, or the pod that we run in. */
export interface ClusterLocation {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Host and port of the in-cluster API server, from the pod's environment. */
  readonly serviceHost?: string;
  readonly servicePort?: string;
  /** Where the pod's token and CA certificate are; only a test has them elsewhere. */
  readonly serviceAccountFolder?: string;
}

/** Access by kubeconfig if one is named, else by the pod's ServiceAccount. */
export async function loadClusterAccess(location: ClusterLocation, clock: Clock = systemClock): Promise<ClusterAccess> {
  if (location.kubeconfig) return fromKubeconfig(location.kubeconfig, location.context);
  if (location.serviceHost) return inCluster(location.serviceHost, location, clock);
  throw new OverseerError("no cluster to talk to: this is no pod, and neither --kubeconfig nor KUBECONFIG is set", {
    code: "KUBE_NO_CONFIG",
    reason: "NoClusterConfig",
    class: "terminal",
  });
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

/** Reads a token that kubelet renews: again when older than a minute and changed, or when told to. */
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

/** What the kubeconfig says by itself; for sign-in plugins and the like the client library, which knows them all. */
async function fromKubeconfig(path: string, context: string | undefined): Promise<ClusterAccess> {
  try {
    const plain = await readPlainKubeconfig(path, context);
    if (!plain) return await byLibrary(path, context);
    return plainAccess(path, context, plain);
  } catch (error) {
    throw error instanceof OverseerError ? error : badConfig(`${path}: ${describe(error)}`);
  }
}

/** What a kubeconfig says by itself; read again when it does not serve any more. */
function plainAccess(path: string, context: string | undefined, first: PlainKubeconfig): ClusterAccess {
  let current = first;
  const readAgain = atOnce(async () => {
    const next = await readPlainKubeconfig(path, context);
    // What proves who we are at one server is shown to no other.
    if (next?.server === current.server) current = next;
  });
  return {
    server: first.server,
    get tls() {
      return current.tls;
    },
    signIn: `what ${path} holds`,
    authHeaders: async (refresh): Promise<Record<string, string>> => {
      if (refresh) await readAgain();
      return current.token ? { authorization: `Bearer ${current.token}` } : {};
    },
    renewTls: readAgain,
  };
}

/** Of calls at the same time only one is made, and answers all. */
function atOnce(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** A YAML error quotes the lines around it, and they may hold a token. */
function describe(error: unknown): string {
  if (!(error instanceof YAMLException)) return messageOf(error);
  return `line ${(error.mark?.line ?? 0) + 1}: ${error.reason}`;
}

function badConfig(message: string): OverseerError {
  return new OverseerError(message, { code: "KUBE_BAD_CONFIG", reason: "InvalidKubeconfig", class: "terminal" });
}

/** Only signing in is the library's; traffic is ours. */
async function byLibrary(path: string, context: string | undefined): Promise<ClusterAccess> {
  const config = await loadByLibrary(path, context);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw badConfig(`${path}: the context ${JSON.stringify(config.getCurrentContext())} names no cluster`);
  if (cluster.proxyUrl) throw badConfig(`${path}: the cluster ${cluster.name} has a proxy-url, which is not supported`);
  let current = await httpsOptions(config);
  const signInAgain = atOnce(async () => {
    // A new library object: this one keeps what a program gave it until that expires, and for ever if it does not say when.
    const next = await loadByLibrary(path, context);
    if (next.getCurrentCluster()?.server === cluster.server) current = await httpsOptions(next);
  });
  return {
    server: cluster.server.replace(/\/+$/, ""),
    get tls() {
      return current.tls;
    },
    signIn: `what ${path} says, or the program or service that it names`,
    authHeaders: async (refresh) => {
      if (refresh) await signInAgain();
      return current.headers;
    },
    renewTls: signInAgain,
  };
}

/** Reads several files as kubectl does: of two entries with one name, and of two current contexts, the first one counts. */
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
