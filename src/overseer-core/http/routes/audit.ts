import { z } from "zod";
import { CoreAuditEvent } from "../../../api/core/audit.js";
import type { Store } from "../../store/store.js";
import { named, type Route, route } from "../route.js";

const Limit = z
  .string()
  .regex(/^[0-9]{1,4}$/, "expected a number from 1 to 1000")
  .transform(Number)
  .pipe(z.int().min(1).max(1000));

/** Route of the audit log. */
export function auditRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/audit",
      summary: "Lists audit events, newest first.",
      access: ["admin", "reader"],
      query: z.strictObject({ limit: Limit.default(100) }),
      responses: { 200: named("events", z.array(CoreAuditEvent)) },
      handle: ({ query }) => ({ status: 200, body: { events: store.audit.list(query.limit) } }),
    }),
  ];
}
