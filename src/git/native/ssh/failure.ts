import type { GitRemote } from "../../engine.js";
import { GitError } from "../../errors.js";
import { transportError } from "../../http/failures.js";
import { remoteFailed } from "../../protocol/advertisement.js";
import { remoteAddress } from "../../remote.js";

/** Lines that `ssh` prints about the connection at its log level. */
const CHATTER = /^(debug\d: |OpenSSH_|Authenticated to |Transferred: |Bytes per second|Warning: Permanently)/;

/** Network failures as Node codes, so that all transports describe them alike. */
const TRANSPORT: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/could not resolve hostname.*temporary/i, "EAI_AGAIN"],
  [/could not resolve hostname/i, "ENOTFOUND"],
  [/connection refused/i, "ECONNREFUSED"],
  [/no route to host/i, "EHOSTUNREACH"],
  [/network is unreachable/i, "ENETUNREACH"],
  [/timed out|timeout, server .* not responding/i, "ETIMEDOUT"],
  [/kex_exchange_identification|connection (closed|reset) by|broken pipe/i, "ECONNRESET"],
];

/** What Git and the common hosts print for a repository that is not there, or not visible. */
const NOT_FOUND =
  /repository not found|does not appear to be a git repository|could not be found|repository .*(does not exist|not found|access denied)|project .*not found|no such (project|repo)|TF401019/i;

/**
 * Returns the error for a failed `ssh` process, judged by its stderr; undefined if `ssh` itself did not fail and the server gave
 * no known reason. A server can only affect which error it is. Host keys are quoted as `ssh` found them.
 */
export function sshFailure(remote: GitRemote, stderr: string): GitError | undefined {
  const lines = stderr.split(/\r?\n/);
  const own = lines.filter((line) => !CHATTER.test(line) && line.trim() !== "");
  const text = own.join("\n");
  const detail = lines.join("\n");
  return (
    hostKeyError(remote, text, detail) ??
    authenticationError(remote, text, detail) ??
    clientError(remote, text) ??
    networkError(remote, text) ??
    (NOT_FOUND.test(text) ? notFound(remote) : undefined)
  );
}

/** Returns the error for an `ssh` process that ended without a complete response. */
export function sshEnded(remote: GitRemote, stderr: string, code: number | undefined): GitError {
  const known = sshFailure(remote, stderr);
  if (known !== undefined) return known;
  const last = withoutChatter(stderr).trim().split("\n").at(-1) ?? "";
  if (code === 127 || /not found/.test(last))
    return new GitError(
      "GIT_PROTOCOL",
      `${remote.url} does not offer Git (${shown(last)}): check that git is installed on the server`,
    );
  if (last === "") return broken(remote, "ECONNRESET");
  return remoteFailed(remote.url, last);
}

/** Removes what `ssh` prints about the connection. */
export function withoutChatter(stderr: string): string {
  return stderr
    .split(/\r?\n/)
    .filter((line) => !CHATTER.test(line))
    .join("\n");
}

function hostKeyError(remote: GitRemote, text: string, detail: string): GitError | undefined {
  const [, type, fingerprint] = /Server host (?:key|certificate): (\S+) (SHA256:\S+?)[,\s]/.exec(`${detail}\n`) ?? [];
  const offered = type === undefined ? "a host key" : `the ${type} host key ${fingerprint}`;
  const address = remoteAddress(remote.url);
  if (/REVOKED HOST KEY|marked as revoked/i.test(text)) {
    return new GitError(
      "GIT_HOST_KEY_CHANGED",
      `${address} offers ${offered}, which is marked @revoked in known_hosts of the Secret named in secretRef: the server must use another key`,
    );
  }
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed/i.test(text)) {
    return new GitError(
      "GIT_HOST_KEY_CHANGED",
      `the host key of ${address} has changed: the server offers ${offered}, and known_hosts has another one. The connection may be intercepted. If the server's administrator confirms the new key, replace its lines in known_hosts of the Secret named in secretRef`,
    );
  }
  if (/host key is known for .* and you have requested strict checking|Host key verification failed/i.test(text)) {
    return new GitError(
      "GIT_HOST_KEY_UNKNOWN",
      `the host key of ${address} is not known: the server offers ${offered}. Compare it with the fingerprint that the server's administrator publishes, then add the output of "${scan(remote)}" to known_hosts in the Secret named in secretRef`,
    );
  }
  return undefined;
}

