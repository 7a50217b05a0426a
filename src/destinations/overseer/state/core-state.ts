import { CHANGE_KINDS, type ChangeKind } from "../../../api/core/changes.js";
import { ownershipOf } from "../ownership-record.js";
import type { AppRecord, BackupPolicyRecord, CoreRecords, JobRecord, NodeRecord, RouteRecord } from "./core-records.js";

/** A part of what a Core holds: what is new, or everything. */
export interface CoreEventHandler {
  /** Whether this is everything: what is known besides is gone. */
  readonly full: boolean;
  readonly found: { readonly [K in ChangeKind]: readonly CoreRecords[K][] };
  readonly deleted: readonly { readonly kind: ChangeKind; readonly id: string }[];
}

/** Who may care about what was new. */
export interface Affected {
  /** `namespace/name` of the apps whose resources changed. */
  readonly apps: ReadonlySet<string>;
  /** Whether something came or went that any app may wait for: a secret, a node, a name that is free now. */
  readonly everyone: boolean;
}

/** So many deletions are remembered. Ids are not given twice. */
const MAX_GONE = 10_000;

/** What a Core holds, as it was read last: found by id and by name, without a request. */
export class CoreState {
  readonly #byId: { readonly [K in ChangeKind]: Map<string, CoreRecords[K]> } = {
    app: new Map(),
    route: new Map(),
    backupPolicy: new Map(),
    node: new Map(),
    job: new Map(),
    secret: new Map(),
    signInProvider: new Map(),
  };
  readonly #appsByName = new Map<string, AppRecord>();
  readonly #routesByName = new Map<string, RouteRecord>();
  readonly #jobsByApp = new Map<string, JobRecord>();
  /** Ids that we deleted: a look that began before may still show them. */
  readonly #gone = new Set<string>();
  #version = 0;

  /** Another number after each change of what is known. */
  get version(): number {
    return this.#version;
  }

  /** Everything of one kind. */
  all<K extends ChangeKind>(kind: K): IterableIterator<CoreRecords[K]> {
    return this.#byId[kind].values();
  }

  byId<K extends ChangeKind>(kind: K, id: string): CoreRecords[K] | undefined {
    return this.#byId[kind].get(id);
  }

  appNamed(name: string): AppRecord | undefined {
    return this.#appsByName.get(name);
  }

  /** `name`: host name and path together. */
  routeNamed(name: string): RouteRecord | undefined {
    return this.#routesByName.get(name);
  }

  policyNamed(name: string): BackupPolicyRecord | undefined {
    return this.#find("backupPolicy", name);
  }

  nodeNamed(name: string): NodeRecord | undefined {
    return this.#find("node", name);
  }

  /** The newest job about an app. */
  newestJob(appId: string): JobRecord | undefined {
    return this.#jobsByApp.get(appId);
  }

  /** Whether a secret of this name may be used by an app on a node. */
  hasSecret(name: string, appId: string | undefined, nodeId: string | undefined): boolean {
    for (const secret of this.all("secret")) {
      if (secret.name !== name) continue;
      if (secret.scope === "global") return true;
      if (secret.scopeId === (secret.scope === "app" ? appId : nodeId)) return true;
    }
    return false;
  }

  hasSignInProvider(name: string): boolean {
    return this.#find("signInProvider", name) !== undefined;
  }

  /**
   * Takes in what was read, and tells whom it concerns. `written`: ids of what was written while it was read, which is known
   * better already; a revision tells that by itself.
   */
  take(events: CoreEventHandler, written: ReadonlySet<string>): Affected {
    const affected = { apps: new Set<string>(), everyone: false };
    for (const kind of CHANGE_KINDS) {
      const ids = new Set(events.found[kind].map(({ id }) => id));
      const absent = events.full ? [...this.#byId[kind].keys()].filter((id) => !ids.has(id) && !written.has(id)) : [];
      for (const id of absent) this.#drop(kind, id, affected);
      for (const seen of events.found[kind]) {
        if ("revision" in seen && seen.revision !== undefined ? !this.#gone.has(seen.id) : !written.has(seen.id))
          this.#keep(kind, seen, affected);
      }
    }
    for (const { kind, id } of events.deleted) this.#drop(kind, id, affected);
    return affected;
  }

  /** Notes a resource as a write of ours left it. */
  put<K extends ChangeKind>(kind: K, seen: CoreRecords[K]): void {
    this.#keep(kind, seen, { apps: new Set(), everyone: false });
  }

  /** Forgets a resource that we deleted. */
  remove(kind: ChangeKind, id: string): void {
    this.#gone.add(id);
    for (const oldest of this.#gone) {
      if (this.#gone.size <= MAX_GONE) break;
      this.#gone.delete(oldest);
    }
    this.#drop(kind, id, { apps: new Set(), everyone: false });
  }

  #find<K extends "backupPolicy" | "node" | "signInProvider">(kind: K, name: string): CoreRecords[K] | undefined {
    for (const seen of this.#byId[kind].values()) if (seen.name === name) return seen;
    return undefined;
  }

  #keep<K extends ChangeKind>(kind: K, seen: CoreRecords[K], affected: Collected): void {
    const before = this.#byId[kind].get(seen.id);
    if (before !== undefined && (isSame(before, seen) || isOlder(seen, before))) return;
    if (before !== undefined) this.#unindex(kind, before);
    this.#version++;
    this.#byId[kind].set(seen.id, seen);
    this.#index(kind, seen);
    this.#affect(kind, before, affected);
    this.#affect(kind, seen, affected);
    if (before === undefined && kind !== "job") affected.everyone = true;
  }

  #drop(kind: ChangeKind, id: string, affected: Collected): void {
    const before = this.#byId[kind].get(id);
    if (before === undefined) return;
    this.#version++;
    this.#byId[kind].delete(id);
    this.#unindex(kind, before);
    this.#affect(kind, before, affected);
    if (kind !== "job") affected.everyone = true;
  }

  /** Names the app that a change of a resource concerns. */
  #affect(kind: ChangeKind, seen: CoreRecords[ChangeKind] | undefined, affected: Collected): void {
    if (seen === undefined) return;
    if (kind === "job") {
      const { appId } = seen as JobRecord;
      const app = appId === null ? undefined : this.#byId.app.get(appId);
      if (app) this.#affect("app", app, affected);
    } else if (kind === "node") {
      // Apps on it are as well as it is.
      affected.everyone = true;
    } else if ("metadata" in seen) {
      const ownership = ownershipOf(seen.metadata);
      if (ownership) affected.apps.add(ownership.app);
      else affected.everyone = true;
    }
  }

  #index(kind: ChangeKind, seen: CoreRecords[ChangeKind]): void {
    if (kind === "app") this.#appsByName.set((seen as AppRecord).name, seen as AppRecord);
    if (kind === "route") this.#routesByName.set(routeName(seen as RouteRecord), seen as RouteRecord);
    if (kind === "job") this.#indexJob(seen as JobRecord);
  }

  #unindex(kind: ChangeKind, seen: CoreRecords[ChangeKind]): void {
    if (kind === "app") this.#appsByName.delete((seen as AppRecord).name);
    if (kind === "route") this.#routesByName.delete(routeName(seen as RouteRecord));
    if (kind === "job") {
      const { appId, id } = seen as JobRecord;
      if (appId === null || this.#jobsByApp.get(appId)?.id !== id) return;
      this.#jobsByApp.delete(appId);
      for (const other of this.#byId.job.values()) if (other.appId === appId && other.id !== id) this.#indexJob(other);
    }
  }

  #indexJob(job: JobRecord): void {
    if (job.appId === null) return;
    const known = this.#jobsByApp.get(job.appId);
    if (known === undefined || known.id === job.id || isNewer(job, known)) this.#jobsByApp.set(job.appId, job);
  }
}

interface Collected {
  readonly apps: Set<string>;
  everyone: boolean;
}

/** Host name and path, as one name. */
export function routeName(route: Pick<RouteRecord, "hostname" | "path">): string {
  return `${route.hostname}${route.path}`;
}

function isSame(a: object, b: object): boolean {
  const [before, after] = [a as { revision?: number }, b as { revision?: number }];
  if (before.revision !== undefined && before.revision === after.revision) return true;
  return JSON.stringify(a) === JSON.stringify(b);
}

function isOlder(a: object, b: object): boolean {
  const [revisionA, revisionB] = [(a as { revision?: number }).revision, (b as { revision?: number }).revision];
  return revisionA !== undefined && revisionB !== undefined && revisionA < revisionB;
}

function isNewer(a: JobRecord, b: JobRecord): boolean {
  const [timeA, timeB] = [a.createdAt ?? "", b.createdAt ?? ""];
  return timeA === timeB ? (a.revision ?? 0) > (b.revision ?? 0) : timeA > timeB;
}
