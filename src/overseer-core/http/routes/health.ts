import { z } from "zod";
import { Timestamp } from "../../../api/core/fields.js";
import { timestamp } from "../../store/context.js";
import type { Store } from "../../store/store.js";
import { type Route, route } from "../route.js";

/** Whether the Core answers. */
export function healthRoute(store: Store): Route {
  return route({
    method: "GET",
    path: "/health",
    summary: "Whether the Core answers.",
    roles: "everybody",
    answers: { 200: z.object({ status: z.literal("ok"), timestamp: Timestamp }).describe("It does.") },
    handle: () => ({ status: 200, body: { status: "ok", timestamp: timestamp(store.clock) } }),
  });
}
