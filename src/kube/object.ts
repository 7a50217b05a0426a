/** One entry of `metadata.managedFields`. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: FieldsV1;
  readonly subresource?: string;
}

/** A set of fields as a tree: `f:name`, `k:{…}`, `v:…`, `i:n` and `.`. */
export interface FieldsV1 {
  readonly [step: string]: FieldsV1;
}

/** `metadata` as returned by the API server. */
export interface LiveMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller?: boolean;
  }[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** An object as returned by the API server; PartialObjectMetadata has only the metadata. */
export interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: LiveMetadata;
  readonly [field: string]: unknown;
}

/** Returns whether resourceVersion `a` is newer than `b`. They are increasing decimal numbers (guaranteed since Kubernetes 1.35). */
export function isNewer(a: string, b: string): boolean {
  return a.length !== b.length ? a.length > b.length : a > b;
}
