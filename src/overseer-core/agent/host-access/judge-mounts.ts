import { isAbsolute, normalize } from "node:path";
import { canonicalJson, type Json } from "../../../base/hash.js";
import type { Mapping } from "../../operations/compose.js";
import { entriesOf, isSet, itemsOf, type JudgeContext, judgeLabels, mappingOf, need, refuse } from "./findings.js";

/** Directories of the node that matter for mounts. */
export interface NodePaths {
  /** Directory of the app, to which relative paths refer. */
  readonly appDirectory: string;
  /** Files and directories that no container may see: the data of the agent and of Docker. */
  readonly forbidden: readonly string[];
  /** Socket of Docker. */
  readonly socket: string;
  /** Directories that containers of the app can change now. */
  readonly writable: readonly string[];
  /** Volumes of the app that exist: Compose keeps them as they are, whatever the document says. */
  readonly volumes: readonly ExistingVolume[];
  /** Returns a path with all symbolic links resolved, as Docker will mount it. */
  readonly real: (path: string) => string;
}

/** A volume on the node. */
export interface ExistingVolume {
  /** Its name on the node. */
  readonly name: string;
  readonly driver: string;
  readonly options: Mapping;
}

/** Files that are read by many images and reveal nothing. They may be mounted read-only. */
const HARMLESS_FILES = ["/etc/localtime", "/etc/timezone"];

/** A path of the node that a document mounts. */
interface Mount {
  readonly key: string;
  readonly path: string;
  readonly writable: boolean;
}

/** Judges all paths of the node that a resolved document mounts: bind mounts, files of configs and secrets, volumes with a device. */
export function judgeMounts(context: JudgeContext, model: Mapping, paths: NodePaths): void {
  const mounts = [...bindMounts(context, model), ...fileMounts(model), ...volumeMounts(model)].map((mount) => ({
    ...mount,
    path: plainPath(mount.path),
  }));
  for (const mount of mounts) judgePath(context, mount, paths);
  judgeExisting(context, model, paths.volumes);
  const changeable = [
    ...mounts.flatMap((mount) => (mount.writable ? [mount.path] : [])),
    ...paths.writable,
    ...paths.volumes.flatMap((volume) => deviceOf(volume) ?? []),
  ].map(plainPath);
  const writable = changeable.flatMap((path) => [path, paths.real(path)]);
  for (const { key, path } of mounts) {
    const both = [path, paths.real(path)];
    const outer = writable.find((other) => !both.includes(other) && both.some((one) => isWithin(one, other)));
    // A container could replace a directory below its mount by a symbolic link, which Docker would then follow.
    if (outer !== undefined) {
      refuse(context, key, `${path} is below ${outer}, which a container can change: mount only one of them`);
    }
  }
}

/** Returns a path as it is compared: without `.`, `..`, double and trailing slashes. */
function plainPath(path: string): string {
  return normalize(path).replace(/(.)\/+$/, "$1");
}

function deviceOf({ driver, options }: ExistingVolume): string | undefined {
  return boundDevice({ driver, driver_opts: options });
}

/** Compose does not change a volume that exists: its options must be those of the document, which is what is judged. */
function judgeExisting(context: JudgeContext, model: Mapping, existing: readonly ExistingVolume[]): void {
  for (const [name, value] of entriesOf(model.volumes)) {
    const declared = mappingOf(value);
    const found = existing.find((volume) => volume.name === declared.name);
    if (found === undefined || isSet(declared.external)) continue;
    const driver = isSet(declared.driver) ? declared.driver : "local";
    if (driver === found.driver && canonicalJson(plain(declared.driver_opts)) === canonicalJson(plain(found.options)))
      continue;
    const message = `volume ${found.name} was created with other options, which Compose does not change: remove it on the node, or use another name`;
    refuse(context, `volumes.${name}`, message);
  }
}

/** Options with text values, as Docker keeps them. */
function plain(options: unknown): Json {
  return Object.fromEntries(entriesOf(options).map(([key, value]) => [key, String(value)]));
}

