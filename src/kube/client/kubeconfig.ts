import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { load } from "js-yaml";
import type { TlsOptions } from "./tls-options.js";

interface NamedCluster {
  readonly name?: string;
  readonly cluster?: {
    readonly server?: string;
    readonly "certificate-authority"?: string;
    readonly "certificate-authority-data"?: string;
    readonly "insecure-skip-tls-verify"?: boolean;
    readonly "tls-server-name"?: string;
    readonly "proxy-url"?: string;
  };
}

interface NamedUser {
  readonly name?: string;
  readonly user?: Readonly<Record<string, unknown>>;
}

interface KubeconfigFile {
  readonly "current-context"?: string;
  readonly contexts?: readonly {
    readonly name?: string;
    readonly context?: { readonly cluster?: string; readonly user?: string };
  }[];
  readonly clusters?: readonly NamedCluster[];
  readonly users?: readonly NamedUser[];
}

/** A kubeconfig without auth plugins: address, certificates and optionally a token. */
export interface PlainKubeconfig {
  readonly server: string;
  readonly tls: TlsOptions;
  readonly token: string | undefined;
}

/** Supported fields of a user. */
const PLAIN_MEMBERS: ReadonlySet<string> = new Set([
  "token",
  "client-certificate",
  "client-certificate-data",
  "client-key",
  "client-key-data",
]);

/**
 * Reads a self-contained kubeconfig. Undefined for every other one (several files, exec plugins, auth providers, proxies,
 * impersonation, unknown fields): the client library reads those, but loading it costs some 18 MB.
 */
export async function readPlainKubeconfig(
  path: string,
  context: string | undefined,
): Promise<PlainKubeconfig | undefined> {
  if (path.includes(":")) return undefined;
  const file = load(await readFile(path, "utf8")) as KubeconfigFile | undefined;
  const name = context ?? file?.["current-context"];
  const chosen = file?.contexts?.find((candidate) => candidate.name === name)?.context;
  const cluster = file?.clusters?.find((candidate) => candidate.name === chosen?.cluster)?.cluster;
  const user = file?.users?.find((candidate) => candidate.name === chosen?.user)?.user;
  if (!cluster?.server || cluster["proxy-url"] || !user) return undefined;
  const plain = ([member, value]: [string, unknown]) => PLAIN_MEMBERS.has(member) && typeof value === "string";
  if (!Object.entries(user).every(plain)) return undefined;
  const folder = dirname(path);
  const text = (member: string): string | undefined =>
    typeof user[member] === "string" ? (user[member] as string) : undefined;
  const ca = await pem(folder, cluster["certificate-authority-data"], cluster["certificate-authority"]);
  const cert = await pem(folder, text("client-certificate-data"), text("client-certificate"));
  const key = await pem(folder, text("client-key-data"), text("client-key"));
  return {
    server: cluster.server.replace(/\/+$/, ""),
    token: text("token"),
    tls: {
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      ...(cluster["tls-server-name"] ? { servername: cluster["tls-server-name"] } : {}),
      ...(cluster["insecure-skip-tls-verify"] ? { rejectUnauthorized: false } : {}),
    },
  };
}

/**
 * Returns the headers of `as`, `as-uid`, `as-groups` and `as-user-extra` of a user in kubeconfig files, whose first entry of a name counts.
 * The client library knows `as` only: without its groups, the user would be another one than with kubectl.
 *
 * @throws Error if a member has another type, or there is no `as`.
 */
export async function readImpersonation(
  files: readonly string[],
  name: string | undefined,
): Promise<Readonly<Record<string, string | string[]>>> {
  for (const path of files) {
    const file = load(await readFile(path, "utf8")) as KubeconfigFile | undefined;
    const user = file?.users?.find((candidate) => candidate.name === name)?.user;
    if (user !== undefined) return impersonationOf(user);
  }
  return {};
}

function impersonationOf(user: Readonly<Record<string, unknown>>): Readonly<Record<string, string | string[]>> {
  const { as = "", "as-uid": uid = "", "as-groups": groups, "as-user-extra": extra } = user;
  const isText = (value: unknown): value is string => typeof value === "string";
  if (!isText(as)) throw new Error("as of the user has to be a string");
  if (!isText(uid)) throw new Error("as-uid of the user has to be a string");
  const headers: Record<string, string | string[]> = {};
  if (as !== "") headers["impersonate-user"] = as;
  if (uid !== "") headers["impersonate-uid"] = uid;
  const lists: [string, string, unknown][] = [["impersonate-group", "as-groups", groups]];
  for (const [key, values] of Object.entries(extra ?? {}))
    lists.push([`impersonate-extra-${encodeURIComponent(key)}`.toLowerCase(), "as-user-extra", values]);
  for (const [header, member, values] of lists) {
    if (values === undefined || values === null) continue;
    if (!Array.isArray(values) || !values.every(isText))
      throw new Error(`${member} of the user has to be lists of strings`);
    if (values.length > 0) headers[header] = values;
  }
  if (as === "" && Object.keys(headers).length > 0)
    throw new Error("as-uid, as-groups and as-user-extra of the user require as: set the user to impersonate as well");
  return headers;
}

/** Returns PEM text from base64 data, or from a file relative to the kubeconfig. */
async function pem(folder: string, data: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (data) return Buffer.from(data, "base64").toString("utf8");
  return file ? readFile(resolve(folder, file), "utf8") : undefined;
}
