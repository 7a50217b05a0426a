import { type FinishedObject, MAX_FINISHED, MAX_FINISHED_DIGESTS } from "../../../api/finished-object.js";
import type { OverseerApp, OverseerAppStatus } from "../../../api/overseer-app.js";
import type { Document } from "../../../manifest/document.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import { appKey, type Finished, type Observation } from "../../../plan/live.js";
import type { AppRun } from "../run.js";
import { movedEnds } from "./moved-ends.js";
import { digestOf, NotedEnds } from "./noted-ends.js";

/** Tolerated clock difference between two machines. */
const SKEW_MS = 60_000;

/** The part of a reconcile that decides which documents have run to completion. */
type FinishedRun = Pick<AppRun, "app" | "destination" | "key" | "status" | "services">;

/**
 * Returns the documents whose object ran to completion at exactly this version, with the result: from the live object, from its
 * deletion, or from the status of this app or of the app that it moved from. An object deleted before its time to live expired
 * was deleted by a client, and is re-created.
 */
export function finishedDocuments(
  run: FinishedRun,
  documents: readonly Document[],
  observation: Observation,
): ReadonlyMap<ObjectKey, Finished> {
  const own = new NotedEnds([run.status]);
  let others: NotedEnds | undefined;
  const found = new Map<ObjectKey, Finished>();
  for (const document of documents) {
    const { key } = document;
    const live = observation.objects.get(key);
    if (live && live.ownership !== "Foreign") {
      if (live.finished && live.documentHash === run.destination.recordedHash(document)) found.set(key, live.finished);
      continue;
    }
    const hash = run.destination.recordedHash(document);
    const ended = observation.ended?.get(key);
    const seen = ended?.documentHash === hash ? ended.finished : own.find(key, hash);
    others ??= seen ? undefined : new NotedEnds(statusesOfOthers(run));
    const last = seen ?? others?.find(key, hash);
    if (last && !isEarly(run, last)) found.set(key, last);
  }
  return found;
}

/** Reports whether an object was deleted before its time to live expired. */
function isEarly({ services }: FinishedRun, { expires }: Finished): boolean {
  return expires !== undefined && Date.parse(expires) > services.clock.now() + SKEW_MS;
}

/** Yields the statuses of other apps at the same destination: a document may have moved here from one of them. */
function* statusesOfOthers(run: FinishedRun): Iterable<OverseerAppStatus> {
  for (const other of run.services.apps.values()) {
    const { status } = other;
    if (status === undefined || appKey(other.metadata) === run.key) continue;
    if (status.finished === undefined && status.finishedDigests === undefined) continue;
    if (isSameDestination(run, other)) yield status;
  }
}

function isSameDestination({ app, destination, services }: FinishedRun, other: OverseerApp): boolean {
  const current = services.destinations.current(appKey(other.metadata));
  if (current !== undefined) return current.id === destination.id;
  // Not reconciled by this process yet: equal specs in one namespace mean the same destination.
  const isSameSpec = JSON.stringify(other.spec.destination) === JSON.stringify(app.spec.destination);
  return isSameSpec && other.metadata.namespace === app.metadata.namespace;
}

/** Returns the documents whose objects have to exist: all except those whose object completed and was deleted. */
export function withoutFinished(
  run: FinishedRun,
  documents: readonly Document[],
  observation: Observation,
): readonly Document[] {
  const finished = finishedDocuments(run, documents, observation);
  if (finished.size === 0) return documents;
  return documents.filter(({ key }) => {
    const live = observation.objects.get(key);
    return !finished.has(key) || (live !== undefined && live.ownership !== "Foreign");
  });
}

/** Returns the finished objects for the status; the recorded ones while the documents are unavailable. */
export function finishedStatus(
  run: FinishedRun & Pick<AppRun, "applied" | "requeueAfter">,
  finished: ReadonlyMap<ObjectKey, Finished>,
): Pick<OverseerAppStatus, "finished" | "finishedDigests"> {
  const { finished: noted, finishedDigests } = run.status;
  if (!run.applied) return { ...(noted ? { finished: noted } : {}), ...(finishedDigests ? { finishedDigests } : {}) };
  const { documents } = run.applied;
  const entries = documents.flatMap((document) => {
    const end = finished.get(document.key);
    return end ? [{ key: document.key, hash: run.destination.recordedHash(document), ...end }] : [];
  });
  const moved = movedEnds(run, documents);
  return storedEnds([...entries, ...moved.entries], moved.digests);
}

/** Returns the newest results as full entries, because they may have been deleted early; the others as digests. */
function storedEnds(
  entries: readonly FinishedObject[],
  digests: readonly string[],
): Pick<OverseerAppStatus, "finished" | "finishedDigests"> {
  if (entries.length + digests.length === 0) return {};
  const order = ({ expires = "", key }: FinishedObject): string => `${expires} ${key}`;
  const newest = [...entries].sort((a, b) => (order(a) < order(b) ? 1 : -1));
  const whole = newest.slice(0, MAX_FINISHED).sort((a, b) => (a.key < b.key ? -1 : 1));
  const older = [...newest.slice(MAX_FINISHED).map(digestOf), ...digests].slice(0, MAX_FINISHED_DIGESTS);
  return {
    ...(whole.length === 0 ? {} : { finished: whole }),
    ...(older.length === 0 ? {} : { finishedDigests: older.sort() }),
  };
}
