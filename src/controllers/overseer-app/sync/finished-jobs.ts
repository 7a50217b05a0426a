import { type FinishedObject, MAX_FINISHED } from "../../../api/overseer-app.js";
import type { Document } from "../../../manifest/document.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import type { Finished, Observation } from "../../../plan/live.js";
import type { AppRun } from "../run.js";

/** Clocks of two machines may differ by this. */
const SKEW_MS = 60_000;

/** What a run needs to tell which documents have had their run. */
type FinishedRun = Pick<AppRun, "destination" | "status" | "services">;

/**
 * The documents whose object has run to its end in just this version, and how: seen live, seen going, or noted in the status. An
 * object that went before its time to live was over was deleted by somebody, and is wanted again.
 */
export function finishedDocuments(
  run: FinishedRun,
  documents: readonly Document[],
  observation: Observation,
): ReadonlyMap<ObjectKey, Finished> {
  const noted = new Map((run.status.finished ?? []).map((entry) => [entry.key, entry]));
  const found = new Map<ObjectKey, Finished>();
  for (const document of documents) {
    const finished = finishedDocument(run, document, observation, noted);
    if (finished) found.set(document.key, finished);
  }
  return found;
}

function finishedDocument(
  run: FinishedRun,
  document: Document,
  observation: Observation,
  noted: ReadonlyMap<string, FinishedObject>,
): Finished | undefined {
  const { key } = document;
  const live = observation.objects.get(key);
  if (live && live.ownership !== "Foreign")
    return live.finished && live.documentHash === run.destination.recordedHash(document) ? live.finished : undefined;
  const [ended, entry] = [observation.ended?.get(key), noted.get(key)];
  if (!ended && !entry) return undefined;
  const hash = run.destination.recordedHash(document);
  const last = ended?.documentHash === hash ? ended.finished : entry?.hash === hash ? toFinished(entry) : undefined;
  if (last?.expires !== undefined && Date.parse(last.expires) > run.services.clock.now() + SKEW_MS) return undefined;
  return last;
}

function toFinished({ result, expires }: FinishedObject): Finished {
  return { result, ...(expires === undefined ? {} : { expires }) };
}

/** The documents whose objects are to be there: not those whose object has had its run and is gone. */
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

/** The ends as a status holds them, by key; those that were noted, while the documents cannot be had. */
export function finishedStatus(
  run: FinishedRun & Pick<AppRun, "applied">,
  finished: ReadonlyMap<ObjectKey, Finished>,
): { finished?: FinishedObject[] } {
  if (!run.applied) return run.status.finished ? { finished: run.status.finished } : {};
  const entries = run.applied.documents.flatMap((document) => {
    const end = finished.get(document.key);
    return end ? [{ key: document.key, hash: run.destination.recordedHash(document), ...end }] : [];
  });
  entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  return entries.length === 0 ? {} : { finished: entries.slice(0, MAX_FINISHED) };
}
