import { z } from "zod";
import { RunError } from "../runner.js";
import { DOCKER_HUB, hostAndPath } from "./image-names.js";

const Login = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});

/** What the client of a registry sends. The values must not be written to disk or logs. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
  readonly identitytoken?: string;
  readonly serveraddress: string;
}

/**
 * Reads credentials of registries from secrets in the format of Docker's `config.json`, of which only `auths` is used: helpers would
 * run programs of the node. If several secrets name a registry, the first one by name counts. Throws RunError, which names the secret.
 */
export function readPullSecrets(secrets: ReadonlyMap<string, string>): ReadonlyMap<string, RegistryLogin> {
  const logins = new Map<string, RegistryLogin>();
  for (const [name, value] of [...secrets].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [address, entry] of Object.entries(authsOf(name, value))) {
      const host = hostOf(address);
      if (!logins.has(host)) logins.set(host, loginOf(name, address, host, entry));
    }
  }
  return logins;
}

/** Returns the host of the registry of an image, which gets the credentials. */
export function registryOf(image: string): string {
  return hostOf(hostAndPath(image).host);
}

function authsOf(name: string, value: string): Readonly<Record<string, z.infer<typeof Login>>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    parsed = undefined;
  }
  const { data } = z.object({ auths: z.record(z.string(), Login) }).safeParse(parsed);
  if (data !== undefined) return data.auths;
  throw new RunError(
    `the secret ${name} contains no credentials of registries: set it to a Docker configuration, {"auths": {"registry.example.com": {"username": "…", "password": "…"}}}`,
  );
}

function loginOf(name: string, address: string, host: string, entry: z.infer<typeof Login>): RegistryLogin {
  const [user = "", ...rest] = Buffer.from(entry.auth ?? "", "base64")
    .toString("utf8")
    .split(":");
  const { username = user, password = rest.join(":"), identitytoken } = entry;
  if (identitytoken === undefined && (username === "" || password === "")) {
    throw new RunError(`the secret ${name} contains no username and password for ${address}: set both, or auth`);
  }
  const serveraddress = host === DOCKER_HUB ? "https://index.docker.io/v1/" : host;
  return { username, password, serveraddress, ...(identitytoken === undefined ? {} : { identitytoken }) };
}

function hostOf(address: string): string {
  const host = address
    .replace(/^https?:\/\//, "")
    .replace(/\/.*$/, "")
    .toLowerCase();
  return ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"].includes(host) ? DOCKER_HUB : host;
}
