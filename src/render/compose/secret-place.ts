import type { SecretPlace } from "./model.js";
import { objectName } from "./names.js";

/** Key of Secrets and ConfigMaps that hold one value. */
export const VALUE_KEY = "value";

/** Returns where a secret is that an app refers to: in a Secret of the source, or in the key `value` of the Secret of this name. */
export function secretPlace(name: string, places: ReadonlyMap<string, SecretPlace> | undefined): SecretPlace {
  return places?.get(name) ?? { object: objectName(name), key: VALUE_KEY };
}
