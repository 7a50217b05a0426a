import type { Document } from "../../../manifest/document.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";

/** Formats a kind for the status: `v1.apps/Deployment`, `v1./ConfigMap`. */
export function formatKind(kind: GroupVersionKind): string {
  return `${kind.version}.${kind.group}/${kind.kind}`;
}

/** Parses a kind of the status; undefined if invalid. */
export function parseKind(text: string): GroupVersionKind | undefined {
  const match = /^([^./]+)\.([^/]*)\/([^/]+)$/.exec(text);
  return match ? { version: match[1] ?? "", group: match[2] ?? "", kind: match[3] ?? "" } : undefined;
}

/** Returns the kinds of documents, each with the first version used. */
export function kindsOf(documents: readonly Document[]): GroupVersionKind[] {
  return uniqueKinds(documents.map(({ id }) => ({ group: id.group, version: id.version, kind: id.kind })));
}

/** Removes duplicates by group and kind. */
export function uniqueKinds(kinds: readonly GroupVersionKind[]): GroupVersionKind[] {
  const found = new Map<string, GroupVersionKind>();
  for (const kind of kinds) {
    const key = `${kind.group}/${kind.kind}`;
    if (!found.has(key)) found.set(key, kind);
  }
  return [...found.values()];
}
