import { AuditPage, AuditPart, AuditQuery } from "../../../api/rest/audit.js";
import { ProblemError } from "../../../http/problem.js";
import { auditPart } from "../../internal/audit.js";
import { type AskedPart, mergeAudit, readCursors } from "../audit-page.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";

const DEFAULT_LIMIT = 100;

/** Route of the audit trail. */
export function auditRoutes({ rights, leader, trail }: Pick<RestParts, "rights" | "leader" | "trail">): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/audit",
      summary:
        "Returns audited actions, newest first, to users who may list auditrecords.gitops.overseer.io in all namespaces.",
      access: "user",
      query: AuditQuery,
      responses: { 200: AuditPage },
      handle: async ({ caller, query }) => {
        if (!(await rights.mayReadAudit(caller)))
          throw new ProblemError(
            "FORBIDDEN",
            "the audit trail needs the permission to list auditrecords.gitops.overseer.io in all namespaces: bind the ClusterRole overseer-gitops-audit",
          );
        const cursors = readCursors(query.before);
        const asked = await Promise.all([
          askLeader(leader, query, cursors.operator),
          cursors.api === "end" ? NOTHING : { name: "api", ...(await ownPart(trail, query, cursors.api)) },
        ]);
        return { status: 200, body: mergeAudit(asked as AskedPart[], query.limit ?? DEFAULT_LIMIT) };
      },
    }),
  ];
}

/** A process that has no older records. */
const EMPTY = { hits: [], stored: "files", damaged: 0 } as const;
const NOTHING = { name: "api", part: EMPTY, before: undefined };

async function ownPart(trail: RestParts["trail"], query: AuditQuery, before: string | undefined) {
  return { part: await auditPart(trail, query, before), before };
}

/** Asks the leader for its records. That it cannot be asked is part of the answer. */
async function askLeader(leader: RestParts["leader"], query: AuditQuery, before: string | undefined | "end") {
  const name = "operator";
  if (before === "end") return { name, part: EMPTY, before: undefined };
  const asked = Object.entries({ ...query, before }).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as [string, string]],
  );
  try {
    const path = `/internal/v1/audit?${new URLSearchParams(asked)}`;
    return { name, part: await leader.ask({ path, schema: AuditPart }), before };
  } catch (error) {
    if (error instanceof ProblemError) return { name, unavailable: error.message, before };
    throw error;
  }
}
