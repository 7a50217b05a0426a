import type { FinishedObject } from "../../../api/finished-object.js";
import type { OverseerAppStatus } from "../../../api/overseer-app.js";
import { sha256 } from "../../../base/hash.js";
import type { Finished } from "../../../plan/live.js";

/** The results of finished objects recorded in statuses, as full entries or digests. */
export class NotedEnds {
  readonly #whole = new Map<string, FinishedObject>();
  readonly #digests = new Set<string>();

  constructor(statuses: Iterable<Pick<OverseerAppStatus, "finished" | "finishedDigests">>) {
    for (const { finished = [], finishedDigests = [] } of statuses) {
      for (const entry of finished) this.#whole.set(digestOf(entry), entry);
      for (const digest of finishedDigests) this.#digests.add(digest);
    }
  }

  /** Returns the result of an object at this version of its document, if recorded. */
  find(key: string, hash: string): Finished | undefined {
    for (const result of ["Succeeded", "Failed"] as const) {
      const digest = digestOf({ key, hash, result });
      const entry = this.#whole.get(digest);
      if (entry) return { result, ...(entry.expires === undefined ? {} : { expires: entry.expires }) };
      if (this.#digests.has(digest)) return { result };
    }
    return undefined;
  }
}

/** Returns the digest of a result for a status: a hash of object and version, then F for Failed or S for Succeeded. */
export function digestOf({ key, hash, result }: Pick<FinishedObject, "key" | "hash" | "result">): string {
  return `${digestKey(key, hash)}${result === "Failed" ? "F" : "S"}`;
}

/** Returns the part of a digest that does not depend on the result. */
export function digestKey(key: string, hash: string): string {
  return sha256(`${key} ${hash}`, 16);
}
