import type { PlannedAction } from "../../api/change.js";
import { liveDiff } from "../../destinations/kubernetes/apply/live-diff.js";
import type { RawObject } from "../../kube/object.js";
import { type Document, formatOrigin } from "../../manifest/document.js";
import { apiVersionOf, displayId } from "../../manifest/object-id.js";

/** What of a plan is known without a cluster. */
export type DocumentChange = Pick<PlannedAction, "verb" | "object" | "apiVersion" | "origin" | "diff">;

/**
 * Compares the documents of two renders, in the form of a plan. Values of Secrets, and what looks like secrets, are masked; documents that
 * hold decrypted values show no value at all.
 */
export function diffDocuments(before: readonly Document[], after: readonly Document[]): readonly DocumentChange[] {
  const old = new Map(before.map((document) => [document.key, document]));
  const kept = new Set(after.map(({ key }) => key));
  const written = after.flatMap((document) => {
    const former = old.get(document.key);
    if (former === undefined) return [change("Create", document)];
    if (former.hash === document.hash) return [];
    const confidential = former.confidential === true || document.confidential === true;
    const diff = liveDiff(raw(former), raw(document), { confidential });
    return diff.length === 0 ? [] : [{ ...change("Update", document), diff }];
  });
  const deleted = before.filter(({ key }) => !kept.has(key)).map((document) => change("Delete", document));
  return [...deleted, ...written];
}

function change(verb: DocumentChange["verb"], { id, origin }: Document): DocumentChange {
  return { verb, object: displayId(id), apiVersion: apiVersionOf(id), origin: formatOrigin(origin) };
}

function raw({ object }: Document): RawObject {
  return object as unknown as RawObject;
}
