import type { Document } from "../../../manifest/document.js";
import type { AppRun } from "../run.js";
import { claimKey } from "./claims.js";
import { transfersOf } from "./transfer-objects.js";

/**
 * Returns the applied documents whose objects still belong to this app. An object that the newest documents omit and another
 * app effectively claims is not re-created once it may be transferred, even before the newest documents are applied.
 */
export function withoutMoved(run: AppRun, documents: readonly Document[]): readonly Document[] {
  const { desired } = run;
  if (!desired || desired.documents === documents || transfersOf(run, desired) === undefined) return documents;
  const newest = new Set(desired.documents.map(({ key }) => key));
  const { claims } = run.services;
  return documents.filter(({ key }) => newest.has(key) || claims.claimant(claimKey(run, key), run.key) === undefined);
}
