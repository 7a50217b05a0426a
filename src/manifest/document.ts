import type { FieldPath } from "./field-path.js";
import type { ObjectId, ObjectKey } from "./object-id.js";

/** A Kubernetes object as plain JSON: what Git says, in the form that is sent. */
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

/** Where a document came from, for every message about it. */
export interface Origin {
  /** Path in the repository. */
  readonly file: string;
  /** Line on which the document begins, counted from 1; undefined for rendered documents, whose lines stand in no file. */
  readonly line?: number | undefined;
}

/** Where a field is written. Its line is looked for only when it has to be named. */
export interface FieldPlace {
  /** Where the value begins that `path` leads into. */
  readonly origin: Origin;
  readonly path: FieldPath;
}

/** Where a document names what it depends on, by what that is: `secret db-password`, `port web 0`. */
export type NamedPlaces = ReadonlyMap<string, FieldPlace>;

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
}

/** `apps/shop/web.yaml:12`, as editors and terminals can open it; without the line where there is none. */
export function formatOrigin({ file, line }: Origin): string {
  return line === undefined ? file : `${file}:${line}`;
}
