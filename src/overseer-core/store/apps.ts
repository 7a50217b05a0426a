import type {
  APP_STATUSES,
  CoreApp,
  CoreAppCreate,
  CoreAppObserved,
  CoreAppUpdate,
  CoreAppVersion,
} from "../../api/core/app.js";
import type { CoreAppBackup } from "../../api/core/app-backup.js";
import { canonicalJson } from "../../base/hash.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";
import { Table } from "./table.js";

/** Maximum number of stored versions of an app; older ones are deleted, except the last one that was deployed with success. */
export const MAX_VERSIONS = 100;

type AppStatus = (typeof APP_STATUSES)[number];

interface AppRow extends BaseRow {
  readonly name: string;
  readonly description: string | null;
  readonly domain: string | null;
  readonly compose: string;
  readonly version: number;
  readonly status: AppStatus;
  readonly node_id: string | null;
  readonly node_labels: string;
  readonly assigned_node: string | null;
  readonly metadata: string;
  readonly observed: string | null;
  readonly backup: string | null;
  readonly good_version: number | null;
  readonly good_node: string | null;
  readonly volumes: string;
  readonly revert_due: number;
}

interface VersionRow {
  readonly app_id: string;
  readonly version: number;
  readonly compose: string;
  readonly domain: string | null;
  readonly node_id: string | null;
  readonly node_labels: string;
  readonly created_at: string;
}

/** Table of apps and their versions. */
export class Apps extends Table<AppRow, CoreApp> {
  readonly #byName;
  readonly #insert;
  readonly #update;
  readonly #setStatus;
  readonly #setObserved;
  readonly #setVolumes;
  readonly #setBackup;
  readonly #setGood;
  readonly #setRevertDue;
  readonly #assign;
  readonly #addVersion;
  readonly #deleteVersions;
  readonly #versions;
  readonly #version;