function scan({ ssh, url }: GitRemote): string {
  if (ssh === undefined) return `ssh-keyscan ${url}`;
  return ssh.port === 22 ? `ssh-keyscan ${ssh.host}` : `ssh-keyscan -p ${ssh.port} ${ssh.host}`;
}

function authenticationError(remote: GitRemote, text: string, detail: string): GitError | undefined {
  const denied = /Permission denied \(([^)]*)\)|Too many authentication failures/i.exec(text);
  if (denied === null) return undefined;
  const { url } = remote;
  if (!(denied[1] ?? "publickey").includes("publickey")) {
    return new GitError("GIT_AUTH_FAILED", `the server of ${url} does not accept keys, only ${shown(denied[1] ?? "")}`);
  }
  // The server accepts the public key, which is readable without the passphrase; the signature is missing.
  if (/debug1: Server accepts key/.test(detail) && remote.credential?.ssh?.passphrase !== undefined) {
    return new GitError(
      "GIT_AUTH_FAILED",
      `the private key for ${url} cannot be decrypted: check its passphrase, the key password in the Secret named in secretRef`,
    );
  }
  const [, type, fingerprint] = /Offering public key: .* (\S+) (SHA256:\S+)/.exec(detail) ?? [];
  const key = type === undefined ? "the private key" : `the key ${type} ${fingerprint}`;
  return new GitError(
    "GIT_AUTH_FAILED",
    `${url} rejects ${key} of user ${remote.ssh?.user ?? "git"} (Permission denied): add its public key as a deploy key with read access at the Git host, or correct the private key in the Secret named in secretRef`,
  );
}

function clientError(remote: GitRemote, text: string): GitError | undefined {
  const unreadable = /^Load key .*: (.+)$/im.exec(text);
  if (unreadable !== null) {
    return new GitError(
      "GIT_CREDENTIAL_INVALID",
      `ssh cannot read the private key for ${remote.url} (${shown(unreadable[1] ?? "")}): use an ed25519, ecdsa or rsa key in OpenSSH format`,
    );
  }
  if (/No user exists for uid/i.test(text)) {
    return new GitError(
      "GIT_TRANSPORT_UNSUPPORTED",
      "ssh cannot run, since the operator's user ID has no entry in /etc/passwd: run it as the user of its image (65532), or use an https:// URL",
    );
  }
  const mismatch = /Unable to negotiate with .*: (.+)/i.exec(text);
  if (mismatch !== null) {
    return new GitError(
      "GIT_UNREACHABLE",
      `${remoteAddress(remote.url)} offers no algorithm that ssh accepts (${shown(mismatch[1] ?? "")}): upgrade the SSH server`,
    );
  }
  return undefined;
}

function networkError(remote: GitRemote, text: string): GitError | undefined {
  const code = TRANSPORT.find(([pattern]) => pattern.test(text))?.[1];
  return code === undefined ? undefined : broken(remote, code);
}

function broken(remote: GitRemote, code: string): GitError {
  const error = transportError(remote, Object.assign(new Error("ssh failed"), { code }));
  return error instanceof GitError ? error : remoteFailed(remote.url, code);
}

function notFound(remote: GitRemote): GitError {
  return new GitError(
    "GIT_REPOSITORY_NOT_FOUND",
    `the repository ${remote.url} does not exist, or is not visible to this key: check url, and that the key has read access`,
  );
}

function shown(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ").slice(0, 200) || "no reason given";
}
