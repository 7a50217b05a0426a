import type { SecretPlace, ServiceModel } from "./model.js";
import { storeFiles } from "./mounted-files.js";
import { joinNames } from "./names.js";
import type { MountTargets } from "./volume-sources.js";

/**
 * Adds the Secret with those variables of a service that are in encrypted files of `env_file`. A changed value replaces the pods. Returns
 * where each variable is; empty after a problem.
 */
export function storeVariables(
  variables: ReadonlyMap<string, string>,
  { name, dns, report }: ServiceModel,
  { app, objects, pod }: MountTargets,
): ReadonlyMap<string, SecretPlace> {
  if (variables.size === 0) return new Map();
  const object = joinNames(app.name, dns, "env");
  const files = [...variables].map(([path, value]) => ({
    path,
    bytes: new TextEncoder().encode(value),
    executable: false,
    secret: true,
  }));
  const source = `env_file of ${name}`;
  const stored = storeFiles({ kind: "Secret", name: object, source, files }, objects, report.at("env_file"));
  if (stored === undefined) return new Map();
  pod.content(stored.hash);
  return new Map(stored.items.map(({ path, key }) => [path, { object, key }]));
}
