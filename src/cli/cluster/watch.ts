import { isExpired, KubeConnectionError } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import { splitLines } from "../../kube/watch/watch-lines.js";
import type { Kind } from "../kinds.js";
import type { Target } from "../target.js";
import type { Cluster, ObjectList, Scope } from "./cluster.js";

/** One event of a watch. */
export interface WatchLine<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/** Where a watch begins. */
export interface WatchStart extends Scope {
  readonly resourceVersion: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Watches a collection until the server ends the watch. */
export async function* watchPath<T>(cluster: Cluster, path: string, start: WatchStart): AsyncGenerator<WatchLine<T>> {
  const query = {
    watch: "1",
    allowWatchBookmarks: "true",
    resourceVersion: start.resourceVersion,
    labelSelector: start.selector,
    fieldSelector: start.fields,
  };
  const chunks = await cluster.client.stream({
    ...{ method: "GET", path, query },
    ...(start.accept === undefined ? {} : { accept: start.accept }),
    ...(start.signal === undefined ? {} : { signal: start.signal }),
  });
  for await (const line of splitLines(chunks, path)) yield JSON.parse(line) as WatchLine<T>;
}

/**
 * Yields an object and each later state of it; undefined while there is none. Lists again when a watch ends, and never ends by itself.
 *
 * @throws the error of a list.
 */
export async function* follow<T extends RawObject>(
  cluster: Cluster,
  target: Target,
  signal: AbortSignal,
): AsyncGenerator<T | undefined> {
  const namespace = cluster.namespaceOf(target);
  const scope = { namespace, fields: `metadata.name=${target.name}` };
  while (!signal.aborted) {
    const { metadata, items } = await cluster.list<T>(target.kind, scope);
    yield items[0];
    try {
      const start = { ...scope, resourceVersion: metadata.resourceVersion, signal };
      for await (const { type, object } of watchPath<T>(cluster, cluster.path(target.kind, namespace), start)) {
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
  cluster: Cluster,
  kind: Kind,
  scope: Scope,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  while (!signal.aborted) {
    const { metadata, items }: ObjectList<T> = await cluster.list<T>(kind, scope);
    const known = new Map(items.map((item) => [item.metadata.uid, item]));
    yield [...known.values()];
    try {
      const start = { ...scope, resourceVersion: metadata.resourceVersion, signal };
      for await (const { type, object } of watchPath<T>(cluster, cluster.path(kind, scope.namespace), start)) {
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
