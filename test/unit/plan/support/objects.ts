import type { Document } from "../../../../src/manifest/document.js";
import { apiVersionOf, type ObjectId, objectKey, parseApiVersion } from "../../../../src/manifest/object-id.js";
import type { DeferredWrite, PreviewedWrite, WriteAction } from "../../../../src/plan/actions.js";
import type { LiveObject, Observation } from "../../../../src/plan/live.js";

/** Parses `apps/v1 Deployment shop/web`, or `v1 Namespace shop` if cluster-scoped. */
export function idOf(text: string): ObjectId {
  const [apiVersion = "", kind = "", name = ""] = text.split(" ");
  const slash = name.indexOf("/");
  return {
    ...parseApiVersion(apiVersion),
    kind,
    namespace: slash < 0 ? "" : name.slice(0, slash),
    name: name.slice(slash + 1),
  };
}

/** Annotations of an object to keep. */
export const PROTECTED: readonly string[] = ["gitops.overseer.io/prune: disabled"];

/** Creates an owned object as it is right after an apply, with overrides. */
export function live(text: string, change: Partial<LiveObject> = {}): LiveObject {
  const id = idOf(text);
  return {
    id,
    key: objectKey(id),
    uid: `uid of ${text}`,
    resourceVersion: "1",
    ownership: "Owned",
    documentHash: "hash",
    state: "AsApplied",
    deleting: false,
    health: { status: "Healthy" },
    ...change,
  };
}

/** Creates a number of owned ConfigMaps. */
export function configMaps(count: number, change: Partial<LiveObject> = {}): LiveObject[] {
  return Array.from({ length: count }, (_, n) => live(`v1 ConfigMap shop/c${n}`, change));
}

/** Creates a document with the hash of `live`. */
export function document(text: string, hash = "hash", origin = { file: "app/a.yaml", line: 1 }): Document {
  const id = idOf(text);
  const metadata = { name: id.name, ...(id.namespace === "" ? {} : { namespace: id.namespace }) };
  return { id, key: objectKey(id), object: { apiVersion: apiVersionOf(id), kind: id.kind, metadata }, origin, hash };
}

/** Creates a complete observation of an app. */
export function observation(...objects: readonly LiveObject[]): Observation {
  return { complete: true, incomplete: undefined, objects: new Map(objects.map((object) => [object.key, object])) };
}

/** Creates a write that was not previewed. */
export function action(text: string, verb: WriteAction["verb"] = "Create", hash = "hash"): WriteAction {
  return { verb, document: document(text, hash), live: verb === "Update" ? live(text) : undefined };
}

/** Creates a write that waits for others of its Change. */
export function waiting(text: string, verb: WriteAction["verb"] = "Create", hash = "hash"): DeferredWrite {
  return { action: action(text, verb, hash), message: "not found", liftedBy: [] };
}

/** Creates an accepted write, with overrides. */
export function write(text: string, change: Partial<PreviewedWrite> = {}): PreviewedWrite {
  const verb = change.verb ?? "Create";
  return {
    action: action(text, verb === "Update" ? "Update" : "Create"),
    verb,
    stamp: "stamp",
    reason: undefined,
    diff: [],
    warnings: [],
    ...change,
  };
}
