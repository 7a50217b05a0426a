import type { SshCredential } from "../engine.js";
import type { SshAddress } from "../ssh/address.js";
import { readSshPrivateKey } from "../ssh/private-key.js";
import { PROVIDER_HOST_KEYS, providerKnownHosts } from "../ssh/provider-host-keys.js";
import type { SecretReader } from "./secret-reader.js";

/** Keys of a Secret that contain a private key: of Flux, Argo CD and Kubernetes (`kubernetes.io/ssh-auth`). */
export const SSH_KEYS = ["identity", "sshPrivateKey", "ssh-privatekey"] as const;

/**
 * Reads a key for SSH from a Secret: `identity` (also `sshPrivateKey` or `ssh-privatekey`), `password` for an encrypted key, and
 * `known_hosts`, which is optional for hosts whose keys are built in. Throws `GIT_CREDENTIAL_INVALID`.
 */
export function sshCredential(secret: SecretReader, address: SshAddress): SshCredential {
  const name = secret.keyOf(...SSH_KEYS);
  const value = name === undefined ? undefined : secret.text(name);
  if (name === undefined || value === undefined) {
    throw secret.invalid(
      "has no SSH key, which spec.url requires: add the private key as identity, and the host keys of the server as known_hosts",
    );
  }
  const passphrase = secret.line("password");
  const key = readSshPrivateKey(value, passphrase);
  if (typeof key === "string") throw secret.invalid(`has a key ${name} that ${key}`);
  return {
    privateKey: key.text,
    ...(key.isEncrypted && passphrase !== undefined ? { passphrase } : {}),
    knownHosts: knownHosts(secret, address),
  };
}

function knownHosts(secret: SecretReader, { host, port }: SshAddress): string {
  const own = secret.text("known_hosts", "knownHosts");
  if (own !== undefined) {
    const lines = own.split(/\r?\n/).map((line) => line.trim());
    if (!lines.some((line) => isEntry(line)))
      throw secret.invalid(
        "has no host key in known_hosts: a line has the form HOST TYPE KEY, as ssh-keyscan prints it",
      );
    return `${lines.join("\n").trim()}\n`;
  }
  const builtIn = providerKnownHosts(host, port);
  if (builtIn !== undefined) return builtIn;
  const scan = port === 22 ? `ssh-keyscan ${host}` : `ssh-keyscan -p ${port} ${host}`;
  throw secret.invalid(
    `has no known_hosts, without which ${host} cannot be verified: add the output of "${scan}" as known_hosts, after comparing its fingerprints with those of the server (built in are only ${Object.keys(PROVIDER_HOST_KEYS).join(", ")})`,
  );
}

/** Returns whether a line of `known_hosts` has hosts, type and key, with an optional marker such as `@cert-authority`. */
function isEntry(line: string): boolean {
  return /^(@\S+\s+)?[^\s#]\S*\s+[a-z0-9@.-]+\s+AAAA\S+/.test(line);
}
