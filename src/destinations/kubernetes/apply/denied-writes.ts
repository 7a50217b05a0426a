import type { Clock } from "../../../base/clock.js";

/** How long a denial is relied on, unless permissions change before. */
const REMEMBER_MS = 60_000;

/**
 * Which users were found to lack the permission to write which objects. An app that keeps an object which another app names in
 * Git without that permission would otherwise ask the API server at each reconcile.
 */
export class DeniedWrites {
  readonly #clock: Pick<Clock, "monotonic">;
  /** Monotonic times of the answers, by user and object; the oldest first. */
  readonly #denied = new Map<string, Map<string, number>>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** Whether a user was denied writes to an object within the last minute. */
  has(user: string | undefined, object: string): boolean {
    const at = this.#denied.get(user ?? "")?.get(object);
    return at !== undefined && this.#clock.monotonic() - at < REMEMBER_MS;
  }

  /** Remembers a denial. */
  add(user: string | undefined, object: string): void {
    const now = this.#clock.monotonic();
    const objects = this.#denied.get(user ?? "") ?? new Map<string, number>();
    for (const [old, at] of objects) {
      if (now - at < REMEMBER_MS) break;
      objects.delete(old);
    }
    objects.delete(object);
    this.#denied.set(user ?? "", objects.set(object, now));
  }

  /** Forgets the denials of a user, whose own requests may have been allowed since. */
  forget(user: string | undefined): void {
    this.#denied.delete(user ?? "");
  }

  /** Forgets all denials: permissions have changed. */
  clear(): void {
    this.#denied.clear();
  }
}
