import { isBuiltinGroup } from "../manifest/builtin-groups.js";
import { type Document, formatOrigin, type KubeObject } from "../manifest/document.js";
import { CONFIRMED } from "../manifest/normalize.js";
import { displayId, type GroupVersionKind, type ObjectKey } from "../manifest/object-id.js";
import { isRecord } from "../manifest/shape.js";
import { hashBody, idOf, type PreparedDocument, toDocument } from "../manifest/to-document.js";
import type { RenderProblem } from "./render-error.js";
import type { Note, RenderRequest, ScopeOf } from "./request.js";

/** Documents with their identity, and what is to be said about them. */
export interface PlacedDocuments {
  readonly documents: readonly Document[];
  readonly notes: readonly Note[];
  readonly problems: readonly RenderProblem[];
  readonly unknownKinds: readonly GroupVersionKind[];
}

/** What of a request this depends on. */
export type PlaceRequest = Pick<RenderRequest, "defaultNamespace" | "scopeOf" | "hasStatusSubresource">;

/**
 * Gives each object the namespace that it goes to, and with it its identity. An object without a namespace takes the
 * default; a cluster-scoped one loses its namespace, which the API server would not take. Two documents for one object
 * are an error: the last one would win, and which that is cannot be predicted.
 */
export function placeDocuments(prepared: readonly PreparedDocument[], request: PlaceRequest): PlacedDocuments {
  const scopeOf = withDefinitions(prepared, request.scopeOf);
  const notes: Note[] = [];
  const problems: RenderProblem[] = [];
  const unknown = new Map<string, GroupVersionKind>();
  const byKey = new Map<ObjectKey, Document>();
  for (const item of prepared) {
    const { group, version, kind, namespace: written } = idOf(item.object);
    const scope = scopeOf({ group, version, kind });
    if (scope === undefined) unknown.set(`${group}/${version}/${kind}`, { group, version, kind });
    const namespace = scope === "Cluster" ? "" : written || request.defaultNamespace;
    const document = toDocument(withoutServedStatus(item, request), namespace);
    const { origin } = document;
    const object = displayId(document.id);
    if (scope === "Cluster" && written !== "") {
      notes.push({ message: `is cluster-scoped; its namespace ${written} is ignored`, origin, object });
    }
    for (const message of droppedNotes(item.dropped)) notes.push({ message, origin, object });
    if (scope !== "Cluster" && namespace === "") {
      problems.push({ origin, object, message: "names no namespace, and the destination has no default" });
    }
    const first = byKey.get(document.key);
    if (first === undefined) byKey.set(document.key, document);
    else problems.push({ origin, object, message: `is also in ${formatOrigin(first.origin)}; remove one of the two` });
  }
  return { documents: [...byKey.values()], notes, problems, unknownKinds: [...unknown.values()] };
}

/** What to say of the operator's own labels and annotations that stood in Git. */
function droppedNotes(dropped: readonly string[]): string[] {
  const ours = dropped.filter((what) => what !== CONFIRMED);
  return [
    ...(ours.length === 0 ? [] : [`${ours.join(", ")}: written by this operator only, and ignored`]),
    ...(ours.length === dropped.length ? [] : [`${CONFIRMED}: counts on the live object alone, and is ignored`]),
  ];
}

/** Built-in kinds lost their status when they were normalised; of the others only the destination knows. */
function withoutServedStatus(item: PreparedDocument, { hasStatusSubresource }: PlaceRequest): PreparedDocument {
  if (item.object.status === undefined || hasStatusSubresource === undefined) return item;
  const { group, version, kind } = idOf(item.object);
  if (isBuiltinGroup(group) || hasStatusSubresource({ group, version, kind }) !== true) return item;
  const { status: _, ...rest } = item.object;
  const object = rest as KubeObject;
  return { ...item, object, bodyHash: hashBody(object) };
}

/**
 * Scopes as the destination knows them, and for kinds that it does not know yet, as the custom resource definitions
 * among the documents say. So a source may bring a definition and its first objects in one commit.
 */
function withDefinitions(documents: readonly PreparedDocument[], known: ScopeOf): ScopeOf {
  const defined = new Map<string, "Namespaced" | "Cluster">();
  for (const { object } of documents) {
    if (object.kind !== "CustomResourceDefinition" || !isRecord(object.spec)) continue;
    const { group, names, scope } = object.spec;
    if (typeof group !== "string" || !isRecord(names) || typeof names.kind !== "string") continue;
    if (scope === "Namespaced" || scope === "Cluster") defined.set(`${group}/${names.kind}`, scope);
  }
  return (kind: GroupVersionKind) => known(kind) ?? defined.get(`${kind.group}/${kind.kind}`);
}
