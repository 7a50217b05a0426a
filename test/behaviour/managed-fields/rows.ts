/** A table of what the managed fields of an object can and cannot tell. */
export type Table = "A" | "B" | "C" | "D" | "E";

/** One observation about managed fields on a real API server that the product has to stand up to. */
export interface Row {
  readonly text: string;
  /** The test file of its own that shows it; rows without it are covered by cases. */
  readonly shownIn?: string;
}

/** A: the value changed, and our entry did not. */
const HOLES = {
  A1: { text: "Secret: another server-side apply with stringData" },
  A2: { text: "mutating admission on somebody else's write", shownIn: "admission" },
  A3: { text: "mutating admission on a write that changes nothing", shownIn: "admission" },
  A4: { text: "admission policy removed later", shownIn: "admission" },
  A5: { text: "PUT of a backup that holds managedFields" },
  A6: { text: "restore: create, then patch managedFields" },
  A7: { text: "apply under our manager name with the same fields" },
  A8: { text: "reorder of initContainers, env, list items" },
  A9: { text: "serviceAccount and serviceAccountName are aliases" },
  A10: { text: "CRD schema loses a field", shownIn: "versions" },
  A11: { text: "same-manager apply of a subset" },
  A12: { text: "fields that Git does not set are not drift" },
  A13: { text: "fields that Git does not set are drift where they give access" },
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
  B9: { text: "crash after a Git change of a value", shownIn: "resets" },
} as const satisfies Record<string, Row>;

/** C: whether the state right after our own apply is stable. */
const STABILITY = {
  C1: { text: "plain documents of all kinds" },
  C2: { text: "NetworkPolicy ingress: [], from: [], ports: []: every apply writes" },
  C3: { text: "CR with an embedded resource and creationTimestamp: null" },
  C4: { text: "aggregated ClusterRole with rules" },
  C5: { text: "deployment.kubernetes.io/revision in Git" },
  C6: { text: "replicas taken by /scale" },
  C7: { text: "replicas removed from Git while an autoscaler owns it" },
  C8: { text: "caBundle, in Git and not in Git" },
  C9: { text: "Pod: admission adds tolerations and a volume" },
  C10: { text: "admission changes or removes a key that we apply", shownIn: "admission" },
  C11: { text: "admission strips managedFields", shownIn: "admission" },
  C12: { text: "admission removes our label", shownIn: "admission" },
  C13: { text: "non-idempotent admission", shownIn: "admission" },
  C14: { text: "quantities, int-or-string, numbers and base64 in another notation" },
  C15: { text: "same value set again" },
  C16: { text: "value changed and changed back" },
  C17: { text: "fifteen other managers" },
  C18: { text: "our name on /status, on /scale, or as Update" },
  C19: { text: "CRD list type atomic to map", shownIn: "versions" },
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

/** E: versions, resets, life and death. */
const CHANGES_OF_STATE = {
  E1: { text: "a CRD gets another version for storage", shownIn: "versions" },
  E2: { text: "a write of somebody else at the new version", shownIn: "versions" },
  E3: { text: "we apply at the new version", shownIn: "versions" },
  E4: { text: "the version of our entry is removed from the CRD", shownIn: "versions" },
  E5: { text: "managedFields [{}] or []", shownIn: "resets" },
  E6: { text: "PUT without managedFields", shownIn: "resets" },
  E7: { text: "POST of a copy that holds managedFields", shownIn: "resets" },
  E8: { text: "kubectl replace --force, delete and create by another", shownIn: "resets" },
  E9: { text: "somebody changes a field, then Git removes it", shownIn: "adoption-fields" },
  E10: { text: "another apply co-owns a field, and Git removes it", shownIn: "adoption-fields" },
  E11: { text: "first contact with another's object", shownIn: "adoption-fields" },
  E12: { text: "an object that is being deleted", shownIn: "resets" },
  E13: { text: "a namespace that is being deleted", shownIn: "namespaces" },
  E14: { text: "large objects", shownIn: "large" },
  E15: { text: "a CRD whose stored version is gone", shownIn: "versions" },
  E16: { text: "the time of our entry", shownIn: "resets" },
  E17: { text: "a CRD changes its defaults", shownIn: "versions" },
  E18: { text: "a CRD is deleted and made again", shownIn: "versions" },
} as const satisfies Record<string, Row>;

/** All rows, in order. */
export const ROWS = { ...HOLES, ...SHAPES, ...STABILITY, ...KINDS, ...CHANGES_OF_STATE } satisfies Record<string, Row>;

/** Id of a row: its table and number. */
export type RowId = keyof typeof ROWS;

/** The table that a row stands in. */
export function tableOf(row: RowId): Table {
  return row.slice(0, 1) as Table;
}

/** The file that a row is shown in, where it has one of its own. */
export function fileOf(row: RowId): string | undefined {
  return (ROWS[row] as Row).shownIn;
}

/** Rows that no case covers although they have no file, and the other way round. */
export function uncovered(covered: ReadonlySet<RowId>): { missing: RowId[]; surprising: RowId[] } {
  const ids = Object.keys(ROWS) as RowId[];
  return {
    missing: ids.filter((id) => fileOf(id) === undefined && !covered.has(id)),
    surprising: ids.filter((id) => fileOf(id) !== undefined && covered.has(id)),
  };
}
