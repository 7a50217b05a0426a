import type { Document } from "../../../manifest/document.js";
import type { AppRun } from "../run.js";
import { claimKey } from "./claims.js";

/**
 * Of the applied documents, those whose objects are still this app's: an object that the newest documents leave out and that
 * another app wants and can take is neither missed nor made again, although the newest documents may not be applied yet.
 */
export function withoutMoved(run: AppRun, documents: readonly Document[]): readonly Document[] {
  const { desired } = run;
  if (!desired || desired.documents === documents) return documents;
  const wanted = new Set(desired.documents.map(({ key }) => key));
  const { claims } = run.services;
  return documents.filter(({ key }) => wanted.has(key) || claims.claimant(claimKey(run, key), run.key) === undefined);
}
