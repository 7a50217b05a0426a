import { cleanPath } from "../overseer/compose/clean-path.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import { warn } from "./findings.js";
import type { AppModel, ServiceModel } from "./model.js";
import { type MountItem, mountItems } from "./mount-items.js";
import { storeFiles, volumeOf } from "./mounted-files.js";
import { joinNames } from "./names.js";
import type { VolumeMount } from "./pod-volumes.js";
import { byteQuantity, bytesOf, itemsOf, mappingOf, textOf, textsOf } from "./values.js";
import { addClaim, type MountTargets, namedVolume } from "./volume-sources.js";

/** Host paths that only tell the time zone. */
const TIME = /^\/(?:etc\/(?:localtime|timezone)|usr\/share\/zoneinfo(?:\/.*)?)$/;
const SHM = "/dev/shm";
const DOCKER_SOCKET = /^\/(?:var\/)?run\/docker\.sock$/;

/** Returns the mounts of a service: `volumes`, `volumes_from`, `tmpfs` and `shm_size`. Adds their volumes and objects. */
export function mountsOf(model: ServiceModel, targets: MountTargets): VolumeMount[] {
  const own = mountItems(model).flatMap((item) => mountItem(item, model, targets));
  const shared = textsOf(model.service.volumes_from).flatMap((text, index) => {
    const [name = "", mode] = text.split(":");
    const other = targets.app.services.get(name);
    if (other !== undefined)
      return mountItems(other).flatMap((item) =>
        mountItem(mode === "ro" ? { ...item, readOnly: true } : item, other, targets),
      );
    model.report.at("volumes_from", index).problem("is not a service of the app that runs");
    return [];
  });
  const taken = new Set(own.map(({ mountPath }) => mountPath));
  const all = [...own, ...shared.filter(({ mountPath }) => !taken.has(mountPath))];
  return [...all, ...memoryMounts(model, targets, new Set(all.map(({ mountPath }) => mountPath)))];
}

function memoryMounts(
  { service, name, report }: ServiceModel,
  { pod }: MountTargets,
  taken: ReadonlySet<string>,
): VolumeMount[] {
  const mounts = textsOf(service.tmpfs).map((text): VolumeMount => {
    const [target = "", options = ""] = text.split(":");
    const mountPath = cleanPath(target);
    const size = /(?:^|,)size=([^,]+)/.exec(options)?.[1];
    if (/(?:^|,)(?:mode|uid|gid|noexec|nosuid)\b/.test(options))
      warn(report.at("tmpfs"), "options besides size have no effect: the directory has mode 1777");
    return { name: memory(pod, `tmpfs-${name}-${mountPath}`, bytesOf(size)), mountPath };
  });
  // As in Docker, a mount at this path takes precedence.
  if (service.shm_size === undefined || taken.has(SHM) || mounts.some(({ mountPath }) => mountPath === SHM))
    return mounts;
  const shared = memory(pod, `shm-${name}`, bytesOf(service.shm_size));
  return [...mounts, { name: shared, mountPath: SHM }];
}

function memory(pod: MountTargets["pod"], key: string, size: number | undefined): string {
  const limit = size === undefined ? undefined : byteQuantity(size);
  return pod.add(key, { emptyDir: { medium: "Memory", ...(limit === undefined ? {} : { sizeLimit: limit }) } });
}

function mountItem(item: MountItem, model: ServiceModel, targets: MountTargets): VolumeMount[] {
  const { type, source, readOnly, subPath, report } = item;
  const mountPath = cleanPath(item.target);
  const mode = readOnly ? { readOnly: true } : {};
  if (subPath !== undefined && (subPath.startsWith("/") || subPath.split("/").includes("..")))
    report.at("volume", "subpath").problem("expected a path within the volume");
  const mount = (name: string | undefined): VolumeMount[] =>
    name === undefined ? [] : [{ name, mountPath, ...(subPath === undefined ? {} : { subPath }), ...mode }];
  if (type === "tmpfs") return mount(memory(targets.pod, `tmpfs-${model.name}-${mountPath}`, item.size));
  if (type === "bind") return bindMount(source ?? "", item, targets);
  if (type !== "volume") {
    report.problem(`the type ${type} is not supported: use a named volume`);
    return [];
  }
  if (source === undefined) {
    warn(report, "an anonymous volume is emptied whenever the pod is replaced: give it a name to keep its data");
    return mount(targets.pod.add(`anonymous-${model.name}-${mountPath}`, { emptyDir: {} }));
  }
  return mount(namedVolume(source, targets, (path, at) => hostPath(path, targets, at)));
}

