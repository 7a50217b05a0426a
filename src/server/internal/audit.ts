import type { AuditPart, AuditQuery } from "../../api/rest/audit.js";
import type { AuditSearcher } from "../../audit/audit-query.js";

/** Records of a page without a limit. */
const DEFAULT_LIMIT = 100;

/** Looks for records in the trail of this process. */
export async function auditPart(
  trail: AuditSearcher,
  { limit = DEFAULT_LIMIT, since, until, user, verb, outcome, namespace, name }: AuditQuery,
  before: string | undefined,
): Promise<AuditPart> {
  const times = { since: since && Date.parse(since), until: until && Date.parse(until) };
  const filter = {
    user,
    verb,
    outcome,
    namespace,
    name,
    since: times.since || undefined,
    until: times.until || undefined,
  };
  const { hits, next, reached, damaged } = await trail.search({ filter, limit, before });
  return {
    hits: hits.map(({ record, cursor }) => ({ record: record as AuditPart["hits"][number]["record"], cursor })),
    ...{ stored: trail.stored, damaged },
    ...(next === undefined ? {} : { next }),
    ...(reached === undefined ? {} : { reached }),
    ...(trail.begins === undefined ? {} : { begins: trail.begins }),
  };
}
