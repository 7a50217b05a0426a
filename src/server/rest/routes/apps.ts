import type { z } from "zod";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { AppDetail, AppList, AppListQuery, type AppRow } from "../../../api/rest/apps.js";
import { ObjectParams } from "../../../api/rest/fields.js";
import type { Identity } from "../identity/identity.js";
import { APP_COLUMNS, APP_FACETS, APP_KEYS, appRow } from "../lists/app-row.js";
import { type ListKind, windowOf } from "../lists/list.js";
import { readObject } from "../read-object.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";

/** Routes that read apps. */
export function appRoutes(parts: RestParts): RestRoute[] {
  const kind: ListKind<AppRow> = {
    plural: "overseerapps",
    source: parts.apps,
    keys: APP_KEYS,
    facets: APP_FACETS,
    columns: APP_COLUMNS,
    sort: "state",
  };
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/apps",
      summary: "Lists the apps that the user may read, filtered, sorted and counted.",
      access: "user",
      query: AppListQuery,
      responses: { 200: AppList },
      handle: async ({ caller, query }) => {
        const window = await windowOf(parts, kind, caller, query);
        const items = window.items as AppRow[];
        if (query.can !== "true") return { status: 200, body: { ...window, items } };
        const namespaces = [...new Set(items.map(({ namespace }) => namespace))];
        const can = await Promise.all(
          namespaces.map(async (name) => [name, await parts.rights.can(caller, name)] as const),
        );
        return { status: 200, body: { ...window, items, can: Object.fromEntries(can) } };
      },
    }),
    restRoute({
      method: "GET",
      path: "/api/gitops/apps/:namespace/:name",
      summary: "Returns one app.",
      access: "user",
      params: ObjectParams,
      responses: { 200: AppDetail },
      handle: async ({ caller, params: { namespace, name } }) => {
        const app = await readApp(parts, caller, namespace, name);
        const can = await parts.rights.can(caller, namespace, name);
        const body = { ...app, row: appRow(app), can } as unknown as z.output<typeof AppDetail>;
        return { status: 200, body };
      },
    }),
  ];
}

/** Reads an app in the name of a user. Throws NOT_FOUND. */
export function readApp(
  { users, resources }: Pick<RestParts, "users" | "resources">,
  user: Identity,
  namespace: string,
  name: string,
): Promise<OverseerApp> {
  return readObject(users.as(user), resources.app, namespace, name);
}
