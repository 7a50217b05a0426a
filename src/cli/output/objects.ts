import type { RawObject } from "../../kube/object.js";
import { parseApiVersion } from "../../manifest/object-id.js";

/** How objects are printed. */
export const OUTPUTS = ["json", "yaml", "name", "wide"] as const;
/** An output format; undefined is the default of the command. */
export type Output = (typeof OUTPUTS)[number] | undefined;

/** Formats a value as JSON, with two spaces. */
export function jsonOutput(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Formats a value as YAML or JSON. */
export async function formatValue(value: unknown, output: "json" | "yaml"): Promise<string> {
  if (output === "json") return jsonOutput(value);
  const { yamlText } = await import("../../manifest/yaml/dump.js");
  return yamlText(value);
}

/** Formats objects as JSON, YAML or names: one object as it is, several, or a list that was asked for, as a `List`. */
export async function formatObjects(
  objects: readonly RawObject[],
  output: "json" | "yaml" | "name",
  isList: boolean,
): Promise<string> {
  if (output === "name") return objects.map((object) => `${objectName(object)}\n`).join("");
  const shown = objects.map(withoutManagedFields);
  const [only] = shown;
  const value = isList || only === undefined ? { apiVersion: "v1", kind: "List", metadata: {}, items: shown } : only;
  return formatValue(value, output);
}

/** `overseerapp.gitops.overseer.io/web`, as `kubectl -o name` prints it. */
export function objectName({ apiVersion = "", kind = "", metadata }: RawObject): string {
  const { group } = parseApiVersion(apiVersion);
  const type = kind.toLowerCase();
  return `${group === "" ? type : `${type}.${group}`}/${metadata.name}`;
}

/** As kubectl prints it: field ownership is for programs. */
function withoutManagedFields<T extends RawObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
