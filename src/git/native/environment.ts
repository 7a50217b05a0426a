/** Options of the environment of a `git` process. */
export interface GitEnvironmentOptions {
  readonly path: string;
  /** Absolute directory of the repository; also the child's home directory, which has no configuration. */
  readonly directory: string;
  /** Object directory for reading and writing. */
  readonly objects: string;
  /** Additional object directory for reading. */
  readonly alternate?: string;
  /** Additional settings. They may be confidential: they are passed in the environment, not as arguments. */
  readonly config?: Readonly<Record<string, string>>;
  readonly maxAllocation: number;
  readonly silenceSeconds: number;
  /** Permits SSH, by this command, instead of HTTP. */
  readonly ssh?: { readonly command: string; readonly environment: Readonly<Record<string, string>> };
}

/**
 * Settings of every child, instead of configuration files. Disables hooks, helpers, prompts, redirects, submodules, background
 * work, and all transports except HTTP, or SSH where it is configured. Received packs are not unpacked and not synced to disk: a pack damaged by a machine crash
 * is detected by its checksum.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  "core.hooksPath": "/dev/null",
  "core.fsync": "none",
  "core.bigFileThreshold": "4m",
  "core.packedGitWindowSize": "1m",
  "core.packedGitLimit": "32m",
  "core.deltaBaseCacheLimit": "8m",
  "credential.helper": "",
  "fetch.recurseSubmodules": "false",
  "submodule.recurse": "false",
  "fetch.unpackLimit": "1",
  "fetch.writeCommitGraph": "false",
  // Names and order in trees are checked where a tree is used: one bad directory must not block the whole repository.
  "fetch.fsckObjects": "false",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "http.followRedirects": "false",
  "http.sslVerify": "true",
  "pack.threads": "1",
  "pack.windowMemory": "32m",
  "pack.deltaCacheSize": "16m",
  "pack.writeReverseIndex": "false",
  "protocol.allow": "never",
  "protocol.http.allow": "always",
  "protocol.https.allow": "always",
  "protocol.version": "2",
  "transfer.bundleURI": "false",
};

/** Returns the complete environment of a child; nothing is inherited. Settings are passed as `GIT_CONFIG_*` (git 2.31). */
export function gitEnvironment(options: GitEnvironmentOptions): Record<string, string> {
  const { path, directory, objects, alternate, config, maxAllocation, silenceSeconds, ssh } = options;
  const settings = Object.entries({
    ...SETTINGS,
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": String(silenceSeconds),
    ...config,
  });
  const environment: Record<string, string> = {
    PATH: path,
    HOME: directory,
    LC_ALL: "C",
    GIT_DIR: directory,
    GIT_OBJECT_DIRECTORY: objects,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "http:https",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_HTTP_USER_AGENT: "git/overseer-gitops",
    GIT_ALLOC_LIMIT: String(maxAllocation),
    GIT_CONFIG_COUNT: String(settings.length),
  };
  if (ssh !== undefined) {
    Object.assign(environment, ssh.environment);
    environment.GIT_ALLOW_PROTOCOL = "ssh";
    environment.GIT_SSH_COMMAND = ssh.command;
    environment.GIT_SSH_VARIANT = "ssh";
  }
  if (alternate !== undefined) environment.GIT_ALTERNATE_OBJECT_DIRECTORIES = alternate;
  settings.forEach(([key, value], index) => {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return environment;
}
