import { request } from "undici";
import { AuditPage } from "../../../api/rest/audit.js";
import type { AuditRecord } from "../../../audit/record.js";
import { messageOf } from "../../../base/errors.js";
import { CommandError, EXIT, UsageError } from "../../exit-codes.js";
import { type AuditFlags, nameOf } from "./audit-flags.js";

const LIMIT = 500;
const TIMEOUT_MS = 30_000;

/** Yields the records of the REST API, newest first, page by page. `onGap` is called once for each source. Throws CommandError. */
export async function* fetchAudit(
  server: string,
  { token, since, user, app, verb, limit = Number.POSITIVE_INFINITY }: AuditFlags,
  onGap: (source: AuditPage["sources"][number]) => void,
): AsyncGenerator<readonly AuditRecord[]> {
  if (!URL.canParse(server)) throw new UsageError("--server must be a URL such as https://gitops.example.com");
  if (token === undefined) throw new UsageError("--server needs a token: set OVERSEER_TOKEN or --token");
  const [namespace, name] = app === undefined ? [] : nameOf(app);
  const from = since === undefined ? undefined : new Date(Date.now() - since).toISOString();
  const filter = { user, verb, namespace, name, since: from, limit: String(Math.min(LIMIT, limit)) };
  let before: string | undefined;
  do {
    const query = Object.entries({ ...filter, before }).filter(
      (pair): pair is [string, string] => pair[1] !== undefined,
    );
    const page = await getPage(`${server.replace(/\/+$/, "")}/api/gitops/audit?${new URLSearchParams(query)}`, token);
    if (before === undefined) page.sources.forEach(onGap);
    yield page.items as readonly AuditRecord[];
    before = page.next;
  } while (before !== undefined);
}

async function getPage(url: string, token: string): Promise<AuditPage> {
  const place = new URL(url).origin;
  let status: number;
  let text: string;
  try {
    const response = await request(url, {
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
      ...{ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS },
    });
    status = response.statusCode;
    text = await response.body.text();
  } catch (error) {
    throw new CommandError(`cannot reach ${place}: ${messageOf(error)}`, EXIT.noConnection);
  }
  if (status === 200) return AuditPage.parse(JSON.parse(text));
  const code = status === 401 ? EXIT.noConnection : EXIT.notAllowed;
  throw new CommandError(`${place} answered ${status}: ${detailIn(text)}`, code);
}

function detailIn(text: string): string {
  try {
    return String((JSON.parse(text) as { readonly detail?: string }).detail ?? "");
  } catch {
    return "this is not the REST API of Overseer GitOps";
  }
}
