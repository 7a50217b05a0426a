import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { load, YAMLException } from "js-yaml";
import { OverseerError } from "../../base/errors.js";
import type { TlsOptions } from "./tls-options.js";

/** A kubeconfig from an untrusted source: it cannot read files, start programs or use a proxy. */
export interface RemoteKubeconfig {
  /** Address without a trailing slash. */
  readonly server: string;
  readonly tls: TlsOptions;
  readonly token: string | undefined;
}

/** A rejected kubeconfig. The message has cause and remedy, and nothing of the file's content. */
export class KubeconfigError extends OverseerError {
  constructor(message: string) {
    super(message, { code: "KUBECONFIG_REFUSED", reason: "InvalidKubeconfig", class: "terminal" });
  }
}

type Fields = Readonly<Record<string, unknown>>;

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
const INLINE =
  "is a path to a file on the operator's own file system: embed the content in the kubeconfig (kubectl config view --raw --flatten)";
const TOKEN = "create a token for a ServiceAccount of that cluster and set users[].user.token";

/** Unsupported fields and their remedies. */
const REFUSED_CLUSTER: Readonly<Record<string, string>> = {
  "certificate-authority": INLINE,
  "insecure-skip-tls-verify":
    "would expose the credential to anyone on the network path: remove it and set certificate-authority-data to the authority's certificate",
  "proxy-url": "is not supported: remove it; the cluster must be reachable directly",
};
const IMPERSONATE = "is not supported: set spec.serviceAccountName to a ServiceAccount instead";
const REFUSED_USER: Readonly<Record<string, string>> = {
  exec: `would run a program in the operator: ${TOKEN}`,
  "auth-provider": `requires an auth plugin: ${TOKEN}`,
  "client-certificate": INLINE,
  "client-key": INLINE,
  tokenFile: INLINE,
  username: `is for basic authentication, which Kubernetes has removed: ${TOKEN}`,
  password: `is for basic authentication, which Kubernetes has removed: ${TOKEN}`,
  as: IMPERSONATE,
  "as-groups": IMPERSONATE,
  "as-uid": IMPERSONATE,
  "as-user-extra": IMPERSONATE,
};
const CLUSTER_FIELDS = ["server", "certificate-authority-data", "tls-server-name", "disable-compression", "extensions"];
const USER_FIELDS = ["token", "client-certificate-data", "client-key-data", "extensions"];

/** Reads a kubeconfig under the rules for tenants. `where` names it in messages. Throws KubeconfigError. */
export function readRemoteKubeconfig(text: string, where: string): RemoteKubeconfig {
  const fail = (problem: string): never => {
    throw new KubeconfigError(`${where}: ${problem}`);
  };
  const file = readYaml(text, fail);
  const current = file["current-context"];
  if (typeof current !== "string" || current === "") return fail("has no current-context: set it");
  const context = entry(file, "contexts", "context", current) ?? fail("current-context is not an entry of contexts");
  const cluster =
    entry(file, "clusters", "cluster", context.cluster) ??
    fail("the cluster of the current context is not an entry of clusters");
  const user =
    entry(file, "users", "user", context.user) ?? fail("the user of the current context is not an entry of users");
  checkFields(cluster, CLUSTER_FIELDS, REFUSED_CLUSTER, (problem) => fail(`clusters[].cluster.${problem}`));
  checkFields(user, USER_FIELDS, REFUSED_USER, (problem) => fail(`users[].user.${problem}`));
  const server = readServer(cluster.server, fail);
  const token = readToken(user.token, fail);
  const tls = readTls(cluster, user, fail);
  if (token === undefined && tls.cert === undefined)
    return fail(`the user has neither a token nor a client certificate: ${TOKEN}`);
  return { server, tls, token };
}

type Fail = (problem: string) => never;

/** The error message of js-yaml quotes the text, so only the line is reported. */
function readYaml(text: string, fail: Fail): Fields {
  let file: unknown;
  try {
    file = load(text);
  } catch (error) {
    const line = error instanceof YAMLException && error.mark ? ` (line ${error.mark.line + 1})` : "";
    return fail(`is not valid YAML${line}: provide a complete kubeconfig`);
  }
  return isFields(file) ? file : fail("is not a kubeconfig: provide a complete one");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns the entry `name` of a list of named entries. */
function entry(file: Fields, list: string, member: string, name: unknown): Fields | undefined {
  const entries = file[list];
  if (typeof name !== "string" || !Array.isArray(entries)) return undefined;
  const found: unknown = entries.find((candidate) => isFields(candidate) && candidate.name === name);
  const value = isFields(found) ? found[member] : undefined;
  return isFields(value) ? value : undefined;
}

/** Rejects unknown fields: they may be meant to restrict or authenticate something. */
function checkFields(fields: Fields, known: readonly string[], refused: Fields, fail: Fail): void {
  for (const [name, value] of Object.entries(fields)) {
    if (known.includes(name) || value === null || value === false || value === "") continue;
    const why = Object.hasOwn(refused, name) ? refused[name] : undefined;
    fail(typeof why === "string" ? `${name} ${why}` : `* has a field that is not supported: remove it`);
  }
}

function readServer(server: unknown, fail: Fail): string {
  const url = typeof server === "string" ? URL.parse(server) : null;
  if (url === null)
    return fail("clusters[].cluster.server is not a URL: use an address like https://cluster.example.com:6443");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && LOOPBACK.has(url.hostname)))
    return fail("clusters[].cluster.server must start with https://: credentials are never sent in plain text");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    return fail(
      "clusters[].cluster.server must contain only host, port and path: no user, password, query or fragment",
    );
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function readToken(value: unknown, fail: Fail): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const token = typeof value === "string" ? value.trim() : "";
  if (token === "" || /[^\x21-\x7e]/.test(token))
    return fail("users[].user.token contains white space or non-ASCII characters, which an HTTP header cannot contain");
  return token;
}

function readTls(cluster: Fields, user: Fields, fail: Fail): TlsOptions {
  const ca = readPem(cluster, "certificate-authority-data", (problem) => fail(`clusters[].cluster.${problem}`));
  if (ca !== undefined && !isCertificate(ca))
    return fail(
      "clusters[].cluster.certificate-authority-data is not a PEM certificate: set it to the authority's certificate",
    );
  const cert = readPem(user, "client-certificate-data", (problem) => fail(`users[].user.${problem}`));
  const key = readPem(user, "client-key-data", (problem) => fail(`users[].user.${problem}`));
  if ((cert === undefined) !== (key === undefined))
    return fail("users[].user requires both client-certificate-data and client-key-data");
  if (cert !== undefined && key !== undefined && !isPair(cert, key))
    return fail(
      "users[].user.client-certificate-data and client-key-data are not a PEM certificate and its unencrypted key",
    );
  const name = cluster["tls-server-name"];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(typeof name === "string" && name !== "" ? { servername: name } : {}),
  };
}

function readPem(fields: Fields, name: string, fail: Fail): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string" || /[^A-Za-z0-9+/=\s]/.test(value)) return fail(`${name} is not base64`);
  return Buffer.from(value, "base64").toString("utf8");
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

function isPair(cert: string, key: string): boolean {
  try {
    return createSecureContext({ cert, key }) !== undefined;
  } catch {
    return false;
  }
}
