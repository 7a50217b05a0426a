import { isRecord } from "../../../manifest/shape.js";
import { OVERRIDE_TAG } from "../../../manifest/yaml/yaml-schema.js";
import { overrideOf } from "./merge-tags.js";
import type { Mapping } from "./shape.js";

/**
 * Makes the relative paths of a service relative to the parent of its folder, as Compose does with a service of a file in
 * another folder: environment files, bind mounts and the build context.
 *
 * @param folder the folder of the service's file, relative to that of the file that uses it; `.` for the same folder.
 */
export function rebaseService(service: Mapping, folder: string): Mapping {
  if (folder === ".") return service;
  const move = (value: unknown): unknown => (typeof value === "string" ? rebasePath(value, folder) : value);
  return changed(service, {
    env_file: (value) => each(value, (item) => (isRecord(item) ? changed(item, { path: move }) : move(item))),
    label_file: (value) => each(value, move),
    volumes: (value) => each(value, (item) => rebaseMount(item, folder)),
    build: (value) => (isRecord(value) ? changed(value, { context: move }) : move(value)),
  });
}

/** The folder of a file, relative to where its path is; `.` for the same folder. */
export function folderOf(path: string): string {
  const end = path.replace(/^(\.\/)+/, "").lastIndexOf("/");
  return end < 0 ? "." : path.replace(/^(\.\/)+/, "").slice(0, end);
}

/** Makes the relative paths of all parts of a Compose document relative to another folder; see `rebaseService`. */
export function rebaseDocument(document: Mapping, folder: string): Mapping {
  if (folder === ".") return document;
  const files = (value: unknown): unknown =>
    eachOf(value, (one) =>
      changed(one, { file: (path) => (typeof path === "string" ? rebasePath(path, folder) : path) }),
    );
  return changed(document, {
    services: (value) => eachOf(value, (one) => rebaseService(one, folder)),
    secrets: files,
    configs: files,
  });
}

/** A relative path below another folder. Absolute paths, home folders and paths that begin with a variable stay. */
function rebasePath(path: string, folder: string): string {
  if (path === "" || /^[/~$]/.test(path) || path.includes("://")) return path;
  const joined = `${folder}/${path}`;
  return /^\.\.?\//.test(joined) ? joined : `./${joined}`;
}

/** Only a source that begins with a dot is a path: others are names of volumes. */
function rebaseMount(mount: unknown, folder: string): unknown {
  if (typeof mount === "string") return /^\.\.?(\/|:|$)/.test(mount) ? rebasePath(mount, folder) : mount;
  if (!isRecord(mount) || mount.type !== "bind" || typeof mount.source !== "string") return mount;
  return { ...mount, source: rebasePath(mount.source, folder) };
}

type Changes = Readonly<Record<string, (value: unknown) => unknown>>;

/** The mapping with these fields changed, as far as it has them. */
function changed(mapping: Mapping, changes: Changes): Mapping {
  return Object.fromEntries(
    Object.entries(mapping).map(([key, value]) => {
      const change = Object.hasOwn(changes, key) ? changes[key] : undefined;
      return [key, change === undefined ? value : change(value)];
    }),
  );
}

function each(value: unknown, change: (item: unknown) => unknown): unknown {
  const override = overrideOf(value);
  if (override !== undefined) return { [OVERRIDE_TAG]: each(override.content, change) };
  return Array.isArray(value) ? value.map(change) : change(value);
}

function eachOf(value: unknown, change: (item: Mapping) => Mapping): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, isRecord(one) ? change(one) : one]));
}
