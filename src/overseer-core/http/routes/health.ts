import { z } from "zod";
import { Timestamp } from "../../../api/core/fields.js";
import { timestamp } from "../../store/context.js";
import type { Store } from "../../store/store.js";
import { type Route, route } from "../route.js";

/** Route of the health check. */
export function healthRoute(store: Store): Route {
  return route({
    method: "GET",
    path: "/health",
    summary: "Checks whether the Core is healthy.",
    access: "anonymous",
    responses: { 200: z.object({ status: z.literal("ok"), timestamp: Timestamp }).describe("The Core is healthy.") },
    handle: () => ({ status: 200, body: { status: "ok", timestamp: timestamp(store.clock) } }),
  });
}
