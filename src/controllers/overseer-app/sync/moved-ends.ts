import type { FinishedObject } from "../../../api/finished-object.js";
import type { Document } from "../../../manifest/document.js";
import { appsBehind, unreconciledApps } from "../ownership/apps-behind.js";
import { claimKey } from "../ownership/claims.js";
import type { AppRun } from "../run.js";
import { digestKey, NotedEnds } from "./noted-ends.js";

/** Delay until the app checks again whether other apps have recorded the results of objects that moved to them. */
const MOVED_MS = 5_000;

/** Recorded results of objects that are no longer in the app's documents. */
export interface MovedEnds {
  readonly entries: readonly FinishedObject[];
  readonly digests: readonly string[];
}

/**
 * Returns the results of documents that moved to another app, until that app has recorded them: while an app of the repository
 * has not processed the commit, or a claimant has not recorded the result. A digest does not name its object, so its claimants
 * are those whose newest documents have the digest.
 */
export function movedEnds(
  run: Pick<AppRun, "app" | "destination" | "key" | "status" | "services" | "requeueAfter">,
  documents: readonly Document[],
): MovedEnds {
  const { finished = [], finishedDigests = [] } = run.status;
  const ownKeys = new Set(documents.map(({ key }) => key));
  const entries = finished.filter(({ key }) => !ownKeys.has(key));
  const digests = finishedDigests.length === 0 ? [] : withoutOwn(run, finishedDigests, documents);
  if (entries.length + digests.length === 0) return { entries, digests };
  if (appsBehind(run).length + unreconciledApps(run).length > 0) {
    run.requeueAfter(MOVED_MS);
    return { entries, digests };
  }
  const { apps, claims } = run.services;
  const isUnrecorded = ({ key, hash }: FinishedObject): boolean =>
    claims.claimants(claimKey(run, key), run.key).some((other) => {
      const status = apps.get(other)?.status;
      return status === undefined || new NotedEnds([status]).find(key, hash) === undefined;
    });
  const awaited = digests.length === 0 ? new Set<string>() : unrecordedDigests(run);
  return { entries: entries.filter(isUnrecorded), digests: digests.filter((digest) => awaited.has(keyOf(digest))) };
}

type DigestRun = Pick<AppRun, "destination" | "key" | "services">;

/** Returns the digests that belong to none of the app's documents. */
function withoutOwn(
  { destination }: Pick<DigestRun, "destination">,
  digests: readonly string[],
  documents: readonly Document[],
): string[] {
  const own = new Set(documents.map((document) => digestKey(document.key, destination.recordedHash(document))));
  return digests.filter((digest) => !own.has(keyOf(digest)));
}

/** Returns the digest, without result, of each document that other apps at the destination claim and have not recorded as finished. */
function unrecordedDigests({ destination, key: ownKey, services }: DigestRun): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [app, { claimed }] of services.memories) {
    if (app === ownKey || claimed?.at !== destination.id) continue;
    const noted = new NotedEnds([services.apps.get(app)?.status ?? {}]);
    for (const document of claimed.by.documents) {
      const hash = destination.recordedHash(document);
      if (noted.find(document.key, hash) === undefined) found.add(digestKey(document.key, hash));
    }
  }
  return found;
}

/** Returns a digest without its result. */
function keyOf(digest: string): string {
  return digest.slice(0, -1);
}
