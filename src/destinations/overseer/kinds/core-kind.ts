import type { z } from "zod";
import type { ChangeKind } from "../../../api/core/changes.js";
import type { Metadata } from "../../../api/core/fields.js";
import type { CoreObjectKind } from "../../../api/core/objects.js";
import type { Json } from "../../../base/hash.js";
import type { ObjectHealth } from "../../../plan/live.js";
import type { CoreAbilities } from "../client/core-limits.js";
import type { AppRecord, BackupPolicyRecord, NodeRecord, RouteRecord } from "../state/core-records.js";
import type { CoreState } from "../state/core-state.js";

/** Kinds of resources that documents decide about. */
export type ManagedChange = Extract<ChangeKind, "app" | "route" | "backupPolicy" | "node">;
/** A resource that documents decide about. */
export type Managed = AppRecord | RouteRecord | BackupPolicyRecord | NodeRecord;

/** Names of what a resource refers to by id. */
export interface References {
  readonly app?: string;
  readonly node?: string;
}

/** Something that a document refers to and a Core lacks. */
export interface Missing {
  /** `secret db-password`: also the key of its place in `Document.places`. */
  readonly name: string;
  /** How it comes. */
  readonly remedy: string;
}

/** Of an app that is not there. */
export function missingApp(app: string): Missing {
  return { name: `app ${app}`, remedy: "bring it by this or another source" };
}

/** Of a node that is not there. */
export function missingNode(node: string): Missing {
  return { name: `node ${node}`, remedy: "start its agent, so that it registers" };
}

/** What is particular about one kind of a Core's resources: pure functions on what is known of the Core. */
export interface CoreKindRules<S extends Managed, Spec> {
  readonly kind: CoreObjectKind;
  readonly change: ManagedChange;
  /** Where it is made, below the Core's address. */
  readonly path: string;
  /** Name of the resource in answers. */
  readonly envelope: string;
  readonly spec: z.ZodType<Spec>;
  /** The resource of a name, whoever made it. */
  find(state: CoreState, name: string): S | undefined;
  nameOf(seen: S): string;
  /** The fields that a document decides, as they are. */
  content(seen: S): Json;
  /** The same, as a document wants them. A reference that is not there yet is null. */
  wanted(spec: Spec, name: string, state: CoreState): Json;
  /** The same for people: with names for ids. */
  show(content: Json, state: CoreState): Json;
  references(spec: Spec): References;
  /** Whether a resource refers to what has these names now. */
  refersTo(seen: S, references: References, state: CoreState): boolean;
  /** What the Core lacks that the document refers to and somebody has to bring, for people. `coming`: names of apps that are about to be made. */
  missing(spec: Spec, name: string, state: CoreState, coming: ReadonlySet<string>): readonly Missing[];
  /** Why the document cannot be applied to this Core, for people. */
  refusal(spec: Spec, seen: S | undefined, state: CoreState, abilities: CoreAbilities): string | undefined;
  /** What is sent to make the resource, or to replace it. */
  body(content: Json, name: string, metadata: Metadata, exists: boolean): unknown;
  /** Whether it is there before any document names it, so that taking it over is no adoption. */
  readonly alwaysThere: boolean;
  health(seen: S, state: CoreState): ObjectHealth;
  /** What has to be done besides the content being right; undefined: nothing. */
  pending(seen: S, state: CoreState): string | undefined;
}

/** The rules of a kind, for code that treats all kinds alike: a resource and a spec are only given to the rules of their own kind. */
export type CoreKind = CoreKindRules<Managed, unknown>;

/** Forgets which types the rules are for. */
export function coreKind<S extends Managed, Spec>(rules: CoreKindRules<S, Spec>): CoreKind {
  return rules as unknown as CoreKind;
}

/** Whether an id is of the app that has this name now; no id for no name. */
export function isAppNamed(id: string | null, name: string | undefined, state: CoreState): boolean {
  return id === null ? name === undefined : state.byId("app", id)?.name === name;
}
