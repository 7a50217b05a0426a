import { ManifestError } from "../manifest/manifest-error.js";
import { readValue } from "../manifest/read-value.js";
import { isRecord } from "../manifest/shape.js";
import { KUBERNETES_SCHEMA } from "../manifest/yaml-schema.js";

/** So many reasons are named. */
const MAX_REASONS = 4;

/**
 * What would be lost if a kustomization were left out and the files of its folder were applied as they are; empty where it
 * merely lists them. `files` are the paths of the source below that folder.
 */
export function lostWithout(text: string, file: string, files: readonly string[]): string[] {
  let value: unknown;
  try {
    value = readValue(text, file, KUBERNETES_SCHEMA);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return ["what it says, which cannot be read"];
  }
  if (!isRecord(value)) return [];
  const lost = Object.keys(value).filter((key) => !["apiVersion", "kind", "metadata", "resources"].includes(key));
  const resources = Array.isArray(value.resources) ? value.resources.map(String) : [];
  const beside = new Set(files);
  const elsewhere = resources.filter((resource) => !beside.has(resource.replace(/^\.\//, "")));
  const listed = new Set(resources.map((resource) => resource.replace(/^\.\//, "")));
  const unlisted = files.filter((path) => /\.(?:yaml|yml|json)$/.test(path) && !listed.has(path) && path !== file);
  const reasons = [...lost.sort(), ...elsewhere.map((resource) => `the resource ${resource.slice(0, 100)}`)];
  if (reasons.length === 0 && unlisted.length > 0) return [`the choice not to apply ${unlisted.sort()[0]}`];
  return reasons.length <= MAX_REASONS
    ? reasons
    : [...reasons.slice(0, MAX_REASONS - 1), `${reasons.length - MAX_REASONS + 1} more`];
}
