import type { CoreRoute, CoreRouteWrite } from "../../api/core/route.js";
import { canonicalJson } from "../../base/hash.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";

interface RouteRow extends BaseRow {
  readonly hostname: string;
  readonly path: string;
  readonly target: string;
  readonly app_id: string | null;
  readonly tls: number;
  readonly middleware: string;
  readonly metadata: string;
}

/** Routes. */
export class Routes {
  readonly #context: StoreContext;
  readonly #all;
  readonly #since;
  readonly #byId;
  readonly #byPlace;
  readonly #ofApp;
  readonly #behind;
  readonly #insert;
  readonly #update;
  readonly #delete;

  constructor(context: StoreContext) {
    const { database } = context;
    this.#context = context;
    this.#all = database.query<RouteRow>("SELECT * FROM routes ORDER BY hostname, path");
    this.#since = database.query<RouteRow>("SELECT * FROM routes WHERE revision > ? ORDER BY hostname, path");
    this.#byId = database.query<RouteRow>("SELECT * FROM routes WHERE id = ?");
    this.#byPlace = database.query<RouteRow>("SELECT * FROM routes WHERE hostname = ? AND path = ?");
    this.#ofApp = database.query<RouteRow>("SELECT * FROM routes WHERE app_id = ? ORDER BY hostname, path");
    this.#behind = database.query<RouteRow>("SELECT * FROM routes WHERE auth = ? ORDER BY hostname, path");
    this.#insert = database.query(
      `INSERT INTO routes (id, hostname, path, target, app_id, tls, auth, middleware, metadata, created_at, updated_at, revision)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.query(
      `UPDATE routes SET hostname = ?, path = ?, target = ?, app_id = ?, tls = ?, auth = ?, middleware = ?, metadata = ?,
       updated_at = ?, revision = ? WHERE id = ?`,
    );
    this.#delete = database.query("DELETE FROM routes WHERE id = ?");
  }

  /** All of them by host name and path, or those that changed after a revision. */
  list(since?: number): CoreRoute[] {
    return (since === undefined ? this.#all.all() : this.#since.all(since)).map(viewOf);
  }

  find(id: string): CoreRoute | undefined {
    const row = this.#byId.get(id);
    return row && viewOf(row);
  }

  /** The route that has this host name and path. */
  at(hostname: string, path: string): CoreRoute | undefined {
    const row = this.#byPlace.get(hostname, path);
    return row && viewOf(row);
  }

  /** Routes that name an app. */
  ofApp(appId: string): CoreRoute[] {
    return this.#ofApp.all(appId).map(viewOf);
  }

  /** Routes whose visitors a sign-in provider signs in. */
  behind(provider: string): CoreRoute[] {
    return this.#behind.all(provider).map(viewOf);
  }

  create(input: CoreRouteWrite): CoreRoute {
    const [id, now] = [newId(), timestamp(this.#context.clock)];
    this.#insert.run(id, ...columns(input), now, now, this.#context.revisions.next("route"));
    return this.#mustFind(id);
  }

  /** Replaces a route; nothing is written if nothing changes. */
  update(route: CoreRoute, input: CoreRouteWrite): CoreRoute {
    const { id, revision: _, createdAt: __, updatedAt: ___, ...present } = route;
    if (canonicalJson({ ...input, appId: input.appId ?? null }) !== canonicalJson(present)) {
      const now = timestamp(this.#context.clock);
      this.#update.run(...columns(input), now, this.#context.revisions.next("route"), id);
    }
    return this.#mustFind(id);
  }

  delete(id: string): void {
    this.#delete.run(id);
    this.#context.revisions.bury("route", id);
  }

  #mustFind(id: string): CoreRoute {
    const route = this.find(id);
    if (route === undefined) throw new Error(`the route ${id} is gone within its own transaction`);
    return route;
  }
}

function columns(input: CoreRouteWrite): (string | number | null)[] {
  const { hostname, path, target, appId = null, tls, middleware, metadata } = input;
  const auth = middleware.auth ?? null;
  return [hostname, path, target, appId, tls ? 1 : 0, auth, JSON.stringify(middleware), JSON.stringify(metadata)];
}

function viewOf(row: RouteRow): CoreRoute {
  const { hostname, path, target, app_id: appId } = row;
  const [middleware, metadata] = [JSON.parse(row.middleware), JSON.parse(row.metadata)];
  return { ...base(row), hostname, path, target, appId, tls: row.tls === 1, middleware, metadata };
}
