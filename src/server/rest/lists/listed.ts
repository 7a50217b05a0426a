import type { CustomResource } from "../../../api/meta.js";
import type { ListRow } from "./window.js";

/** A custom resource of which a cache keeps only the row of lists. */
export type Listed<Row> = CustomResource<ListRow<Row>, undefined>;

/** Reduces a custom resource to its row. */
export function asListed<T extends CustomResource<unknown, unknown>, Row>(
  object: T,
  listRow: (object: T) => ListRow<Row>,
): Listed<Row> {
  const { name, namespace, uid, resourceVersion, generation } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, namespace, uid, resourceVersion, generation },
    spec: listRow(object),
  };
}

/** The objects of one kind that lists show: a part of `ResourceCache`. */
export interface ListSource<Row> {
  get(key: string): Listed<Row> | undefined;
  values(): Iterable<Listed<Row>>;
}

/** Returns the rows of a source. */
export function* rowsOf<Row>(source: ListSource<Row>): Generator<ListRow<Row>> {
  for (const { spec } of source.values()) yield spec;
}
