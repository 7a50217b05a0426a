import { AuditPage } from "../../../api/rest/audit.js";
import type { AuditRecord } from "../../../audit/record.js";
import { connectServer } from "../../server/connect-server.js";
import { type AuditFlags, nameOf } from "./audit-flags.js";

const LIMIT = 500;
const TIMEOUT_MS = 30_000;

/**
 * Yields the records of the REST API, newest first, page by page, with the token of the flag or of the last sign-in. `onGap` is called
 * for each source of a page, unless an earlier page said the same. Ends at a page that continues at itself. Throws UsageError for a URL that is not safe, and what `ServerHttp.request` throws.
 */
export async function* fetchAudit(
  server: string,
  { token, requestTimeout = TIMEOUT_MS, since, user, app, verb, limit = Number.POSITIVE_INFINITY }: AuditFlags,
  onGap: (source: AuditPage["sources"][number]) => void,
): AsyncGenerator<readonly AuditRecord[]> {
  const [namespace, name] = app === undefined ? [] : nameOf(app);
  const from = since === undefined ? undefined : new Date(Date.now() - since).toISOString();
  const filter = { user, verb, namespace, name, since: from, limit: String(Math.min(LIMIT, limit)) };
  const own = token === undefined ? {} : { token };
  const connection = await connectServer(server, { ...own, requestTimeout });
  const said = new Set<string>();
  let before: string | undefined;
  let next: string | undefined;
  try {
    do {
      before = next;
      const page = AuditPage.parse(await connection.auditPage({ ...filter, before }));
      for (const source of page.sources) {
        const text = JSON.stringify(source);
        if (!said.has(text)) onGap(source);
        said.add(text);
      }
      yield page.items as readonly AuditRecord[];
      next = page.next;
      // A source that cannot be asked stays where it is.
    } while (next !== undefined && next !== before);
  } finally {
    await connection.close();
  }
}
