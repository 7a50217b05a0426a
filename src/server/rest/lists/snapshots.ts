import { randomBytes } from "node:crypto";
import type { Clock } from "../../../base/clock.js";
import { ProblemError } from "../../../http/problem.js";

/** Time for which the order of a list is kept after its last use. */
const KEPT_MS = 60_000;
/** Maximum number of snapshots of a user, and of all. */
const LIMITS = { user: 16, total: 1_000 };

interface Snapshot {
  readonly user: string;
  readonly list: string;
  readonly keys: readonly string[];
  usedAt: number;
}

/** Keeps the order of the rows of lists, so that further windows neither skip nor repeat rows. */
export class Snapshots {
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #known = new Map<string, Snapshot>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps the order of a list for a user, and returns its name. */
  add(user: string, list: string, keys: readonly string[]): string {
    this.#shrink(user);
    const id = randomBytes(12).toString("base64url");
    this.#known.set(id, { user, list, keys, usedAt: this.#clock.monotonic() });
    return id;
  }

  /** Returns the order of a snapshot. Throws SNAPSHOT_EXPIRED if it is unknown, too old, or of another user or list. */
  get(id: string, user: string, list: string): readonly string[] {
    const snapshot = this.#known.get(id);
    const now = this.#clock.monotonic();
    if (snapshot?.user !== user || snapshot.list !== list || now - snapshot.usedAt > KEPT_MS)
      throw new ProblemError("SNAPSHOT_EXPIRED", "the snapshot is no longer kept: send the request without it");
    snapshot.usedAt = now;
    this.#known.delete(id);
    this.#known.set(id, snapshot);
    return snapshot.keys;
  }

  #shrink(user: string): void {
    const now = this.#clock.monotonic();
    const own: string[] = [];
    for (const [id, snapshot] of this.#known) {
      if (now - snapshot.usedAt > KEPT_MS) this.#known.delete(id);
      else if (snapshot.user === user) own.push(id);
    }
    for (const id of own.slice(0, own.length - LIMITS.user + 1)) this.#known.delete(id);
    for (const id of this.#known.keys()) {
      if (this.#known.size < LIMITS.total) return;
      this.#known.delete(id);
    }
  }
}
