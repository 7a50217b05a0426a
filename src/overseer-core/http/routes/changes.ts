import { z } from "zod";
import { CoreChanges, MAX_WAIT_SECONDS } from "../../../api/core/changes.js";
import { matchesIfNoneMatch } from "../../../http/etag.js";
import type { Store } from "../../store/store.js";
import { untilFound } from "../auth.js";
import { type Route, route } from "../route.js";

/** Route by which clients follow the changes of a Core. */
export function changeRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/changes",
      summary:
        "Returns the changes since a cursor, or everything. With If-None-Match and Prefer: wait=N, waits for a change.",
      access: ["admin", "reader"],
      query: z.strictObject({ since: z.string().max(128).optional().describe("Cursor of the previous response.") }),
      responses: { 200: CoreChanges, 304: "empty" },
      waits: MAX_WAIT_SECONDS,
      handle: async (request) => {
        const { query, ifNoneMatch } = request;
        const hasChanges = (): true | undefined =>
          matchesIfNoneMatch(ifNoneMatch, cursorTag(store)) ? undefined : true;
        if (!(await untilFound(store, request, hasChanges))) return { status: 304, etag: cursorTag(store) };
        const body = store.database.transaction(() => store.changes(query.since));
        return { status: 200, etag: `"${body.cursor}"`, body };
      },
    }),
  ];
}

function cursorTag(store: Store): string {
  return `"${store.revisions.cursor()}"`;
}
