import { ANNOTATION_HOOK_RUN } from "../../src/api/group.js";
import type { Destination, KindStatus, Outcome, Target, Verdict } from "../../src/destinations/destination.js";
import type { Document, KubeObject } from "../../src/manifest/document.js";
import { type GroupVersionKind, type ObjectId, type ObjectKey, objectKey } from "../../src/manifest/object-id.js";
import { waveOf } from "../../src/manifest/wave.js";
import type {
  DeferredWrite,
  HealAction,
  Preview,
  PreviewedWrite,
  RefusedWrite,
  WriteAction,
} from "../../src/plan/actions.js";
import {
  type AppRef,
  appKey,
  HANDED_OVER,
  type LiveObject,
  type ObjectHealth,
  type Observation,
} from "../../src/plan/live.js";
import type { DeletePermit } from "../../src/plan/prune-guard.js";

/** An object that is kept in memory, as a test sees it. */
export interface MemoryObject {
  readonly id: ObjectId;
  readonly uid: string;
  readonly version: number;
  /** `namespace/name` of the app that owns it; undefined for an object of nobody. */
  readonly owner: string | undefined;
  readonly object: KubeObject;
  /** Hash of the document that was applied last. */
  readonly hash: string | undefined;
  readonly drifted: boolean;
  readonly paused: boolean;
  readonly health: ObjectHealth;
}

/** Faults of a destination; each returns undefined to let a request pass. */
export interface MemoryFaults {
  /** Refuses a dry run. */
  preview?: (document: Document) => Omit<RefusedWrite, "action"> | undefined;
  /** Whether an update of an object needs its re-creation. */
  recreates?: (document: Document) => boolean;
  /** Fails a write or a heal. */
  write?: (document: Document) => { readonly message: string; readonly retryable: boolean } | undefined;
  /** Fails a delete. */
  remove?: (id: ObjectId) => { readonly message: string; readonly retryable: boolean } | undefined;
  /** Health of created objects; Healthy by default. */
  born?: ObjectHealth;
  /** Fields in which a drifted object differs. */
  differs?: (id: ObjectId) => Verdict["diff"];
  /** Why kinds cannot be listed. */
  incomplete?: string;
}

/** Kinds without namespace; all others are namespaced, except those of example.com, which are unknown. */
const CLUSTER_KINDS: ReadonlySet<string> = new Set(["Namespace", "ClusterRole", "CustomResourceDefinition"]);
const HEALTHY: ObjectHealth = { status: "Healthy" };

/**
 * A destination in memory, with the promises of the interface and without a server: what it does in microseconds, the
 * contract suite holds against the real ones.
 */
export class MemoryDestination implements Destination {
  readonly id = "memory";
  /** All objects by key. Outlives the process that writes them, as a cluster does. */
  readonly objects = new Map<ObjectKey, MemoryObject>();
  /** Each change, in order: `Create ConfigMap shop/a`. */
  readonly log: string[] = [];
  faults: MemoryFaults = {};
  /** Called before each request that may change something; throws if the process that sends it is gone. */
  check: () => void = () => {};
  /** Number of documents that were dry-run. */
  previewed = 0;
  #versions = 0;

  connecting(): boolean {
    return false;
  }

  unavailability(): undefined {
    return undefined;
  }

  limits(): readonly string[] {
    return [];
  }

  recordedHash(document: Document): string {
    return document.hash;
  }

  scopeOf({ group, kind }: GroupVersionKind): "Namespaced" | "Cluster" | undefined {
    if (group.endsWith("example.com")) return undefined;
    return CLUSTER_KINDS.has(kind) ? "Cluster" : "Namespaced";
  }

  hasStatus(): boolean {
    return false;
  }

  async prepare(kinds: readonly GroupVersionKind[]): Promise<readonly KindStatus[]> {
    return kinds.map((kind) => ({ kind, problem: undefined }));
  }

  observe({ app }: Target): Observation {
    const own = [...this.objects].filter(([, { owner }]) => owner === appKey(app));
    const all = own.map(([key, object]) => [key, liveOf(key, object)] as const);
    const objects = new Map(all.filter(([, { hook }]) => hook === undefined));
    const hooks = new Map(all.filter(([, { hook }]) => hook !== undefined));
    const { incomplete } = this.faults;
    return { complete: incomplete === undefined, incomplete, objects, hooks };
  }

  async preview(target: Target, writes: readonly WriteAction[], all: readonly Document[]): Promise<Preview> {
    this.check();
    this.previewed += writes.length;
    const accepted: PreviewedWrite[] = [];
    const refused: RefusedWrite[] = [];
    const deferred: DeferredWrite[] = [];
    const documents = [...all, ...writes.map(({ document }) => document)];
    const namespaces = new Set(documents.map(({ key }) => key).filter((key) => key.startsWith("/Namespace/")));
    for (const action of writes) {
      const namespace = objectKey({ group: "", kind: "Namespace", namespace: "", name: action.document.id.namespace });
      if (namespaces.has(namespace) && !this.objects.has(namespace)) {
        deferred.push({ action, message: "its namespace does not exist", liftedBy: [namespace] });
        continue;
      }
      const refusal = this.#refusal(target, action.document);
      if (refusal) refused.push({ action, ...refusal });
      else if (action.document.shared && this.objects.has(action.document.key)) continue;
      else {
        const present = this.objects.get(action.document.key);
        const update = this.faults.recreates?.(action.document) ? "Recreate" : "Update";
        const verb = present === undefined ? "Create" : present.owner === undefined ? "Adopt" : update;
        accepted.push({ action, verb, stamp: action.document.hash, reason: undefined, diff: [], warnings: [] });
      }
    }
    return { accepted, refused, deferred, missing: [] };
  }

