import { CHANGE_KINDS, type ChangeKind } from "../../../api/core/changes.js";
import { ownershipOf } from "../ownership-record.js";
import type {
  AppRecord,
  BackupPolicyRecord,
  CoreRecords,
  JobRecord,
  NodeRecord,
  RouteRecord,
  SecretRecord,
} from "./core-records.js";

/** Changes of a Core's state, or its full state. */
export interface CoreEventHandler {
  /** Whether this is the full state: everything else is deleted. */
  readonly full: boolean;
  readonly found: { readonly [K in ChangeKind]: readonly CoreRecords[K][] };
  readonly deleted: readonly { readonly kind: ChangeKind; readonly id: string }[];
}

/** Apps that are affected by changes. */
export interface Affected {
  /** `namespace/name` of the apps whose resources changed. */
  readonly apps: ReadonlySet<string>;
  /** Whether all apps may be affected, for example by a new secret, a node, or a name that became free. */
  readonly everyone: boolean;
}

/** Limit of remembered deletions. Ids are never reused. */
const MAX_DELETED = 10_000;

/** The last known state of a Core, indexed by id and name. */
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
  /** Ids deleted by the operator: a poll that started earlier may still return them. */
  readonly #deleted = new Set<string>();
  /** Apps that use secrets whose values the operator changed since the last read. */
  readonly #usersOfWritten = new Set<string>();
  #version = 0;

  /** Increases with each change. */
  get version(): number {
    return this.#version;
  }

  /** Returns all records of a kind. */
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

  /** Returns the global secret of a name. */
  globalSecret(name: string): SecretRecord | undefined {
    for (const secret of this.all("secret")) if (secret.name === name && secret.scope === "global") return secret;
    return undefined;
  }

  /** Returns the newest job of an app. */
  newestJob(appId: string): JobRecord | undefined {
    return this.#jobsByApp.get(appId);
  }

  /** Returns the secret of this name that an app on a node uses: its own, else that of the node, else the global one. */
  secretFor(name: string, appId: string | undefined, nodeId: string | undefined): SecretRecord | undefined {
    const found = new Map<SecretRecord["scope"], SecretRecord>();
    for (const secret of this.all("secret")) {
      if (secret.name !== name) continue;
      const isUsable = secret.scope === "global" || secret.scopeId === (secret.scope === "app" ? appId : nodeId);
      if (isUsable) found.set(secret.scope, secret);
    }
    return found.get("app") ?? found.get("node") ?? found.get("global");
  }

  /** Whether an app on a node may use a secret of this name. */
  hasSecret(name: string, appId: string | undefined, nodeId: string | undefined): boolean {
    return this.secretFor(name, appId, nodeId) !== undefined;
  }

  hasSignInProvider(name: string): boolean {
    return this.#find("signInProvider", name) !== undefined;
  }

  /**
   * Merges changes and returns the affected apps. `written`: ids that were written during the read, whose known state is newer.
   * Records with a revision are compared by that instead.
   */
  take(events: CoreEventHandler, written: ReadonlySet<string>): Affected {
    const affected = { apps: new Set<string>(this.#usersOfWritten), everyone: false };
    this.#usersOfWritten.clear();
    for (const kind of CHANGE_KINDS) {
      const ids = new Set(events.found[kind].map(({ id }) => id));
      const absent = events.full ? [...this.#byId[kind].keys()].filter((id) => !ids.has(id) && !written.has(id)) : [];
      for (const id of absent) this.#drop(kind, id, affected);
      for (const record of events.found[kind]) {
        if (
          "revision" in record && record.revision !== undefined
            ? !this.#deleted.has(record.id)
            : !written.has(record.id)
        )
          this.#keep(kind, record, affected);
      }
    }
    for (const { kind, id } of events.deleted) this.#drop(kind, id, affected);
    return affected;
  }

  /** Stores a resource as returned by a write. Apps that use a changed secret may have to be deployed: the next read returns them. */
  put<K extends ChangeKind>(kind: K, record: CoreRecords[K]): void {
    const apps = kind === "secret" && this.#byId.secret.has(record.id) ? this.#usersOfWritten : new Set<string>();
    this.#keep(kind, record, { apps, everyone: false });
  }

  /** Removes a resource that the operator deleted. */
  remove(kind: ChangeKind, id: string): void {
    this.#deleted.add(id);
    for (const oldest of this.#deleted) {
      if (this.#deleted.size <= MAX_DELETED) break;
      this.#deleted.delete(oldest);
    }
    this.#drop(kind, id, { apps: new Set(), everyone: false });
  }

  #find<K extends "backupPolicy" | "node" | "signInProvider">(kind: K, name: string): CoreRecords[K] | undefined {
    for (const record of this.#byId[kind].values()) if (record.name === name) return record;
    return undefined;
  }

  #keep<K extends ChangeKind>(kind: K, record: CoreRecords[K], affected: Collected): void {
    const before = this.#byId[kind].get(record.id);
    if (before !== undefined && (isSame(before, record) || isOlder(record, before))) return;
    if (before !== undefined) this.#unindex(kind, before);
    this.#version++;
    this.#byId[kind].set(record.id, record);
    this.#index(kind, record);
    this.#affect(kind, before, affected);
    this.#affect(kind, record, affected);
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

  /** Adds the apps that a changed resource affects. */
  #affect(kind: ChangeKind, record: CoreRecords[ChangeKind] | undefined, affected: Collected): void {
    if (record === undefined) return;
    if (kind === "job") {
      const { appId } = record as JobRecord;
      const app = appId === null ? undefined : this.#byId.app.get(appId);
      if (app) this.#affect("app", app, affected);
    } else if (kind === "secret") {
      const { name, metadata } = record as SecretRecord;
      const owner = ownershipOf(metadata)?.app;
      if (owner !== undefined) affected.apps.add(owner);
      for (const app of this.#byId.app.values())
        if (app.compose.includes(`{SECRET:${name}}`)) this.#affect("app", app, affected);
    } else if (kind === "node") {
      // The health of apps depends on their node.
      affected.everyone = true;
    } else if ("metadata" in record) {
      const ownership = ownershipOf(record.metadata);
      if (ownership) affected.apps.add(ownership.app);
      else affected.everyone = true;
    }
  }

  #index(kind: ChangeKind, record: CoreRecords[ChangeKind]): void {
    if (kind === "app") this.#appsByName.set((record as AppRecord).name, record as AppRecord);
    if (kind === "route") this.#indexRoute(record as RouteRecord);
    if (kind === "job") this.#indexJob(record as JobRecord);
  }

  #unindex(kind: ChangeKind, record: CoreRecords[ChangeKind]): void {
    if (kind === "app") this.#appsByName.delete((record as AppRecord).name);
    if (kind === "route") {
      const name = routeName(record as RouteRecord);
      if (this.#routesByName.get(name)?.id !== record.id) return;
      this.#routesByName.delete(name);
      for (const other of this.#byId.route.values())
        if (other.id !== record.id && routeName(other) === name) this.#indexRoute(other);
    }
    if (kind === "job") {
      const { appId, id } = record as JobRecord;
      if (appId === null || this.#jobsByApp.get(appId)?.id !== id) return;
      this.#jobsByApp.delete(appId);
      for (const other of this.#byId.job.values()) if (other.appId === appId && other.id !== id) this.#indexJob(other);
    }
  }

  /** Of several stored routes that differ in the case of their path only, one has the name. */
  #indexRoute(route: RouteRecord): void {
    const name = routeName(route);
    const known = this.#routesByName.get(name);
    if (known === undefined || known.id === route.id) this.#routesByName.set(name, route);
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

/** Returns the name of a route: host name and path in lowercase, since proxies do not distinguish case. */
export function routeName(route: Pick<RouteRecord, "hostname" | "path">): string {
  return `${route.hostname}${route.path.toLowerCase()}`;
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
