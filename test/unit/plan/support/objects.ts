import type { Document } from "../../../../src/manifest/document.js";
import { apiVersionOf, type ObjectId, objectKey, parseApiVersion } from "../../../../src/manifest/object-id.js";
import type { DeferredWrite, PreviewedWrite, WriteAction } from "../../../../src/plan/actions.js";
import type { LiveObject, Observation } from "../../../../src/plan/live.js";

/** `apps/v1 Deployment shop/web`, or `v1 Namespace shop` for what is cluster-scoped. */
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

/** Marks of an object that is to be kept. */
export const PROTECTED: readonly string[] = ["gitops.overseer.io/prune: disabled"];

/** An object of ours as it is right after our apply; `change` is laid over it. */
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

/** So many ConfigMaps of ours. */
export function configMaps(count: number, change: Partial<LiveObject> = {}): LiveObject[] {
  return Array.from({ length: count }, (_, n) => live(`v1 ConfigMap shop/c${n}`, change));
}

/** A document with the hash that `live` has. */
export function document(text: string, hash = "hash", origin = { file: "app/a.yaml", line: 1 }): Document {
  const id = idOf(text);
  const metadata = { name: id.name, ...(id.namespace === "" ? {} : { namespace: id.namespace }) };
  return { id, key: objectKey(id), object: { apiVersion: apiVersionOf(id), kind: id.kind, metadata }, origin, hash };
}

/** What is live of an app, all lists whole. */
export function observation(...objects: readonly LiveObject[]): Observation {
  return { complete: true, incomplete: undefined, objects: new Map(objects.map((object) => [object.key, object])) };
}

/** A write that has not been looked at. */
export function action(text: string, verb: WriteAction["verb"] = "Create", hash = "hash"): WriteAction {
  return { verb, document: document(text, hash), live: verb === "Update" ? live(text) : undefined };
}

/** A write that waits for others of its Change. */
export function waiting(text: string, verb: WriteAction["verb"] = "Create", hash = "hash"): DeferredWrite {
  return { action: action(text, verb, hash), message: "not found", liftedBy: [] };
}

/** A write that the destination accepts; `change` is laid over it. */
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
