import type { AppRow } from "../../../api/rest/apps.js";
import { SyncStatus, SyncStatusQuery } from "../../../api/rest/sync-status.js";
import { APP_COLUMNS, APP_KEYS } from "../lists/app-row.js";
import { rowsOf } from "../lists/listed.js";
import { parseQuery } from "../lists/query.js";
import { parseSort, select } from "../lists/window.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";

const MAX_ITEMS = 100;

/** Route of the sync status. */
export function syncStatusRoutes({ apps, changes, rights }: RestParts): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/sync-status",
      summary: "Counts the apps that the user may read by state, and lists those that need attention.",
      access: "user",
      query: SyncStatusQuery,
      responses: { 200: SyncStatus },
      handle: async ({ caller, query: { q = "" } }) => {
        const terms = parseQuery(q, APP_KEYS);
        const sort = parseSort(undefined, APP_COLUMNS, "state");
        const readable = await rights.readable(caller, "overseerapps");
        const rows = select(rowsOf(apps), { terms, sort, readable, facets: [] }).rows.map(({ row }) => row);
        const readableChanges = await rights.readable(caller, "changes");
        let waitingChanges = 0;
        for (const { namespace, name, row } of rowsOf(changes))
          if (row.phase === "Waiting" && readableChanges.includes(namespace, name)) waitingChanges++;
        const items = rows.filter(({ sync, health }) => sync !== "Synced" || health !== "Healthy").slice(0, MAX_ITEMS);
        const body: SyncStatus = {
          total: rows.length,
          sync: countBy(rows, "sync"),
          health: countBy(rows, "health"),
          waitingChanges,
          items,
        };
        return { status: 200, body };
      },
    }),
  ];
}

function countBy(rows: readonly AppRow[], field: "sync" | "health"): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[row[field]] = (counts[row[field]] ?? 0) + 1;
  return counts;
}
