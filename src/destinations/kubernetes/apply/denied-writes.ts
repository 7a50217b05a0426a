import type { Clock } from "../../../base/clock.js";

/** How long a denial is cached, unless permissions change earlier. */
const TTL_MS = 60_000;

/**
 * Caches which users lack permission to write which objects. Otherwise an app would send an access review at each reconcile for
 * an object that another app has in Git without permission to write it.
 */
export class DeniedWrites {
  readonly #clock: Pick<Clock, "monotonic">;
  /** Monotonic times of the denials, by user and object, oldest first. */
  readonly #denied = new Map<string, Map<string, number>>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** Whether a user was denied writes to an object within the last minute. */
  has(user: string | undefined, object: string): boolean {
    const at = this.#denied.get(user ?? "")?.get(object);
    return at !== undefined && this.#clock.monotonic() - at < TTL_MS;
  }

  /** Records a denial. */
  add(user: string | undefined, object: string): void {
    const now = this.#clock.monotonic();
    const objects = this.#denied.get(user ?? "") ?? new Map<string, number>();
    for (const [old, at] of objects) {
      if (now - at < TTL_MS) break;
      objects.delete(old);
    }
    objects.delete(object);
    this.#denied.set(user ?? "", objects.set(object, now));
  }

  /** Drops the denials of a user, whose own requests may have been allowed since. */
  forget(user: string | undefined): void {
    this.#denied.delete(user ?? "");
  }

  /** Drops all denials after a change of permissions. */
  clear(): void {
    this.#denied.clear();
  }
}
