/** Returns the groups of a key, such as its namespace, that share the workers with others. Called when a key is taken. */
export type GroupsOf = (key: string) => readonly string[];

/**
 * Divides workers between groups of keys: keys of one group use at most half of the workers that other groups leave, but always one. So a group
 * whose keys take long, for example because its server does not respond, does not keep others waiting.
 */
export class WorkerShares {
  readonly #workers: number;
  readonly #groupsOf: GroupsOf;
  /** Groups of each running key. */
  readonly #running = new Map<string, readonly string[]>();
  /** Number of running keys per group. */
  readonly #counts = new Map<string, number>();

  constructor(workers: number, groupsOf: GroupsOf) {
    this.#workers = workers;
    this.#groupsOf = groupsOf;
  }

  /** Starts a key, unless one of its groups has its share; returns whether it was started. */
  start(key: string): boolean {
    if (!this.hasRoom(key)) return false;
    const groups = this.#groupsOf(key);
    this.#running.set(key, groups);
    for (const group of groups) this.#counts.set(group, this.#count(group) + 1);
    return true;
  }

  /** Returns whether no group of a key has its share. */
  hasRoom(key: string): boolean {
    return this.#groupsOf(key).every((group) => this.#groupHasRoom(group));
  }

  /** Ends a key that was started. */
  end(key: string): void {
    for (const group of this.#running.get(key) ?? []) {
      const left = this.#count(group) - 1;
      if (left > 0) this.#counts.set(group, left);
      else this.#counts.delete(group);
    }
    this.#running.delete(key);
  }

  #groupHasRoom(group: string): boolean {
    const own = this.#count(group);
    const left = this.#workers - (this.#running.size - own);
    return own < Math.max(1, Math.floor(left / 2));
  }

  #count(group: string): number {
    return this.#counts.get(group) ?? 0;
  }
}