function bindMount(source: string, item: MountItem, targets: MountTargets): VolumeMount[] {
  const { readOnly, report } = item;
  const mountPath = cleanPath(item.target);
  const mode = readOnly ? { readOnly: true } : {};
  if (source.startsWith("/")) {
    if (TIME.test(source)) {
      report.note("is omitted: set the time zone with the variable TZ");
      return [];
    }
    const name = hostPath(source, targets, report);
    return name === undefined ? [] : [{ name, mountPath, ...mode }];
  }
  const { app, pod, objects } = targets;
  const entry = app.files(source);
  if (entry.kind === "fault") {
    report.problem(entry.message);
    return [];
  }
  const name = nameOf(app.name, source);
  if (entry.kind === "missing") {
    if (looksLikeFile(source, mountPath)) {
      report.problem(`there is no file ${JSON.stringify(source)} in the source: add it, or use a named volume`);
      return [];
    }
    const folder = outermost(source, app);
    const claim = nameOf(app.name, folder);
    const subPath = normal(source).slice(normal(folder).length + 1);
    const within = subPath === "" ? "" : `, in its folder ${subPath}`;
    report.note(`${JSON.stringify(source)} is not in the repository: its data is in the claim ${claim}${within}`);
    addClaim({ claim, source: `path ${normal(folder)}`, volume: {}, app, objects, report });
    return [{ name: pod.claim(claim), mountPath, ...(subPath === "" ? {} : { subPath }), ...mode }];
  }
  if (!readOnly)
    warn(report, "is read-only in the container, because it comes from the repository: add :ro, or use a volume");
  const files = entry.kind === "file" ? [{ ...entry.file, path: fileName(source) }] : entry.files;
  const kind = files.some(({ secret }) => secret) ? "Secret" : "ConfigMap";
  const stored = storeFiles({ kind, name, source: `path ${normal(source)}`, files }, objects, report);
  if (stored === undefined) return [];
  pod.content(stored.hash);
  const volume = pod.add(`files-${name}`, volumeOf(kind, name, stored.items));
  const subPath = entry.kind === "file" ? { subPath: fileName(source) } : {};
  return [{ name: volume, mountPath, ...subPath, readOnly: true }];
}

/** Removes redundant parts, so that different spellings of a path are the same. */
function normal(path: string): string {
  return cleanPath(`./${path}`).replace(/^\.$/, "");
}

function nameOf(app: string, path: string): string {
  return joinNames(app, normal(path).replaceAll(/^[./]+/g, "") || "folder");
}

/** Returns the outermost folder with a path that services mount too and that is not in the repository: both share its data. */
function outermost(path: string, { folders, files }: AppModel): string {
  const parts = normal(path).split("/");
  for (let length = 1; length < parts.length; length++) {
    const written = folders.get(parts.slice(0, length).join("/"));
    if (written !== undefined && files(written).kind === "missing") return written;
  }
  return path;
}

/** Returns the relative paths that services mount, by their shortest spelling. */
export function foldersOf(services: Iterable<Mapping>): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  for (const { volumes } of services)
    for (const item of itemsOf(volumes)) {
      const written = textOf(item)?.split(":")[0] ?? textOf(mappingOf(item).source) ?? "";
      if (written.startsWith(".")) folders.set(normal(written), written);
    }
  return folders;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether a missing path is meant to be a file: Docker would create a folder there, which the app could not use. */
function looksLikeFile(source: string, target: string): boolean {
  const extension = /\.[A-Za-z][A-Za-z0-9]{0,9}$/;
  return extension.test(fileName(source)) && extension.test(fileName(target));
}

/** Adds a path of the node to a pod. Undefined if it is not permitted, which is reported. */
function hostPath(path: string, { app, pod }: MountTargets, report: Reporter): string | undefined {
  const { hostPaths, dockerSocket } = app.settings;
  const clean = cleanPath(path);
  const isSocket = DOCKER_SOCKET.test(clean);
  const isAllowed = isSocket
    ? dockerSocket
    : !path.split("/").includes("..") && hostPaths.some((allowed) => isBelow(clean, allowed));
  if (!isAllowed) {
    const what = isSocket ? "dockerSocket: true" : "the path";
    report.problem(
      `${JSON.stringify(path.slice(0, 100))} is a path of the node: use a named volume, or allow it with ${what} in hostAccess of a Policy of this source`,
    );
    return undefined;
  }
  if (app.node === undefined && Object.keys(app.settings.nodeLabels).length === 0)
    warn(report, "is a path of the node, and the app may run on any node: set targetNode");
  pod.needs("privileged");
  return pod.add(`host-${clean}`, { hostPath: { path: clean, type: isSocket ? "Socket" : "" } });
}

function isBelow(path: string, allowed: string): boolean {
  const prefix = allowed.replace(/\/+$/, "");
  return path === prefix || path.startsWith(`${prefix}/`);
}
