import { randomBytes } from "node:crypto";
import { OverseerError } from "../../base/errors.js";
import type { Database } from "./database.js";

/**
 * Migrations from an empty file to the current tables. Never change a released migration; append a new one. Times are
 * ISO 8601 texts, booleans are 0 and 1, free-form fields are JSON.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    database_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    oldest INTEGER NOT NULL,
    key_check BLOB,
    admin_made INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE kind_revisions (kind TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE tombstones (revision INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL) STRICT;

  CREATE TABLE nodes (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, hostname TEXT NOT NULL, ip_address TEXT, version TEXT NOT NULL,
    runner TEXT NOT NULL, status TEXT NOT NULL, last_heartbeat TEXT, config TEXT NOT NULL, metadata TEXT NOT NULL,
    token_id TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, revision INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX nodes_revision ON nodes (revision);

  CREATE TABLE apps (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT, domain TEXT, compose TEXT NOT NULL,
    version INTEGER NOT NULL, status TEXT NOT NULL, node_id TEXT REFERENCES nodes (id), metadata TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, revision INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX apps_revision ON apps (revision);
  CREATE INDEX apps_node ON apps (node_id);
  CREATE TABLE app_versions (
    app_id TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE, version INTEGER NOT NULL, compose TEXT NOT NULL,
    domain TEXT, node_id TEXT, created_at TEXT NOT NULL, PRIMARY KEY (app_id, version)
  ) STRICT;
  CREATE TABLE placements (
    app_id TEXT NOT NULL, node_id TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE, PRIMARY KEY (app_id, node_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sign_in_providers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL, issuer TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, revision INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE routes (
    id TEXT PRIMARY KEY, hostname TEXT NOT NULL, path TEXT NOT NULL, target TEXT NOT NULL,
    app_id TEXT REFERENCES apps (id), tls INTEGER NOT NULL, auth TEXT REFERENCES sign_in_providers (name),
    middleware TEXT NOT NULL, metadata TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, revision INTEGER NOT NULL, UNIQUE (hostname, path)
  ) STRICT;
  CREATE INDEX routes_revision ON routes (revision);
  CREATE INDEX routes_app ON routes (app_id);
  CREATE TABLE backup_policies (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, app_id TEXT REFERENCES apps (id), enabled INTEGER NOT NULL,
    schedule TEXT NOT NULL, retention_days INTEGER NOT NULL, metadata TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, revision INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX backup_policies_revision ON backup_policies (revision);
  CREATE INDEX backup_policies_app ON backup_policies (app_id);

  CREATE TABLE secrets (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, scope TEXT NOT NULL, scope_id TEXT NOT NULL DEFAULT '', description TEXT,
    sealed BLOB NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, revision INTEGER NOT NULL,
    UNIQUE (name, scope, scope_id)
  ) STRICT;
  CREATE INDEX secrets_revision ON secrets (revision);

  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, status TEXT NOT NULL,
    node_id TEXT, app_id TEXT, placed TEXT NOT NULL, app TEXT NOT NULL, payload TEXT NOT NULL, result TEXT, error TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, revision INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX jobs_revision ON jobs (revision);
  CREATE INDEX jobs_app ON jobs (app_id, seq);
  CREATE INDEX jobs_placed ON jobs (placed, seq);
  CREATE INDEX jobs_name ON jobs (app, seq);
  CREATE INDEX jobs_node ON jobs (node_id, status, seq);
  CREATE TABLE job_logs (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, number INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (job_id, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tokens (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, node TEXT, hash BLOB NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, revision INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, actor TEXT NOT NULL, action TEXT NOT NULL,
    resource TEXT NOT NULL, resource_id TEXT, details TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE apps ADD COLUMN observed TEXT;
  ALTER TABLE apps ADD COLUMN good_version INTEGER;
  ALTER TABLE apps ADD COLUMN good_node TEXT;
  ALTER TABLE nodes ADD COLUMN problem TEXT;
  `,
  `
  ALTER TABLE secrets ADD COLUMN value_changed_at TEXT;
  UPDATE secrets SET value_changed_at = updated_at;
  `,
  `
  ALTER TABLE routes ADD COLUMN problem TEXT;
  ALTER TABLE sign_in_providers ADD COLUMN forward_auth TEXT;
  `,
  `
  ALTER TABLE secrets ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE secrets ADD COLUMN value_tag TEXT;
  `,
  `
  ALTER TABLE apps ADD COLUMN backup TEXT;
  ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT 'deploy';
  ALTER TABLE backup_policies ADD COLUMN time_zone TEXT;
  ALTER TABLE backup_policies ADD COLUMN stop INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE backup_policies ADD COLUMN pre_hooks TEXT NOT NULL DEFAULT '[]';
  `,
  `
  ALTER TABLE nodes ADD COLUMN drained INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE apps ADD COLUMN node_labels TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE apps ADD COLUMN assigned_node TEXT;
  UPDATE apps SET assigned_node = coalesce(good_node, node_id);
  ALTER TABLE app_versions ADD COLUMN node_labels TEXT NOT NULL DEFAULT '{}';
  `,
  `
  ALTER TABLE jobs ADD COLUMN worker INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE apps ADD COLUMN volumes TEXT NOT NULL DEFAULT '[]';
  `,
  `
  ALTER TABLE apps ADD COLUMN revert_due INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE nodes ADD COLUMN usage TEXT;
  `,
];

/** Migrates the tables in one transaction. Throws CORE_DATA_NEWER if a later version wrote the file. `to`: version, for tests. */
export function migrate(database: Database, to = MIGRATIONS.length): void {
  database.transaction(() => {
    const current = database.query<{ user_version: number }>("PRAGMA user_version").get()?.user_version ?? 0;
    if (current > MIGRATIONS.length) {
      throw new OverseerError("the data was written by a later version of Overseer Core: start that version", {
        code: "CORE_DATA_NEWER",
        reason: "DataNewer",
        class: "terminal",
      });
    }
    for (const migration of MIGRATIONS.slice(current, to)) database.execute(migration);
    database.execute(`PRAGMA user_version = ${to}`);
    database
      .query("INSERT OR IGNORE INTO state (id, database_id, revision, changed, oldest) VALUES (1, ?, 0, 0, 0)")
      .run(randomBytes(6).toString("hex"));
  });
}
