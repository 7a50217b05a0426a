import { isRecord } from "../../../manifest/shape.js";
import { nameOfValue } from "../describe-issue.js";
import { variablesIn } from "../interpolate.js";
import type { Reporter } from "../reporter.js";
import { checkFields } from "./forms.js";
import type { Runtime } from "./runtime.js";
import { MOUNT_FIELDS } from "./service-forms.js";
import { listAt, type Mapping } from "./shape.js";

/** An item of `volumes` of a service, in short or long syntax. */
export interface Mount {
  readonly type: "volume" | "bind" | "other";
  /** Volume name or path on the node. Undefined for an anonymous volume. */
  readonly source: string | undefined;
  /** Path in the container. */
  readonly target: string;
  /** Position in the list. */
  readonly index: number;
}

const EXPECTED = 'expected a volume like "data:/var/lib/data", "/srv/data:/data:ro" or a mapping with type and target';
const TYPES = ["bind", "volume", "tmpfs", "npipe", "cluster", "image"];
/** Keys of Coolify's volume items. They are not part of Compose. */
const FOREIGN_KEYS = ["content", "is_directory", "isDirectory"];

const RELATIVE =
  "relative path: the repository's files are not on the node; use a named volume, an absolute path, or configs.content";
const HOME = "~ is the home directory of the node agent; use an absolute path";
const HOME_OF_USER = "~ is the home directory of a user, which pods do not have; use a named volume";

/**
 * Validates `volumes` of an interpolated service. `written` is the list before interpolation, for hints. The short syntax is
 * split after interpolation because defaults like `${DATA:-/srv/x}` contain colons.
 */
export function checkMounts(service: Mapping, written: unknown, report: Reporter, runtime: Runtime): Mount[] {
  return listAt(service, "volumes", report).flatMap((item, index): Mount[] => {
    const at = report.at("volumes", index);
    const before: unknown = Array.isArray(written) ? written[index] : undefined;
    if (typeof item === "string") return shortMount(item, typeof before === "string" ? before : "", index, at, runtime);
    if (isRecord(item)) return longMount(item, index, at, runtime);
    at.problem(`${EXPECTED}, found ${nameOfValue(item)}`);
    return [];
  });
}

function shortMount(text: string, written: string, index: number, report: Reporter, runtime: Runtime): Mount[] {
  if (text.includes("${SECRET:")) {
    report.problem("secrets are not supported in volumes");
    return [];
  }
  const parts = text.split(":");
  if (/^[A-Za-z]:[\\/]/.test(text)) {
    const drive = "Compose reads a single letter before a colon as a Windows drive; use a longer volume name";
    report.problem(drive);
    return [];
  }
  if (parts.some((part) => part === "")) {
    const names = variablesIn(written);
    const cause = names.length === 0 ? "" : `; it comes from ${names.map((name) => `\${${name}}`).join(", ")}`;
    report.problem(`a part of the volume is empty${cause}. ${EXPECTED}`);
    return [];
  }
  const [first = "", target] = parts;
  if (target === undefined || (parts.length === 2 && /^(?:ro|rw|[zZ])$/.test(target))) {
    return checkTarget(first, report) ? [{ type: "volume", source: undefined, target: first, index }] : [];
  }
  if (parts.length > 3) {
    report.problem(`too many colons. ${EXPECTED}`);
    return [];
  }
  if (!checkTarget(target, report)) return [];
  return /^[./~\\]/.test(first) ? bind(first, target, index, report, runtime) : named(first, target, index, report);
}

function longMount(item: Mapping, index: number, report: Reporter, runtime: Runtime): Mount[] {
  for (const key of FOREIGN_KEYS) {
    if (Object.hasOwn(item, key)) report.at(key).problem("not a Compose key; use top-level configs.content");
  }
  const { type, source, target } = item;
  const rest = Object.fromEntries(Object.entries(item).filter(([key]) => !FOREIGN_KEYS.includes(key)));
  checkFields(rest, MOUNT_FIELDS, report);
  if (typeof type !== "string" || !TYPES.includes(type)) {
    report.at("type").problem(`${type === undefined ? "is missing: " : ""}expected one of ${TYPES.join(", ")}`);
    return [];
  }
  if (source !== undefined && source !== null && typeof source !== "string") {
    report.at("source").problem(`expected text, found ${nameOfValue(source)}`);
    return [];
  }
  if (typeof target !== "string" || !checkTarget(target, report.at("target"))) {
    if (typeof target !== "string") report.at("target").problem("is missing: path in the container");
    return [];
  }
  if (type === "bind") return bind(source ?? "", target, index, report.at("source"), runtime);
  if (type !== "volume") return [{ type: "other", source: source ?? undefined, target, index }];
  return source === undefined || source === null || source === ""
    ? [{ type: "volume", source: undefined, target, index }]
    : named(source, target, index, report.at("source"));
}

function bind(path: string, target: string, index: number, report: Reporter, runtime: Runtime): Mount[] {
  const isRepositoryPath = runtime === "cluster" && /^[^~\\]/.test(path);
  if (path.startsWith("/") || isRepositoryPath) return [{ type: "bind", source: path, target, index }];
  report.problem(
    path === ""
      ? "is missing: path on the node"
      : path.startsWith("~")
        ? runtime === "node"
          ? HOME
          : HOME_OF_USER
        : RELATIVE,
  );
  return [];
}

function named(name: string, target: string, index: number, report: Reporter): Mount[] {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return [{ type: "volume", source: name, target, index }];
  report.problem("is neither the name of a volume (letters, digits, and - . _) nor a path that begins with /");
  return [];
}

function checkTarget(path: string, report: Reporter): boolean {
  if (path.startsWith("/")) return true;
  report.problem("the path in the container has to begin with /");
  return false;
}
