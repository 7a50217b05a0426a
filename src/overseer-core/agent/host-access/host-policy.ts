import { isAbsolute, normalize } from "node:path";

/** What a node can allow in addition to what is always allowed, by the names of `--allow`. */
export const HOST_PERMISSIONS = {
  annotations: "annotations, which container runtimes interpret",
  bind_propagation: "shared propagation of mounts",
  cap_add: "more capabilities; `cap_add=NET_ADMIN` allows one",
  cgroup: "the cgroups of the node, `cgroup` and `cgroup_parent`",
  devices: "devices of the node and GPUs",
  docker_socket: "the socket of Docker, which is full control of the node",
  external_containers: "containers of other projects: `container:name`, `external_links`",
  ipc: "the IPC namespace of the node",
  logging: "log drivers other than json-file, local and none",
  "networks.driver": "network drivers other than bridge, and driver options",
  "networks.external": "networks that are not of the app",
  "networks.subnet": "addresses of networks, which may hide others that the node reaches",
  network_mode: "the network of the node, and networks by name",
  oom: "protection against the OOM killer",
  pid: "the processes of the node",
  "ports.reserved": "ports of the proxy of the node, and of sign-in services on it",
  privileged: "privileged containers and hooks",
  runtime: "other container runtimes",
  security_opt: "options that weaken confinement",
  sysctls: "kernel parameters of the container",
  userns_mode: "the user namespace of the node",
  uts: "the host name of the node",
  "volumes.driver": "volume drivers and driver options, for example NFS",
  "volumes.external": "volumes that are not of the app",
} as const;

/** Name of one permission. */
export type HostPermission = keyof typeof HOST_PERMISSIONS;

/** What the Compose documents of a node may use of it. */
export interface HostPolicy {
  /** Reports whether an app has a permission, for example `cap_add` with the value `NET_ADMIN`. */
  allows(app: string, permission: HostPermission, value?: string): boolean;
  /** Absolute directories that bind mounts may use, in addition to the app's own directory. */
  readonly bindRoots: readonly string[];
}

/**
 * Parses the values of `--allow` (`privileged,cap_add=NET_ADMIN,devices@frigate`) and `--bind-roots` (`/srv,/mnt/media`). Returns the
 * text of the problem if they are invalid.
 */
export function readHostPolicy(allow: string, roots: string): HostPolicy | string {
  const entries = new Set<string>();
  for (const entry of listOf(allow)) {
    const [, name = "", value, app] = /^([a-z_.]+)(?:=([A-Za-z0-9_]+))?(?:@([a-z0-9._-]+))?$/.exec(entry) ?? [];
    if (!(name in HOST_PERMISSIONS)) {
      return `--allow: unknown permission ${JSON.stringify(entry)}: expected ${Object.keys(HOST_PERMISSIONS).join(", ")}`;
    }
    if (value !== undefined && name !== "cap_add")
      return `--allow: only cap_add takes a value, as in cap_add=NET_ADMIN`;
    entries.add(keyOf(name, value === undefined ? undefined : capability(value), app));
  }
  const bindRoots = listOf(roots);
  const relative = bindRoots.find((root) => !isAbsolute(root));
  if (relative !== undefined) return `--bind-roots: expected absolute paths, got ${JSON.stringify(relative)}`;
  return {
    allows: (app, permission, value) =>
      [undefined, value].some((one) => [undefined, app].some((who) => entries.has(keyOf(permission, one, who)))),
    bindRoots: bindRoots.map((root) => normalize(root).replace(/(.)\/+$/, "$1")),
  };
}

/** Returns the name of a capability as the policy has it: `NET_ADMIN`. */
export function capability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, "");
}

function listOf(text: string): string[] {
  return text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
}

function keyOf(name: string, value: string | undefined, app: string | undefined): string {
  return `${name}=${value ?? ""}@${app ?? ""}`;
}
