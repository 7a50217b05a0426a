import type { ObjectKey } from "../../../manifest/object-id.js";

/** What an object is claimed by: at two destinations, the same key is two objects. */
export function claimKey(run: { readonly destination: { readonly id: string } }, key: ObjectKey): ObjectKey {
  return `${run.destination.id} ${key}`;
}

/**
 * Which app's Git wants which object, over all apps: an object that leaves one app's source and stands in another's is handed
 * over instead of deleted.
 */
export class Claims {
  readonly #byObject = new Map<ObjectKey, Set<string>>();
  readonly #byApp = new Map<string, readonly ObjectKey[]>();
  /** Claims of apps that cannot take what they claim, by object. */
  readonly #void = new Map<ObjectKey, ReadonlySet<string>>();

  /** Records all objects that an app's newest documents want. */
  set(app: string, keys: readonly ObjectKey[]): void {
    this.remove(app);
    this.#byApp.set(app, keys);
    for (const key of keys) {
      const apps = this.#byObject.get(key);
      if (apps) apps.add(app);
      else this.#byObject.set(key, new Set([app]));
    }
  }

  /** Forgets an app. */
  remove(app: string): void {
    for (const key of this.#byApp.get(app) ?? []) {
      const apps = this.#byObject.get(key);
      apps?.delete(app);
      if (apps?.size !== 0) continue;
      this.#byObject.delete(key);
      this.#void.delete(key);
    }
    this.#byApp.delete(app);
  }

  /** Whether the newest documents of an app want an object; undefined while none of its documents are known. */
  wants(app: string, key: ObjectKey): boolean | undefined {
    if (!this.#byApp.has(app)) return undefined;
    return this.#byObject.get(key)?.has(app) ?? false;
  }

  /** Every other app that wants the object, whether or not it may have it. */
  claimants(key: ObjectKey, except: string): readonly string[] {
    return [...(this.#byObject.get(key) ?? [])].filter((app) => app !== except).sort();
  }

  /** Records which of the apps that want an object cannot take it: what they want does not count. */
  dismiss(key: ObjectKey, apps: readonly string[]): void {
    if (apps.length === 0) this.#void.delete(key);
    else this.#void.set(key, new Set(apps));
  }

  /** Another app that wants the object; the first by name, if there are several. */
  claimant(key: ObjectKey, except: string): string | undefined {
    const dismissed = this.#void.get(key);
    return this.claimants(key, except).find((app) => !dismissed?.has(app));
  }
}