function bindMounts(context: JudgeContext, model: Mapping): Mount[] {
  return entriesOf(model.services).flatMap(([name, service]) =>
    itemsOf(mappingOf(service).volumes).flatMap((item, index): Mount[] => {
      const key = `services.${name}.volumes[${index}]`;
      const volume = mappingOf(item);
      const { type, source } = volume;
      judgeLabels(context, `${key}.volume.labels`, mappingOf(volume.volume).labels);
      if (type === "volume" || type === "tmpfs" || type === "image") return [];
      if (type !== "bind" || typeof source !== "string") {
        refuse(
          context,
          key,
          `mounts of type ${JSON.stringify(type ?? "")} are not supported: use a volume or a bind mount`,
        );
        return [];
      }
      const { propagation } = mappingOf(volume.bind);
      if (isSet(propagation) && propagation !== "private" && propagation !== "rprivate") {
        need(context, `${key}.bind.propagation`, "bind_propagation");
      }
      return [{ key, path: source, writable: volume.read_only !== true }];
    }),
  );
}

function fileMounts(model: Mapping): Mount[] {
  return ["configs", "secrets"].flatMap((kind) =>
    entriesOf(model[kind]).flatMap(([name, value]): Mount[] => {
      const { file } = mappingOf(value);
      return typeof file === "string" ? [{ key: `${kind}.${name}.file`, path: file, writable: false }] : [];
    }),
  );
}

/** A local volume with `o: bind` is a bind mount by another name. */
function volumeMounts(model: Mapping): Mount[] {
  return entriesOf(model.volumes).flatMap(([name, value]): Mount[] => {
    const device = boundDevice(mappingOf(value));
    return device === undefined ? [] : [{ key: `volumes.${name}.driver_opts.device`, path: device, writable: true }];
  });
}

/** Returns the directory that a local volume binds; undefined if it is no such volume. */
export function boundDevice({ driver, driver_opts: options }: Mapping): string | undefined {
  const { type, o, device } = mappingOf(options);
  const mount = String(o ?? "").split(",");
  const binds = (mount.includes("bind") || mount.includes("rbind")) && ["", "none"].includes(String(type ?? ""));
  const local = driver === undefined || driver === null || driver === "" || driver === "local";
  return local && binds && typeof device === "string" ? device : undefined;
}

function judgePath(context: JudgeContext, { key, path, writable }: Mount, paths: NodePaths): void {
  const declared = normalize(path);
  if (!writable && HARMLESS_FILES.includes(declared)) return;
  const real = paths.real(declared);
  const exposesSocket = [declared, real].some(
    (one) => isWithin(paths.socket, one) || isWithin(paths.real(paths.socket), one),
  );
  const { hostAccess } = context.denied;
  if (exposesSocket && hostAccess?.dockerSocket === false)
    refuse(context, key, "the Policy of the app has no hostAccess.dockerSocket: set it to true, or remove the mount");
  else if (exposesSocket && !context.policy.allows(context.app, "docker_socket")) need(context, key, "docker_socket");
  else if (!exposesSocket || !isWithin(declared, paths.socket)) {
    const problem = outsideProblem(context, declared, real, paths);
    if (problem !== undefined) refuse(context, key, problem);
  }
}

/** Returns why a path may not be mounted, apart from the socket of Docker. */
function outsideProblem(
  { policy, denied }: JudgeContext,
  declared: string,
  real: string,
  { appDirectory, forbidden, real: realOf }: NodePaths,
): string | undefined {
  if (!isAbsolute(declared)) return `${JSON.stringify(declared)} is not an absolute path`;
  const roots = [appDirectory, ...policy.bindRoots];
  if (!roots.some((root) => isWithin(declared, root))) {
    return `${declared} is outside of the directories that this node allows: use a volume or a relative path, or start the agent with --bind-roots ${declared}`;
  }
  if (!roots.some((root) => isWithin(real, realOf(root)))) {
    return `${declared} leads to ${real} by a symbolic link, outside of the directories that this node allows`;
  }
  if (isWithin(real, realOf(appDirectory))) return undefined;
  const permitted = denied.hostAccess?.paths.map((one) => plainPath(one));
  if (permitted?.some((root) => isWithin(declared, root) && isWithin(real, realOf(root))) === false)
    return `${declared} is not in hostAccess.paths of the Policy of the app: add it there, or remove the mount`;
  const exposed = forbidden.find((one) => touches(real, realOf(one)));
  return exposed && `${declared} would expose data of the agent or of Docker in ${exposed}: mount another directory`;
}

function touches(a: string, b: string): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

/** Reports whether a normalized path is a directory or below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
