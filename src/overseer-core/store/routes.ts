import type { CoreRoute, CoreRouteWrite } from "../../api/core/route.js";
import { comparedPath, isPlainPath } from "../../api/core/url-path.js";
import { canonicalJson } from "../../base/hash.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";
import { Table } from "./table.js";

interface RouteRow extends BaseRow {
  readonly hostname: string;
  readonly path: string;
  readonly target: string;
  readonly app_id: string | null;
  readonly tls: number;
  readonly middleware: string;
  readonly metadata: string;
  readonly problem: string | null;
}

/** Table of routes. */
export class Routes extends Table<RouteRow, CoreRoute> {
  readonly #ofHost;
  readonly #ofApp;
  readonly #behind;
  readonly #insert;
  readonly #update;
  readonly #setProblem;

  constructor(context: StoreContext) {
    super(context, { name: "routes", kind: "route", order: "hostname, path", view: viewOf });
    const { database } = context;
    this.#ofHost = this.rowsWhere("hostname = ?");
    this.#ofApp = this.rowsWhere("app_id = ?");
    this.#behind = this.rowsWhere("auth = ?");
    this.#insert = database.query(
      `INSERT INTO routes (id, hostname, path, target, app_id, tls, auth, middleware, metadata, created_at, updated_at, revision)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.query(
      `UPDATE routes SET hostname = ?, path = ?, target = ?, app_id = ?, tls = ?, auth = ?, middleware = ?, metadata = ?,
       updated_at = ?, revision = ? WHERE id = ?`,
    );
    this.#setProblem = database.query("UPDATE routes SET problem = ?, updated_at = ?, revision = ? WHERE id = ?");
  }

  /** Returns the routes with this host name and a path that proxies do not distinguish from this one. */
  at(hostname: string, path: string): CoreRoute[] {
    const place = comparedPath(path);
    return this.#ofHost
      .all(hostname)
      .filter((row) => comparedPath(row.path) === place)
      .map(viewOf);
  }

  /** Returns the routes of an app. */
  ofApp(appId: string): CoreRoute[] {
    return this.#ofApp.all(appId).map(viewOf);
  }

  /** Returns the routes that use a sign-in provider. */
  behind(provider: string): CoreRoute[] {
    return this.#behind.all(provider).map(viewOf);
  }

  /** Rewrites stored paths such as `/api/` that earlier versions accepted, unless another route has the place. */
  normalizePaths(): void {
    for (const { id, createdAt: _, updatedAt: __, problem: ___, ...route } of this.list()) {
      const path = comparedPath(route.path);
      if (isPlainPath(route.path) || !isPlainPath(path) || this.at(route.hostname, path).length > 1) continue;
      this.#update.run(...columns({ ...route, path }), timestamp(this.context.clock), this.nextRevision(), id);
    }
  }

  create(input: CoreRouteWrite): CoreRoute {
    const [id, now] = [newId(), timestamp(this.context.clock)];
    this.#insert.run(id, ...columns(input), now, now, this.nextRevision());
    return this.mustFind(id);
  }

  /** Replaces a route. Does nothing if nothing changes. */
  update(route: CoreRoute, input: CoreRouteWrite): CoreRoute {
    const { id, revision: _, createdAt: __, updatedAt: ___, problem: ____, ...current } = route;
    if (canonicalJson({ ...input, appId: input.appId ?? null }) !== canonicalJson(current)) {
      const now = timestamp(this.context.clock);
      this.#update.run(...columns(input), now, this.nextRevision(), id);
    }
    return this.mustFind(id);
  }

  /** Sets why a proxy does not publish a route. Does nothing if it is unchanged or the route does not exist. */
  setProblem(id: string, problem: string | null): void {
    const row = this.row(id);
    if (row === undefined || row.problem === problem) return;
    this.#setProblem.run(problem, timestamp(this.context.clock), this.nextRevision(), id);
  }
}

function columns(input: CoreRouteWrite): (string | number | null)[] {
  const { hostname, path, target, appId = null, tls, middleware, metadata } = input;
  const auth = middleware.auth ?? null;
  return [hostname, path, target, appId, tls ? 1 : 0, auth, JSON.stringify(middleware), JSON.stringify(metadata)];
}

function viewOf(row: RouteRow): CoreRoute {
  const { hostname, path, target, app_id: appId, problem } = row;
  const [middleware, metadata] = [JSON.parse(row.middleware), JSON.parse(row.metadata)];
  return { ...base(row), hostname, path, target, appId, tls: row.tls === 1, middleware, metadata, problem };
}
