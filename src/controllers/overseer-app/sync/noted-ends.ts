import type { FinishedObject, OverseerAppStatus } from "../../../api/overseer-app.js";
import { sha256 } from "../../../base/hash.js";
import type { Finished } from "../../../plan/live.js";

/** The ends of objects that statuses hold, at full length or as digests. */
export class NotedEnds {
  readonly #whole = new Map<string, FinishedObject>();
  readonly #digests = new Set<string>();

  constructor(statuses: Iterable<Pick<OverseerAppStatus, "finished" | "finishedDigests">>) {
    for (const { finished = [], finishedDigests = [] } of statuses) {
      for (const entry of finished) this.#whole.set(digestOf(entry), entry);
      for (const digest of finishedDigests) this.#digests.add(digest);
    }
  }

  /** How an object ended in this version of its document; undefined: it is not known to have ended. */
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

/** Stands for an end in a status: a digest of object and version, and F for Failed or S for Succeeded. */
export function digestOf({ key, hash, result }: Pick<FinishedObject, "key" | "hash" | "result">): string {
  return `${sha256(`${key} ${hash}`, 16)}${result === "Failed" ? "F" : "S"}`;
}
