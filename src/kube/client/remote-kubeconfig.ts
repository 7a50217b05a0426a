import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { load, YAMLException } from "js-yaml";
import { OverseerError } from "../../base/errors.js";
import type { TlsOptions } from "./tls-options.js";

/** A kubeconfig of somebody whom we need not trust: nothing in it reads a file, starts a program or goes another way. */
export interface RemoteKubeconfig {
  /** Address without a slash at its end. */
  readonly server: string;
  readonly tls: TlsOptions;
  readonly token: string | undefined;
}

/** A kubeconfig that is not used. Says what is wrong and what to do; nothing of what the file holds. */
export class KubeconfigError extends OverseerError {
  constructor(message: string) {
    super(message, { code: "KUBECONFIG_REFUSED", reason: "InvalidKubeconfig", class: "terminal" });
  }
}

type Fields = Readonly<Record<string, unknown>>;

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
const INLINE =
  "is a path to a file, which would be one of the operator's: put the content into the kubeconfig (kubectl config view --raw --flatten does it)";
const TOKEN = "make a token for a ServiceAccount of that cluster and put it into users[].user.token";

/** Fields that cannot be used, and what to do instead. */
const REFUSED_CLUSTER: Readonly<Record<string, string>> = {
  "certificate-authority": INLINE,
  "insecure-skip-tls-verify":
    "would give the credential to anybody in between: take it out and put the authority's certificate into certificate-authority-data",
  "proxy-url": "is not supported: take it out; the cluster has to be reached directly",
};
const REFUSED_USER: Readonly<Record<string, string>> = {
  exec: `would start a program inside of the operator: ${TOKEN}`,
  "auth-provider": `needs a sign-in service: ${TOKEN}`,
  "client-certificate": INLINE,
  "client-key": INLINE,
  tokenFile: INLINE,
  username: `is of a sign-in that Kubernetes does not have any more: ${TOKEN}`,
  password: `is of a sign-in that Kubernetes does not have any more: ${TOKEN}`,
  as: "is not supported: name a ServiceAccount in spec.serviceAccountName instead",
  "as-groups": "is not supported: name a ServiceAccount in spec.serviceAccountName instead",
  "as-uid": "is not supported: name a ServiceAccount in spec.serviceAccountName instead",
  "as-user-extra": "is not supported: name a ServiceAccount in spec.serviceAccountName instead",
};
const CLUSTER_FIELDS = ["server", "certificate-authority-data", "tls-server-name", "disable-compression", "extensions"];
const USER_FIELDS = ["token", "client-certificate-data", "client-key-data", "extensions"];

/** Reads a kubeconfig by the rules for those that tenants write. `where`: how messages call it. Throws KubeconfigError. */
export function readRemoteKubeconfig(text: string, where: string): RemoteKubeconfig {
  const fail = (problem: string): never => {
    throw new KubeconfigError(`${where}: ${problem}`);
  };
  const file = readYaml(text, fail);
  const current = file["current-context"];
  if (typeof current !== "string" || current === "") return fail("has no current-context: set it");
  const context = entry(file, "contexts", "context", current) ?? fail("current-context names no entry of contexts");
  const cluster =
    entry(file, "clusters", "cluster", context.cluster) ?? fail("the current context names no entry of clusters");
  const user = entry(file, "users", "user", context.user) ?? fail("the current context names no entry of users");
  judgeFields(cluster, CLUSTER_FIELDS, REFUSED_CLUSTER, (problem) => fail(`clusters[].cluster.${problem}`));
  judgeFields(user, USER_FIELDS, REFUSED_USER, (problem) => fail(`users[].user.${problem}`));
  const server = readServer(cluster.server, fail);
  const token = readToken(user.token, fail);
  const tls = readTls(cluster, user, fail);
  if (token === undefined && tls.cert === undefined)
    return fail(`the user has neither a token nor a client certificate: ${TOKEN}`);
  return { server, tls, token };
}

type Fail = (problem: string) => never;

/** What js-yaml says of an error quotes the text: only the line is told. */
function readYaml(text: string, fail: Fail): Fields {
  let file: unknown;
  try {
    file = load(text);
  } catch (error) {
    const line = error instanceof YAMLException && error.mark ? ` (line ${error.mark.line + 1})` : "";
    return fail(`cannot be read as YAML${line}: put a whole kubeconfig there`);
  }
  return isFields(file) ? file : fail("is no kubeconfig: put a whole one there");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The entry of a list of named entries. */
function entry(file: Fields, list: string, member: string, name: unknown): Fields | undefined {
  const entries = file[list];
  if (typeof name !== "string" || !Array.isArray(entries)) return undefined;
  const found: unknown = entries.find((candidate) => isFields(candidate) && candidate.name === name);
  const value = isFields(found) ? found[member] : undefined;
  return isFields(value) ? value : undefined;
}

/** What is not known is refused: it may mean to limit, or to prove, something. */
function judgeFields(fields: Fields, known: readonly string[], refused: Fields, fail: Fail): void {
  for (const [name, value] of Object.entries(fields)) {
    if (known.includes(name) || value === null || value === false || value === "") continue;
    const why = Object.hasOwn(refused, name) ? refused[name] : undefined;
    fail(typeof why === "string" ? `${name} ${why}` : `* has a field that is not supported: take it out`);
  }
}

function readServer(server: unknown, fail: Fail): string {
  const url = typeof server === "string" ? URL.parse(server) : null;
  if (url === null)
    return fail("clusters[].cluster.server is no address: write it like https://cluster.example.com:6443");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && LOOPBACK.has(url.hostname)))
    return fail("clusters[].cluster.server must begin with https://: a credential is never sent in the clear");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    return fail(
      "clusters[].cluster.server must hold nothing but host, port and path: no user, password, query or fragment",
    );
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function readToken(value: unknown, fail: Fail): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const token = typeof value === "string" ? value.trim() : "";
  if (token === "" || /[^\x21-\x7e]/.test(token))
    return fail("users[].user.token holds what no header can carry: blanks, or other characters than ASCII");
  return token;
}

function readTls(cluster: Fields, user: Fields, fail: Fail): TlsOptions {
  const ca = readPem(cluster, "certificate-authority-data", (problem) => fail(`clusters[].cluster.${problem}`));
  if (ca !== undefined && !isCertificate(ca))
    return fail("clusters[].cluster.certificate-authority-data holds no PEM certificate: put the authority's there");
  const cert = readPem(user, "client-certificate-data", (problem) => fail(`users[].user.${problem}`));
  const key = readPem(user, "client-key-data", (problem) => fail(`users[].user.${problem}`));
  if ((cert === undefined) !== (key === undefined))
    return fail("users[].user needs client-certificate-data and client-key-data together");
  if (cert !== undefined && key !== undefined && !isPair(cert, key))
    return fail(
      "users[].user.client-certificate-data and client-key-data are no PEM certificate and its unencrypted key",
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
