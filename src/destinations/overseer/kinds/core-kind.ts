import type { z } from "zod";
import type { ChangeKind } from "../../../api/core/changes.js";
import type { Metadata } from "../../../api/core/fields.js";
import type { CoreObjectKind } from "../../../api/core/objects.js";
import type { Json } from "../../../base/hash.js";
import type { ObjectHealth } from "../../../plan/live.js";
import type { CoreAbilities } from "../client/core-limits.js";
import type { AppRecord, BackupPolicyRecord, NodeRecord, RouteRecord, SecretRecord } from "../state/core-records.js";
import type { CoreState } from "../state/core-state.js";

/** Resource kinds that are managed by documents. */
export type ManagedChange = Extract<ChangeKind, "app" | "route" | "backupPolicy" | "node" | "secret">;
/** A resource of a managed kind. */
export type Managed = AppRecord | RouteRecord | BackupPolicyRecord | NodeRecord | SecretRecord;

/** Names of the resources that a resource refers to by id. */
export interface References {
  readonly app?: string;
  readonly node?: string;
}

/** A reference of a document that the Core cannot resolve. */
export interface Missing {
  /** `secret db-password`: also the key of its place in `Document.places`. */
  readonly name: string;
  /** How to provide it. */
  readonly remedy: string;
}

/** Describes a missing app. */
export function missingApp(app: string): Missing {
  return { name: `app ${app}`, remedy: "add it to this or another source" };
}

/** Describes a missing node. */
export function missingNode(node: string): Missing {
  return { name: `node ${node}`, remedy: "start its agent so that it registers" };
}

/** Rules of one resource kind of a Core: pure functions of the known state. */
export interface CoreKindRules<S extends Managed, Spec> {
  readonly kind: CoreObjectKind;
  readonly change: ManagedChange;
  /** Path of the collection, below the Core's URL. */
  readonly path: string;
  /** Field of responses that contains the resource. */
  readonly envelope: string;
  readonly spec: z.ZodType<Spec>;
  /** Finds a resource by name, regardless of its owner. */
  find(state: CoreState, name: string): S | undefined;
  nameOf(record: S): string;
  /** Returns the current values of the fields that a document sets. */
  content(record: S): Json;
  /** Returns the desired values of these fields. A reference that does not exist yet is null. */
  desired(spec: Spec, name: string, state: CoreState): Json;
  /** Returns the same content for users, with names instead of ids. */
  show(content: Json, state: CoreState): Json;
  references(spec: Spec): References;
  /** Whether a resource refers to the resources that have these names now. */
  refersTo(record: S, references: References, state: CoreState): boolean;
  /** Returns the unresolved references of a document. `coming`: names of apps that are about to be created, and `secret NAME`. */
  missing(spec: Spec, name: string, state: CoreState, coming: ReadonlySet<string>): readonly Missing[];
  /** Returns why the document cannot be applied to this Core. */
  refusal(
    spec: Spec,
    record: S | undefined,
    state: CoreState,
    abilities: CoreAbilities,
    name: string,
  ): string | undefined;
  /** Returns the request body to create or replace the resource. */
  body(content: Json, name: string, metadata: Metadata, exists: boolean): unknown;
  /** Returns fields of the body that are sent and never read back; undefined if there are none. */
  readonly sent?: (spec: Spec) => object;
  /** Whether differences are named without values. */
  readonly confidential?: true;
  /** Whether the resource exists independently of documents, so that managing it is not an adoption. */
  readonly alwaysThere: boolean;
  health(record: S, state: CoreState): ObjectHealth;
  /** Returns what is left to do although the content is correct; undefined if nothing. */
  pending(record: S, state: CoreState): string | undefined;
}

/** The rules of any kind, for generic code. Callers pass resources and specs only to the rules of their kind. */
export type CoreKind = CoreKindRules<Managed, unknown>;

/** Erases the types of the rules. */
export function coreKind<S extends Managed, Spec>(rules: CoreKindRules<S, Spec>): CoreKind {
  return rules as unknown as CoreKind;
}

/** Whether an id belongs to the app that currently has this name; no id matches no name. */
export function isAppNamed(id: string | null, name: string | undefined, state: CoreState): boolean {
  return id === null ? name === undefined : state.byId("app", id)?.name === name;
}
