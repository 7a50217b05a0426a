import type { ObjectKey } from "../../../manifest/object-id.js";

/** Returns the key of an object across destinations: the same object key at two destinations is two objects. */
export function claimKey(run: { readonly destination: { readonly id: string } }, key: ObjectKey): ObjectKey {
  return `${run.destination.id} ${key}`;
}

/**
 * Index of the objects that each app's newest documents claim: an object that moves from one app's source to another's is
 * transferred instead of deleted.
 */
export class Claims {
  readonly #byObject = new Map<ObjectKey, Set<string>>();
  readonly #byApp = new Map<string, readonly ObjectKey[]>();
  /** Apps whose claim on an object has no effect, by object. */
  readonly #void = new Map<ObjectKey, ReadonlySet<string>>();

  /** Replaces the claims of an app. */
  set(app: string, keys: readonly ObjectKey[]): void {
    this.remove(app);
    this.#byApp.set(app, keys);
    for (const key of keys) {
      const apps = this.#byObject.get(key);
      if (apps) apps.add(app);
      else this.#byObject.set(key, new Set([app]));
    }
  }

  /** Removes the claims of an app. */
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

  /** Reports whether an app claims an object; undefined while its documents are unknown. */
  wants(app: string, key: ObjectKey): boolean | undefined {
    if (!this.#byApp.has(app)) return undefined;
    return this.#byObject.get(key)?.has(app) ?? false;
  }

  /** Returns every other app that claims the object, whether or not it is authorized. */
  claimants(key: ObjectKey, except: string): readonly string[] {
    return [...(this.#byObject.get(key) ?? [])].filter((app) => app !== except).sort();
  }

  /** Records the apps whose claim on the object has no effect. */
  dismiss(key: ObjectKey, apps: readonly string[]): void {
    if (apps.length === 0) this.#void.delete(key);
    else this.#void.set(key, new Set(apps));
  }

  /** Returns another app with an effective claim on the object; the first by name if there are several. */
  claimant(key: ObjectKey, except: string): string | undefined {
    const dismissed = this.#void.get(key);
    return this.claimants(key, except).find((app) => !dismissed?.has(app));
  }
}
