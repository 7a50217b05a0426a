/** A table of what the managed fields of an object can and cannot tell. */
export type Table = "A" | "B" | "C" | "D";

/** One observation about managed fields on a real API server that the product has to stand up to. */
export interface Row {
  readonly text: string;
  /** What has to be there before it can be tested; rows without it are covered by cases. */
  readonly later?: string;
}

/** A: the value changed, and our entry did not. */
const HOLES = {
  A1: { text: "Secret: another server-side apply with stringData" },
  A2: { text: "mutating admission on somebody else's write", later: "rule 4: admission policies" },
  A3: { text: "mutating admission on a write that changes nothing", later: "rule 4: admission policies" },
  A4: { text: "admission policy removed later", later: "rule 4: sweep" },
  A5: { text: "PUT of a backup that holds managedFields" },
  A6: { text: "restore: create, then patch managedFields" },
  A7: { text: "apply under our manager name with the same fields" },
  A8: { text: "reorder of initContainers, env, list items" },
  A9: { text: "serviceAccount and serviceAccountName are aliases" },
  A10: { text: "CRD schema loses a field", later: "rule 4: sweep" },
  A11: { text: "same-manager apply of a subset" },
  A12: { text: "fields that Git does not set are not drift" },
} as const satisfies Record<string, Row>;

/** B: where a walk over the fields fails, and a hash of them does not. */
const SHAPES = {
  B1: { text: "ports 53/TCP (protocol left out) and 53/UDP, one removed" },
  B2: { text: "a map without a schema lost its only child" },
  B3: { text: "emptyDir: {} becomes configMap" },
  B4: { text: "empty lists, selectors and atomic maps" },
  B5: { text: "null: must be absent" },
  B6: { text: "granular empties" },
  B7: { text: "set members and keys with < > & and U+2028" },
  B8: { text: "metadata.generation and selfLink in Git" },
  B9: { text: "crash after a Git change of a value", later: "crash tests: every step is killed" },
} as const satisfies Record<string, Row>;

/** C: whether the state right after our own apply is stable. */
const STABILITY = {
  C1: { text: "plain documents of all kinds" },
  C2: { text: "NetworkPolicy ingress: [], from: [], ports: []: every apply writes" },
  C3: { text: "CR with an embedded resource and creationTimestamp: null" },
  C4: { text: "aggregated ClusterRole with rules" },
  C5: { text: "deployment.kubernetes.io/revision in Git" },
  C6: { text: "replicas taken by /scale" },
  C7: { text: "replicas removed from Git while an autoscaler owns it", later: "rule 7: handing a field over" },
  C8: { text: "caBundle, in Git and not in Git" },
  C9: { text: "Pod: admission adds tolerations and a volume" },
  C10: { text: "admission changes or removes a key that we apply", later: "rule 4: admission policies" },
  C11: { text: "admission strips managedFields", later: "rule 4: admission policies" },
  C12: { text: "admission removes our label", later: "rule 4: admission policies" },
  C13: { text: "non-idempotent admission", later: "rule 4: admission policies" },
  C14: { text: "quantities, int-or-string, numbers and base64 in another notation" },
  C15: { text: "same value set again" },
  C16: { text: "value changed and changed back" },
  C17: { text: "fifteen other managers" },
  C18: { text: "our name on /status, on /scale, or as Update" },
  C19: { text: "CRD list type atomic to map", later: "rule 4: sweep" },
} as const satisfies Record<string, Row>;

/** D: kinds and shapes. */
const KINDS = {
  D1: { text: "Deployment fields" },
  D2: { text: "set env, rollout restart, annotate: new keys" },
  D3: { text: "duplicates in the document" },
  D4: { text: "duplicates made in live" },
  D5: { text: "unknown field, wrong type, null for a non-nullable field" },
  D6: { text: "Service" },
  D7: { text: "atomic lists of many kinds" },
  D8: { text: "foreign additions to granular lists" },
  D9: { text: "PVC and PV: binding is foreign" },
  D10: { text: "HPA v1 document, edit through v2" },
  D11: { text: "ServiceAccount token Secret" },
  D12: { text: "immutable fields" },
  D13: { text: "Namespace" },
  D14: { text: "sets, maps, atomic maps and unknown keys of a CR" },
  D15: { text: "CR status, with and without a subresource" },
  D16: { text: "not appliable or not watchable kinds" },
  D17: { text: "Lease, Event, Endpoints" },
  D18: { text: "EndpointSlice of a Service" },
  D19: { text: "defaults derived from our field" },
} as const satisfies Record<string, Row>;

/** All rows, in order. */
export const ROWS = { ...HOLES, ...SHAPES, ...STABILITY, ...KINDS } satisfies Record<string, Row>;

/** Id of a row: its table and number. */
export type RowId = keyof typeof ROWS;

/** The table that a row stands in. */
export function tableOf(row: RowId): Table {
  return row.slice(0, 1) as Table;
}

/** Rows of which `covered` holds no case although nothing is missing for them, and the other way round. */
export function uncovered(covered: ReadonlySet<RowId>): { missing: RowId[]; surprising: RowId[]; later: RowId[] } {
  const ids = Object.keys(ROWS) as RowId[];
  const isLater = (id: RowId): boolean => (ROWS[id] as Row).later !== undefined;
  return {
    missing: ids.filter((id) => !isLater(id) && !covered.has(id)),
    surprising: ids.filter((id) => isLater(id) && covered.has(id)),
    later: ids.filter(isLater),
  };
}
