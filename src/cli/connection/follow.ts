import { isExpired, KubeConnectionError } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import type { Kind } from "../kinds.js";
import type { Target } from "../target.js";
import type { ObjectList, Reader, Scope } from "./connection.js";

/**
 * Yields an object and each later state of it; undefined while there is none. Lists again when a watch ends, and never ends by itself.
 *
 * @throws the error of a list.
 */
export async function* follow<T extends RawObject>(
  reader: Reader,
  target: Target,
  signal: AbortSignal,
): AsyncGenerator<T | undefined> {
  const namespace = reader.namespaceOf(target);
  const scope = { namespace, fields: `metadata.name=${target.name}` };
  while (!signal.aborted) {
    const { metadata, items } = await reader.list<T>(target.kind, scope);
    yield items[0];
    try {
      const start = { ...scope, resourceVersion: metadata.resourceVersion, signal };
      for await (const { type, object } of reader.watch<T>(target.kind, start)) {
        if (type === "ERROR") break;
        if (type !== "BOOKMARK") yield type === "DELETED" ? undefined : object;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isExpired(error) && !(error instanceof KubeConnectionError)) throw error;
    }
  }
}

/** Yields a list and, whenever one of its objects changes, the list again. */
export async function* followList<T extends RawObject>(
  reader: Reader,
  kind: Kind,
  scope: Scope,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  while (!signal.aborted) {
    const { metadata, items }: ObjectList<T> = await reader.list<T>(kind, scope);
    const known = new Map(items.map((item) => [item.metadata.uid, item]));
    yield [...known.values()];
    try {
      const start = { ...scope, resourceVersion: metadata.resourceVersion, signal };
      for await (const { type, object } of reader.watch<T>(kind, start)) {
        if (type === "ERROR") break;
        if (type === "BOOKMARK") continue;
        if (type === "DELETED") known.delete(object.metadata.uid);
        else known.set(object.metadata.uid, object);
        yield [...known.values()];
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isExpired(error) && !(error instanceof KubeConnectionError)) throw error;
    }
  }
}
