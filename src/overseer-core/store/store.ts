import type { CoreChanges } from "../../api/core/changes.js";
import type { Clock } from "../../base/clock.js";
import type { Encryption } from "../encryption.js";
import { Apps } from "./apps.js";
import { Audit } from "./audit.js";
import { BackupPolicies } from "./backup-policies.js";
import { ChangeNotifier } from "./change-notifier.js";
import type { StoreContext } from "./context.js";
import type { Database } from "./database.js";
import { Jobs } from "./jobs.js";
import { Nodes } from "./nodes.js";
import { Placements } from "./placements.js";
import { Revisions } from "./revisions.js";
import { Routes } from "./routes.js";
import { Secrets } from "./secrets.js";
import { SignInProviders } from "./sign-in-providers.js";
import { Tokens } from "./tokens.js";

/** All stored data of a Core. The database must be migrated first; see `migrate`. */
export class Store {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: ChangeNotifier;
  readonly revisions: Revisions;
  readonly apps: Apps;
  readonly routes: Routes;
  readonly providers: SignInProviders;
  readonly policies: BackupPolicies;
  readonly secrets: Secrets;
  readonly nodes: Nodes;
  readonly placements: Placements;
  readonly jobs: Jobs;
  readonly tokens: Tokens;
  readonly audit: Audit;

  constructor(database: Database, encryption: Encryption, clock: Clock) {
    this.database = database;
    this.clock = clock;
    this.notifier = new ChangeNotifier(clock);
    this.revisions = new Revisions(database, this.notifier);
    const context: StoreContext = { database, revisions: this.revisions, clock };
    this.apps = new Apps(context);
    this.routes = new Routes(context);
    this.providers = new SignInProviders(context);
    this.policies = new BackupPolicies(context);
    this.secrets = new Secrets(context, encryption);
    this.nodes = new Nodes(context);
    this.placements = new Placements(database);
    this.jobs = new Jobs(context);
    this.tokens = new Tokens(context);
    this.audit = new Audit(context);
  }

  /** Returns a consistent snapshot of the changes since a cursor, or of everything. */
  changes(cursor: string | undefined): CoreChanges {
    const since = this.revisions.since(cursor);
    return {
      cursor: this.revisions.cursor(),
      full: since === undefined,
      apps: this.apps.list(since),
      routes: this.routes.list(since),
      backupPolicies: this.policies.list(since),
      nodes: this.nodes.list(since),
      jobs: this.jobs.changes(since),
      secrets: this.secrets.list(since),
      signInProviders: this.providers.list(since),
      deleted: since === undefined ? [] : this.revisions.tombstones(since),
    };
  }
}
