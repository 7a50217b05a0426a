import type { FieldPath } from "./field-path.js";
import type { ObjectId, ObjectKey } from "./object-id.js";

/** A Kubernetes object as plain JSON: the desired state in the form that is sent to the API server. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Origin of a document, for messages. */
export interface Origin {
  /** Path in the repository. */
  readonly file: string;
  /** One-based first line of the document. Undefined for rendered documents, which have no line in a file. */
  readonly line?: number | undefined;
}

/** Place of a field. Its line is computed only if needed. */
export interface FieldPlace {
  /** Origin of the value that `path` is relative to. */
  readonly origin: Origin;
  readonly path: FieldPath;
}

/** Places where a document references its dependencies, by dependency: `secret db-password`, `port web 0`. */
export type NamedPlaces = ReadonlyMap<string, FieldPlace>;

/** Selects items of a list, or keys of a map, by a condition in CEL about `variable`. */
export interface ItemFilter {
  readonly variable: string;
  readonly where: string;
}

/** A key or index; `*` for every one; or a filter. */
export type PathSegment = string | ItemFilter;

/** Fields of one object that are left alone. */
export interface IgnoredFields {
  /** Paths of the fields. */
  readonly pointers: readonly (readonly PathSegment[])[];
  /** Field managers whose fields are left alone. */
  readonly managers: readonly string[];
}

/** One rendered object, normalised, with where it came from. Immutable: it is shared by every render that has the same blob. */
export interface Document {
  readonly id: ObjectId;
  readonly key: ObjectKey;
  readonly object: KubeObject;
  readonly origin: Origin;
  /** Where what it depends on is named, as far as that is not at `origin`. */
  readonly places?: NamedPlaces;
  /** Hash of the canonical form of `object`, without the labels and annotations that we add: 32 hex digits. */
  readonly hash: string;
  /** Fields that are set when the object is created, and left alone from then on. Part of `hash`. */
  readonly ignored?: IgnoredFields;
  /** The object is not the app's alone: it gets no ownership metadata, fields of others are never overwritten, and it is never deleted. */
  readonly shared?: boolean;
  /** Whether any field may hold a value of a Secret: values are then never shown, whatever the kind. */
  readonly confidential?: boolean;
}

/** `apps/shop/web.yaml:12`, as editors and terminals can open it; without the line where there is none. */
export function formatOrigin({ file, line }: Origin): string {
  return line === undefined ? file : `${file}:${line}`;
}
