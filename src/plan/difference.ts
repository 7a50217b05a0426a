import type { Document } from "../manifest/document.js";
import type { ObjectKey } from "../manifest/object-id.js";
import type { Difference, HealAction, PausedObject, WriteAction } from "./actions.js";
import type { LiveObject, Observation } from "./live.js";

/**
 * Compares documents with live objects by hash only, without a request or parse. `hashOf` returns a document's hash as the
 * destination records it on live objects.
 */
export function difference(
  documents: readonly Document[],
  observation: Observation,
  hashOf: (document: Document) => string,
): Difference {
  const writes: WriteAction[] = [];
  const heals: HealAction[] = [];
  const paused: PausedObject[] = [];
  const terminating: LiveObject[] = [];
  const desired = new Set<ObjectKey>();
  for (const document of documents) {
    desired.add(document.key);
    const live = observation.objects.get(document.key);
    if (live === undefined || live.ownership === "Foreign") writes.push({ verb: "Create", document, live: undefined });
    else if (live.deleting) {
      // An object that ran to completion at this version need not be re-created.
      if (!live.finished || live.documentHash !== hashOf(document)) terminating.push(live);
    } else if (live.paused) {
      const behind = live.state === "Drifted" || live.documentHash !== hashOf(document);
      paused.push({ document, live, behind });
    } else if (live.ownership === "Claimed" && live.untracked !== true) writes.push({ verb: "Update", document, live });
    else if (live.documentHash !== hashOf(document)) writes.push({ verb: "Update", document, live });
    else if (live.state !== "AsApplied") heals.push({ document, live });
    else if (live.tool) writes.push({ verb: "Update", document, live });
  }
  const pruneCandidates = [...observation.objects.values()].filter(
    (live) => !desired.has(live.key) && live.ownership !== "Foreign",
  );
  return { writes, heals, pruneCandidates, paused, terminating };
}
