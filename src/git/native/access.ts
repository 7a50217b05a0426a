import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tls from "node:tls";
import type { HttpProxy } from "../../base/proxy.js";
import type { GitCredential, GitRemote } from "../engine.js";

/** Credentials of a child process. */
export interface GitAccess {
  /** Settings for the child's environment. */
  readonly config: Readonly<Record<string, string>>;
  /** Values to redact from the child's output. */
  readonly secrets: readonly string[];
  /** Removes the written files. */
  forget(): Promise<void>;
}

const FILES = { authorities: "ca.pem", certificate: "tls.crt", key: "tls.key" } as const;

/**
 * Configures how `git` authenticates to a remote. User name and password, or token, are passed as a header in its environment,
 * bound to the server's address. Git only reads certificates from files, so they are written to the private `directory` for
 * the lifetime of the child. Both engines trust the same authorities: Node's and the credential's.
 */
export async function gitAccess(remote: GitRemote, directory: string, proxy?: HttpProxy): Promise<GitAccess> {
  const { credential, url } = remote;
  const { origin, protocol } = new URL(url);
  const authorization = authorizationOf(credential);
  const config: Record<string, string> = {};
  if (authorization !== undefined) config[`http.${origin}/.extraHeader`] = `Authorization: ${authorization}`;
  if (protocol === "https:") Object.assign(config, await certificates(credential, directory));
  // The child inherits no proxy variables, so the proxy is set explicitly.
  if (proxy !== undefined) Object.assign(config, proxyConfig(proxy));
  const secrets = [
    ...proxySecrets(proxy),
    authorization,
    authorization?.split(" ")[1],
    credential?.password,
    credential?.bearerToken,
  ];
  return {
    config,
    secrets: secrets.filter((secret) => secret !== undefined && secret !== "") as string[],
    forget: async () => {
      for (const name of Object.values(FILES)) await rm(join(directory, name), { force: true });
    },
  };
}

function proxyConfig({ url, credential }: HttpProxy): Record<string, string> {
  const address = new URL(url);
  if (credential !== undefined) {
    address.username = encodeURIComponent(credential.username);
    address.password = encodeURIComponent(credential.password);
  }
  // As everywhere, a SOCKS proxy resolves the host name: curl calls this socks5h.
  const href = address.href.replace(/\/$/, "").replace(/^socks5:/, "socks5h:");
  return { "http.proxy": href, "http.proxyAuthMethod": "basic" };
}

function proxySecrets(proxy: HttpProxy | undefined): string[] {
  if (proxy?.credential === undefined) return [];
  const { username, password } = proxy.credential;
  return [Buffer.from(`${username}:${password}`).toString("base64"), encodeURIComponent(password), password];
}

/** Redacts `secrets` in `text`. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, "***"), text);
}

async function certificates(credential: GitCredential | undefined, directory: string): Promise<Record<string, string>> {
  const { ca, clientCert, clientKey } = credential ?? {};
  const authorities = ca === undefined ? systemAuthorities() : [...systemAuthorities(), ca];
  const config: Record<string, string> = {
    "http.sslCAInfo": await write(directory, FILES.authorities, authorities.join("\n")),
  };
  if (clientCert !== undefined) config["http.sslCert"] = await write(directory, FILES.certificate, clientCert);
  if (clientKey !== undefined) config["http.sslKey"] = await write(directory, FILES.key, clientKey);
  return config;
}

async function write(directory: string, name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/** Returns Node's default certificate authorities; newer versions include those configured for the process. */
function systemAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  return getCACertificates?.("default") ?? tls.rootCertificates;
}

function authorizationOf(credential: GitCredential | undefined): string | undefined {
  if (credential?.bearerToken !== undefined) return `Bearer ${credential.bearerToken}`;
  if (credential?.password === undefined) return undefined;
  return `Basic ${Buffer.from(`${credential.username ?? ""}:${credential.password}`).toString("base64")}`;
}