  async write(target: Target, { action: { document } }: PreviewedWrite): Promise<Outcome> {
    return this.#put(target, document, this.objects.get(document.key) === undefined ? "Create" : "Update");
  }

  async verify(_target: Target, { live }: HealAction): Promise<Verdict> {
    const drifted = this.objects.get(live.key)?.drifted === true;
    return { drifted, diff: drifted ? (this.faults.differs?.(live.id) ?? []) : [] };
  }

  describeDrift(): string | undefined {
    return "somebody: .data";
  }

  async heal(target: Target, { document }: HealAction): Promise<Outcome> {
    return this.#put(target, document, "Heal");
  }

  async remove(_target: Target, { live }: DeletePermit): Promise<Outcome> {
    this.check();
    const present = this.objects.get(live.key);
    if (present === undefined) return done(false);
    if (present.uid !== live.uid || String(present.version) !== live.resourceVersion) {
      return { ok: false, message: "the object has changed since it was observed", retryable: true };
    }
    const fault = this.faults.remove?.(live.id);
    if (fault) return { ok: false, ...fault };
    this.objects.delete(live.key);
    this.log.push(`Delete ${nameOf(live.id)}`);
    return done(true);
  }

  async healthReasons(): Promise<ReadonlyMap<ObjectKey, string>> {
    return new Map();
  }

  async deletionHolders(): Promise<string> {
    return "nothing";
  }

  async release(_target: Target, live: LiveObject): Promise<Outcome> {
    return this.#setOwner(live, { owner: undefined }, "Release");
  }

  async mayWrite(): Promise<boolean> {
    return true;
  }

  async handOver(_target: Target, live: LiveObject, to: AppRef): Promise<Outcome> {
    return this.#setOwner(live, { owner: appKey(to), hash: HANDED_OVER }, "Transfer");
  }

  async namespaceHolds(): Promise<undefined> {
    return undefined;
  }

  /** Changes an object as another writer would: it drifts, unless only its health, pause or owner changes. */
  edit(key: ObjectKey, change: Partial<Pick<MemoryObject, "object" | "health" | "paused" | "owner">>): void {
    const present = this.objects.get(key);
    if (present === undefined) throw new Error(`there is no ${key}`);
    const drifted = present.drifted || change.object !== undefined;
    this.objects.set(key, { ...present, ...change, drifted, version: ++this.#versions });
  }

  #refusal({ app, adopt }: Target, document: Document): Omit<RefusedWrite, "action"> | undefined {
    const fault = this.faults.preview?.(document);
    if (fault) return fault;
    const present = this.objects.get(document.key);
    if (present === undefined || present.owner === appKey(app) || document.shared) return undefined;
    if (present.owner !== undefined) {
      return { message: `owned by app ${present.owner}`, retryable: true, owner: present.owner };
    }
    return adopt === "Never" ? { message: "exists already, and adopt is Never", retryable: true } : undefined;
  }

  #put({ app }: Target, document: Document, verb: "Create" | "Update" | "Heal"): Outcome {
    this.check();
    const fault = this.faults.write?.(document);
    if (fault) return { ok: false, ...fault };
    const { id, key, object, hash } = document;
    const present = this.objects.get(key);
    const owner = document.shared ? present?.owner : appKey(app);
    if (present !== undefined && present.owner === owner && present.hash === hash && !present.drifted)
      return done(false);
    const version = ++this.#versions;
    const { uid = `uid-${version}`, paused = false, health = this.faults.born ?? HEALTHY } = present ?? {};
    this.objects.set(key, { id, uid, version, owner, object, hash, drifted: false, paused, health });
    this.log.push(`${verb} ${nameOf(id)}`);
    return done(true);
  }

  #setOwner(live: LiveObject, change: Partial<Pick<MemoryObject, "owner" | "hash">>, verb: string): Outcome {
    this.check();
    const present = this.objects.get(live.key);
    if (present?.uid !== live.uid) return done(false);
    this.objects.set(live.key, { ...present, ...change, version: ++this.#versions });
    this.log.push(`${verb} ${nameOf(live.id)}`);
    return done(true);
  }
}

function liveOf(key: ObjectKey, { id, uid, version, object, hash, drifted, paused, health }: MemoryObject): LiveObject {
  const hook = object.metadata.annotations?.[ANNOTATION_HOOK_RUN];
  const wave = waveOf(object.metadata);
  return {
    ...(hook === undefined ? {} : { hook }),
    ...(wave === 0 ? {} : { wave }),
    ...{ id, key, uid, resourceVersion: String(version), ownership: "Owned", documentHash: hash, health, paused },
    state: drifted ? "Drifted" : "AsApplied",
    deleting: false,
  };
}

function nameOf({ kind, namespace, name }: ObjectId): string {
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}

function done(wrote: boolean): Outcome {
  return { ok: true, wrote, notes: [] };
}
