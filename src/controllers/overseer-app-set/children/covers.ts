import { isObject } from "../parameters.js";

/** Lists of the spec of an app that server-side apply merges, with the key of their items. All other lists are replaced. */
export const MERGED_LISTS: ReadonlyMap<string, string> = new Map([
  ["source.env", "name"],
  ["source.compose.ingress.signIn", "name"],
  ["source.compose.devices", "path"],
  ["source.helm.parameters", "name"],
  ["source.kustomize.images", "name"],
  ["source.kustomize.replicas", "name"],
  ["source.secretStores", "name"],
]);

/**
 * Reports whether everything that is desired is live. Fields that only the live object has do not count: they are defaults, or were
 * added by others.
 */
export function covers(live: unknown, desired: unknown, path = ""): boolean {
  if (desired === null || desired === undefined) return true;
  if (Array.isArray(desired)) return Array.isArray(live) && coversList(live, desired, path);
  if (isObject(desired)) {
    return (
      isObject(live) &&
      Object.entries(desired).every(([key, value]) =>
        covers(Object.hasOwn(live, key) ? live[key] : undefined, value, path === "" ? key : `${path}.${key}`),
      )
    );
  }
  return live === desired;
}

function coversList(live: readonly unknown[], desired: readonly unknown[], path: string): boolean {
  const key = MERGED_LISTS.get(path);
  if (key === undefined) {
    return live.length === desired.length && desired.every((item, index) => covers(live[index], item, `${path}[]`));
  }
  return desired.every((item) => {
    const name = isObject(item) ? item[key] : undefined;
    const same = live.find((other) => isObject(other) && other[key] === name);
    return same !== undefined && covers(same, item, `${path}[]`);
  });
}