  constructor(context: StoreContext) {
    super(context, { name: "apps", kind: "app", order: "name", view: viewOf });
    const { database } = context;
    this.#byName = this.rowsWhere("name = ?");
    this.#insert = database.query(
      `INSERT INTO apps (id, name, description, domain, compose, version, status, node_id, node_labels, metadata, created_at,
       updated_at, revision) VALUES (?, ?, ?, ?, ?, 1, 'stopped', ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.query(
      `UPDATE apps SET description = ?, domain = ?, compose = ?, version = ?, node_id = ?, node_labels = ?, metadata = ?, updated_at = ?,
       revision = ? WHERE id = ?`,
    );
    this.#setStatus = database.query("UPDATE apps SET status = ?, updated_at = ?, revision = ? WHERE id = ?");
    this.#setObserved = database.query("UPDATE apps SET observed = ?, updated_at = ?, revision = ? WHERE id = ?");
    this.#setVolumes = database.query("UPDATE apps SET volumes = ? WHERE id = ? AND volumes <> ?");
    this.#setBackup = database.query("UPDATE apps SET backup = ?, updated_at = ?, revision = ? WHERE id = ?");
    this.#setGood = database.query(
      "UPDATE apps SET good_version = ?1, good_node = ?2, volumes = iif(good_node IS ?2, volumes, '[]') WHERE id = ?3",
    );
    this.#setRevertDue = database.query("UPDATE apps SET revert_due = ? WHERE id = ?");
    this.#assign = database.query("UPDATE apps SET assigned_node = ?, updated_at = ?, revision = ? WHERE id = ?");
    this.#addVersion = database.query(
      "INSERT INTO app_versions (app_id, version, compose, domain, node_id, node_labels, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#deleteVersions = database.query(
      `DELETE FROM app_versions WHERE app_id = ?1 AND version <= ?2
       AND version IS NOT (SELECT good_version FROM apps WHERE id = ?1)`,
    );
    this.#versions = database.query<VersionRow>("SELECT * FROM app_versions WHERE app_id = ? ORDER BY version DESC");
    this.#version = database.query<VersionRow>("SELECT * FROM app_versions WHERE app_id = ? AND version = ?");
  }

  findByName(name: string): CoreApp | undefined {
    return this.shown(this.#byName.get(name));
  }

  create(input: CoreAppCreate): CoreApp {
    const [id, now] = [newId(), timestamp(this.context.clock)];
    const { name, description = null, domain = null, compose, nodeId = null, metadata } = input;
    const labels = canonicalJson(input.nodeLabels);
    const revision = this.nextRevision();
    this.#insert.run(
      id,
      name,
      description,
      domain,
      compose,
      nodeId,
      labels,
      JSON.stringify(metadata),
      now,
      now,
      revision,
    );
    this.#addVersion.run(id, 1, compose, domain, nodeId, labels, now);
    return this.mustFind(id);
  }

  /** Replaces an app. It gets a new version if compose, domain, node or labels of the node change. Does nothing if nothing changes. */
  update(app: CoreApp, input: CoreAppUpdate): CoreApp {
    const { description = null, domain = null, compose, nodeId = null, metadata } = input;
    const { id } = app;
    const labels = canonicalJson(input.nodeLabels);
    const samePlace = nodeId === app.nodeId && labels === canonicalJson(app.nodeLabels);
    const newVersion = compose !== app.compose || domain !== app.domain || !samePlace;
    const unchanged = description === app.description && canonicalJson(metadata) === canonicalJson(app.metadata);
    if (unchanged && !newVersion) return this.mustFind(id);
    const now = timestamp(this.context.clock);
    const version = newVersion ? app.version + 1 : app.version;
    const revision = this.nextRevision();
    this.#update.run(
      description,
      domain,
      compose,
      version,
      nodeId,
      labels,
      JSON.stringify(metadata),
      now,
      revision,
      id,
    );
    if (newVersion) {
      this.#addVersion.run(id, version, compose, domain, nodeId, labels, now);
      this.#deleteVersions.run(id, version - MAX_VERSIONS);
    }
    return this.mustFind(id);
  }

  /** Sets the status of an app. Does nothing if the status is unchanged or the app does not exist. */
  setStatus(id: string, status: AppStatus): void {
    const app = this.row(id);
    if (app === undefined || app.status === status) return;
    this.#setStatus.run(status, timestamp(this.context.clock), this.nextRevision(), id);
  }

  /** Sets the node that an app is deployed to. Does nothing if it is unchanged. */
  assign(id: string, nodeId: string): void {
    if (this.row(id)?.assigned_node === nodeId) return;
    this.#assign.run(nodeId, timestamp(this.context.clock), this.nextRevision(), id);
  }

  /** Sets what the agent of the node saw. Does nothing if it is unchanged or the app does not exist. */
  setObserved(id: string, observed: CoreAppObserved | null): void {
    const text = observed === null ? null : canonicalJson(observed);
    const app = this.row(id);
    if (app === undefined || app.observed === text) return;
    this.#setObserved.run(text, timestamp(this.context.clock), this.nextRevision(), id);
  }

  /** Sets the anonymous volumes that the agent of the node saw. */
  setVolumes(id: string, volumes: readonly string[]): void {
    const text = canonicalJson([...volumes]);
    this.#setVolumes.run(text, id, text);
  }

  /** Returns the anonymous volumes that the agent of the node of the last deployment with success saw. */
  volumes(id: string): string[] {
    return JSON.parse(this.row(id)?.volumes ?? "[]");
  }

  /** Sets the state of the backups. Does nothing if it is unchanged or the app does not exist. */
  setBackup(id: string, backup: CoreAppBackup): void {
    const text = canonicalJson(backup);
    const app = this.row(id);
    if (app === undefined || app.backup === text) return;
    this.#setBackup.run(text, timestamp(this.context.clock), this.nextRevision(), id);
  }

  /** Records that a version was deployed to a node with success. */
  setGoodVersion(id: string, version: number, nodeId: string): void {
    this.#setGood.run(version, nodeId, id);
  }

  /** Sets whether drift is to be reverted once the node accepts deployments again. */
  setRevertDue(id: string, due: boolean): void {
    if (this.isRevertDue(id) !== due) this.#setRevertDue.run(due ? 1 : 0, id);
  }

  isRevertDue(id: string): boolean {
    return this.row(id)?.revert_due === 1;
  }

  /** Reports whether the last deployment with success was to this node. */
  runsOn(id: string, nodeId: string): boolean {
    return this.row(id)?.good_node === nodeId;
  }

  /** Returns the node of the last deployment with success. */
  nodeOf(id: string): string | undefined {
    return this.row(id)?.good_node ?? undefined;
  }

  /** Returns the last version that was deployed with success, if that was on this node and the version is still stored. */
  goodVersion(id: string, nodeId: string): CoreAppVersion | undefined {
    const app = this.row(id);
    if (app === undefined || app.good_version === null || app.good_node !== nodeId) return undefined;
    return this.version(id, app.good_version);
  }

  /** Returns the stored versions, newest first. */
  versions(id: string): CoreAppVersion[] {
    return this.#versions.all(id).map(versionView);
  }

  version(id: string, version: number): CoreAppVersion | undefined {
    const row = this.#version.get(id, version);
    return row && versionView(row);
  }
}

function viewOf(row: AppRow): CoreApp {
  const { name, description, domain, compose, version, status, node_id: nodeId } = row;
  return {
    ...base(row),
    name,
    description,
    domain,
    compose,
    version,
    status,
    nodeId,
    nodeLabels: JSON.parse(row.node_labels),
    assignedNodeId: row.assigned_node,
    metadata: JSON.parse(row.metadata),
    backup: row.backup === null ? null : JSON.parse(row.backup),
    observed: row.observed === null ? null : JSON.parse(row.observed),
  };
}

function versionView(row: VersionRow): CoreAppVersion {
  const { app_id: appId, version, compose, domain, node_id: nodeId, created_at: createdAt } = row;
  return { appId, version, compose, domain, nodeId, nodeLabels: JSON.parse(row.node_labels), createdAt };
}
