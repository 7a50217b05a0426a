import type { AuditPage } from "../../../api/rest/audit.js";
import { matchesAudit } from "../../../audit/audit-query.js";
import { type AuditRecord, parseRecord } from "../../../audit/record.js";
import { onlyLogin } from "../../connection/with-connection.js";
import { EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import { formatTable } from "../../output/table.js";
import { print, say } from "../../terminal.js";
import { type AuditFlags, nameOf } from "./audit-flags.js";
import { fetchAudit } from "./fetch-audit.js";
import { readLines, recordIn } from "./read-lines.js";

/** Runs `overseer audit list`. Fails if records of a source are missing: the list looks complete otherwise. */
export async function listAudit(files: readonly string[], flags: AuditFlags): Promise<ExitCode> {
  const { limit = Number.POSITIVE_INFINITY } = flags;
  const server = flags.server ?? (files.length === 0 ? await onlyLogin({}) : undefined);
  if (!(limit >= 1)) throw new UsageError("--limit must be a number from 1");
  if (files.length === 0 && server === undefined)
    throw new UsageError("name files of records, or set --server to the address of the REST API");
  let isComplete = true;
  const onGap = (source: AuditPage["sources"][number]): void => {
    if (source.unavailable !== undefined) isComplete = false;
    sayGap(source);
  };
  // OVERSEER_SERVER may be set for other commands.
  const found =
    files.length > 0 || server === undefined ? await readAudit(files, flags) : fetchAudit(server, flags, onGap);
  let header = true;
  let count = 0;
  for await (const batch of found) {
    const records = batch.slice(0, limit - count);
    count += records.length;
    if (flags.output === "json") print(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    else if (records.length > 0) print(formatAudit(records, header));
    if (records.length > 0) header = false;
    if (count >= limit) break;
  }
  if (count === 0) say("no record matches");
  return isComplete ? EXIT.done : EXIT.failed;
}

/** Formats records as a table. */
export function formatAudit(records: readonly AuditRecord[], withHeader = true): string {
  const rows = records.map(({ time, actor, verb, object, outcome, details = {} }) => [
    time.replace(/\.\d+Z$/, "Z"),
    actor,
    verb,
    `${object.kind} ${object.namespace === undefined ? "" : `${object.namespace}/`}${object.name}`,
    outcome,
    [details.change, details.revision, details.summary, details.reason].filter((part) => part !== undefined).join(" "),
  ]);
  return formatTable(["Time", "User", "Verb", "Object", "Outcome", "Details"], rows, { withoutHeader: !withHeader });
}

/** Reads records from files, newest first. */
async function readAudit(files: readonly string[], flags: AuditFlags): Promise<readonly (readonly AuditRecord[])[]> {
  const { user, verb, since, app } = flags;
  const [namespace, name] = app === undefined ? [] : nameOf(app);
  const filter = { user, verb, namespace, name, since: since === undefined ? undefined : Date.now() - since };
  const records: AuditRecord[] = [];
  let damaged = 0;
  for await (const line of readLines(files)) {
    const text = recordIn(line);
    const record = text === undefined ? undefined : parseRecord(text);
    if (record !== undefined) {
      if (matchesAudit(filter, record)) records.push(record);
    } else if (text !== undefined) damaged++;
  }
  if (damaged > 0)
    say(`${damaged} records were changed since they were written, and are omitted: see overseer audit verify`);
  return [records.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : b.number - a.number))];
}

function sayGap({ name, unavailable, stored, begins, damaged }: AuditPage["sources"][number]): void {
  const who = name === "operator" ? "the operator" : "the REST API";
  if (unavailable !== undefined) say(`records of ${who} are missing: ${unavailable}`);
  if (stored === "memory") say(`${who} keeps no audit files: its records before ${begins} are in its log only`);
  if (damaged !== undefined) say(`${damaged} records of ${who} were changed since they were written, and are omitted`);
}
